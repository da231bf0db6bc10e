"""The Lambda function: "is this picture a unicorn?" over API Gateway's proxy integration.

Importing this module is quick and needs no package from EFS: these are read, the model is loaded, and the packages are
imported in threads that the import starts and does not wait for. So a missing file system is an answer, not a crash.
"""

from __future__ import annotations

import early  # noqa: F401 - before the others, which are imported meanwhile

# isort: split
import itertools
import math
import os
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from typing import Any

import answers
import engines
from detector import SharedDetector
from problems import Problem
from request import wants_reasons
from request_log import RequestLog
from service import Service
from settings import from_environment

_OUR_FAULT = ("internal", "model-unavailable", "model-failed")
_REASON_LENGTH = 1000
_invocations = itertools.count()


def lambda_handler(event: object, context: Any) -> dict[str, Any]:
    """Lambda's entry. `context` is Lambda's, or None outside of it; see `respond` and `respond_to_batch`."""
    act = respond_to_batch if _is_batch(event) else respond
    return act(_service, event, context, cold=next(_invocations) == 0)


def _is_batch(event: object) -> bool:
    if not (isinstance(event, dict) and "batch" in event):
        return False
    import batch  # a picture's cold start does not wait for it

    return batch.is_batch(event)


@cache
def _service() -> Service:
    settings = from_environment(os.environ)
    return Service(settings, SharedDetector(partial(engines.load, settings)))


def initialize(service: Callable[[], Service], environment: Mapping[str, str]) -> None:
    """What Lambda's init phase does: the model begins to load.

    Instances that are provisioned get no request before their init phase has ended, so there it ends when the
    model is loaded. Errors are left to the requests, which answer them.
    """
    with suppress(Exception):
        loading = service().start()
        if environment.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "provisioned-concurrency":
            loading.result()


def respond(service: Callable[[], Service], event: object, context: Any, *, cold: bool) -> answers.Answer:
    """The answer in proxy shape, whatever happens; prints the request's log line."""
    log = _log(context, cold)
    try:
        answer = _guarded(service, event, context, log)
    except Problem as problem:
        answer = _failed(problem, _request_id(context), log, explain=wants_reasons(event))
    log.note(status=answer["statusCode"])
    print(log.line(), flush=True)
    return answer


def respond_to_batch(service: Callable[[], Service], event: object, context: Any, *, cold: bool) -> dict[str, Any]:
    """How much of a batch is done; prints its log line. It raises whatever makes Step Functions try it again."""
    log = _log(context, cold)
    try:
        return service().answer_batch(event, context, _remaining_seconds(context), log)
    except Exception as error:
        log.note(cause=type(error).__name__, traceback=traceback.format_exception(error))
        raise
    finally:
        print(log.line(), flush=True)


def _log(context: Any, cold: bool) -> RequestLog:
    function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")
    return RequestLog(request_id=_request_id(context), function=function, cold=cold)


def _request_id(context: Any) -> str:
    return getattr(context, "aws_request_id", "")


def _guarded(service: Callable[[], Service], event: object, context: Any, log: RequestLog) -> answers.Answer:
    try:
        return service().answer(event, _remaining_seconds(context), log)
    except Problem:
        raise
    except Exception as error:
        raise Problem("internal") from error


def _failed(problem: Problem, request_id: str, log: RequestLog, *, explain: bool) -> answers.Answer:
    """The answer to a problem. The cause's text is told only for faults of ours: others may hold a URL."""
    log.note(code=problem.code, reason=problem.reason, upstream_status=problem.upstream_status)
    if problem.__cause__ is not None:
        log.note(cause=type(problem.__cause__).__name__)
        if problem.code in _OUR_FAULT:
            log.note(traceback=traceback.format_exception(problem.__cause__))
    return answers.problem(problem, request_id, _reason(problem) if explain else "")


def _reason(problem: Problem) -> str:
    """What went wrong, in full; nothing for what is not our fault."""
    known = (problem.reason, problem.__cause__) if problem.code in _OUR_FAULT else ()
    return ": ".join(str(text) for text in known if text)[:_REASON_LENGTH]


def _remaining_seconds(context: Any) -> float:
    return context.get_remaining_time_in_millis() / 1000 if context else math.inf


initialize(_service, os.environ)
