"""The proof: the question to a deployed API, and the answer that it must give before a deploy succeeds."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .questions import Check, Question, question

if TYPE_CHECKING:
    from .web import Reply

Values = Mapping[str, str]
Called = Callable[[Values, Values], str]
"""The name or ARN of the function to invoke, from the parameters' values and the outputs."""

_AUTHS = ("NONE", "API_KEY", "AWS_IAM")
_ROUTE = re.compile(r"(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) (/\S*)")


class Verdict(Protocol):
    """The result of a check. `error` is empty if the answer is right."""

    @property
    def error(self) -> str:
        """Why the answer is wrong."""

    def describe(self) -> str:
        """The answer in words."""

    def record(self) -> dict[str, Any]:
        """The answer for a program."""


@dataclass(frozen=True)
class Proof:
    """What the deployed API is asked, and what it has to answer, before a deploy calls itself done."""

    body: bytes
    """What is posted."""
    headers: Values
    """The headers that go with it."""
    read: "Callable[[Reply], Verdict]"
    """What an answer says."""
    event: Mapping[str, Any]
    """The event with which the function is invoked until it answers, without API Gateway's limit of 29 seconds."""
    function: Called
    """The function with its alias, from the parameters' values and the outputs."""
    method: str = "POST"
    """The route's method."""
    path: str = ""
    """The route's path below the stage, without a slash at its beginning."""
    auth: Callable[[Values], str] = lambda values: "NONE"
    """Who may call: NONE (anyone), API_KEY or AWS_IAM."""
    api: str = "ApiId"
    """The output with the API's id. If several stacks have this output, write ID.OUTPUT with the stack's id."""
    url: str = "Url"
    """The output with the stage's URL. Write it as you write `api`."""
    command: Callable[[Values, str], str] = lambda outputs, url: ""
    """Returns the shell command that asks the same, from the outputs and the URL. The deployer adds the key."""
    warnings: "Callable[[Reply], Iterator[str]]" = lambda reply: iter(())
    """Returns warnings about the first answer of the function itself."""
    about: str = "ask the API"
    """The words of the plan for this check."""
    typed: Mapping[str, Any] | None = None
    """A short event for people who invoke the function by hand. None: `event`."""
    routes: tuple[str, ...] = ()
    """All routes of the API, such as "GET /digits/{id}". Empty if they are not known."""

    @classmethod
    def of(
        cls,
        route: str,
        asked: Any,
        check: Check,
        *,
        function: "str | Called",
        path: str = "",
        auth: "str | Callable[[Values], str]" = "NONE",
        api: str = "ApiId",
        url: str = "Url",
    ) -> "Proof":
        """A proof with JSON: `asked` is sent to a route such as "POST /" (None: nothing is sent), and `check` gets the
        answer, read from JSON.

        `function` is the output or the parameter with the function's name or ARN, or a Python function that returns it
        from the parameters' values and the outputs. `path` has the values of a route with `{parameters}`. `auth` is
        NONE, API_KEY or AWS_IAM, or a function of the parameters' values. Raises TypeError and ValueError for a
        question that cannot be asked, and a check that cannot be called.
        """
        match = _ROUTE.fullmatch(route) if isinstance(route, str) else None
        if match is None:
            raise ValueError(f"Proof.of: the route is {route!r}; write method and path, such as 'POST /'")
        if not callable(auth) and auth not in _AUTHS:
            raise ValueError(f"Proof.of: auth is {auth!r}; use one of {', '.join(_AUTHS)}, or a function")
        return cls.asking(
            question(match[1], match[2], asked, check, path),
            function=function if callable(function) else lambda values, outputs: {**values, **outputs}[function],
            auth=auth if callable(auth) else lambda values: auth,
            api=api,
            url=url,
        )

    @classmethod
    def asking(
        cls,
        question: Question,
        *,
        function: "Called",
        auth: "Callable[[Values], str]",
        api: str = "ApiId",
        url: str = "Url",
    ) -> "Proof":
        """A proof by a question."""
        return cls(
            body=question.body,
            headers=question.headers,
            read=question.read,
            event=question.event,
            function=function,
            method=question.method,
            path=question.path.lstrip("/"),
            auth=auth,
            # The values decide over the key; the outputs do not tell them.
            command=lambda outputs, url: question.command(url, _unset(auth)),
            about=f"ask {question}",
            api=api,
            url=url,
        )


def _unset(auth: Callable[[Values], str]) -> str:
    """How callers prove who they are while nothing is set; AWS_IAM, of which no line tells, where that decides."""
    try:
        return auth({})
    except KeyError:
        return "AWS_IAM"
