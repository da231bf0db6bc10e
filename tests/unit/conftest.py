"""What CloudFormation makes of a template, by a small evaluator, and boto clients that answer as prepared."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.unit.stubs import Stub, client_of
from wildrydes_ml.testing import Evaluation
from wildrydes_ml.workshop import templates

_body = cache(lambda name: templates.TEMPLATES[name]().to_dict())


@pytest.fixture
def stack() -> Callable[..., dict[str, Any]]:
    """File name and parameters -> the template that is left when parameters and conditions are known."""
    return lambda name, **parameters: Evaluation(_body(name), parameters).left()


@pytest.fixture
def evaluate() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The same for any template's body, with its defaults."""
    return lambda body: Evaluation(body, {}).left()


@pytest.fixture
def stub() -> Iterator[Stub]:
    """Service name -> a client that answers as prepared; every prepared answer must have been asked for."""
    with ExitStack() as open_stubs:

        def make(service: str) -> tuple[Any, Stubber]:
            client = client_of(service)
            stubber = open_stubs.enter_context(Stubber(client))
            open_stubs.callback(stubber.assert_no_pending_responses)
            return client, stubber

        yield make
