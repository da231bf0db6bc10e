"""How an application is proven to answer: a question in JSON on one of its routes, and what the answer must be."""

import inspect
import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .aws.wiring import STAGE

if TYPE_CHECKING:
    from .web import Reply

Check = Callable[[Any], bool]

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
# Characters that are shown of a question, and of an answer, which stands behind it.
_ASKED, _LONGEST = 60, 300


@dataclass(frozen=True)
class Question:
    """A question to a route, and the check of the answer."""

    on: str
    """The method of the route; ANY is asked by POST, or by GET when nothing is sent."""
    resource: str
    """The path of the route, with its `{names}`."""
    asked: Any
    """What is sent as JSON; None for nothing."""
    check: Check
    """Returns whether the answer, decoded from JSON, is right."""
    path: str
    """The route's path, with values in place of `{name}`."""

    @property
    def method(self) -> str:
        """The route's method; for ANY it is POST, or GET when nothing is sent."""
        if self.on != "ANY":
            return self.on
        return "GET" if self.asked is None else "POST"

    @property
    def body(self) -> bytes:
        """The bytes that are sent."""
        return b"" if self.asked is None else json.dumps(self.asked, ensure_ascii=False).encode()

    @property
    def headers(self) -> dict[str, str]:
        """The headers that are sent with them."""
        return dict(_JSON) if self.body else {"Accept": _JSON["Accept"]}

    @property
    def event(self) -> dict[str, Any]:
        """The event that API Gateway would send to the function
        (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html)."""
        context = {"stage": STAGE, "httpMethod": self.method, "resourcePath": self.resource, "identity": {}}
        return {
            "resource": self.resource,
            "path": self.path,
            "httpMethod": self.method,
            "headers": self.headers,
            "multiValueHeaders": {name: [value] for name, value in self.headers.items()},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": None,
            "pathParameters": _path_parameters(self.resource, self.path),
            "stageVariables": None,
            "requestContext": {**context, "path": f"/{STAGE}{self.path}"},
            "body": self.body.decode() or None,
            "isBase64Encoded": False,
        }

    def __str__(self) -> str:
        return " ".join([self.method, self.path, *([_short(self.body, _ASKED)] if self.body else [])])

    def read(self, reply: "Reply") -> "Said":
        """The result of a reply: whether it is right, or why not."""
        text = _short(reply.body)
        if not reply.is_success:
            return Said(str(self), text, f"{_refusal(reply)} (asked: {self})")
        try:
            answer = json.loads(reply.body)
        except ValueError:
            return Said(str(self), text, f"{reply.status}, but the answer is not JSON: {text} (asked: {self})")
        return Said(str(self), text, self._fault(answer, text))

    def command(self, url: str, auth: str) -> str:
        """A shell command that asks the same, without a key; empty when a signature is needed."""
        if auth == "AWS_IAM":
            return ""
        sent = ["-H", "Content-Type: application/json", "-d", self.body.decode()] if self.body else []
        return shlex.join(["curl", "-X", self.method, *sent, url.rstrip("/") + self.path])

    def _fault(self, answer: Any, text: str) -> str:
        try:
            if self.check(answer):
                return ""
            why = "is not what the proof expects"
        except Exception as error:
            why = f"cannot be checked ({type(error).__name__}: {error})"
        return f"the answer {text} {why} (asked: {self})"


@dataclass(frozen=True)
class Said:
    """The result of a question. `error` is empty when the answer is right."""

    asked: str
    answer: str
    error: str = ""

    def describe(self) -> str:
        """The answer in words."""
        return f"{self.asked}: {self.error or self.answer}"

    def record(self) -> dict[str, Any]:
        """The answer for a program."""
        return {"asked": self.asked, "answer": self.answer, **({"error": self.error} if self.error else {})}


def question(method: str, resource: str, asked: Any, check: Check, path: str = "") -> Question:
    """A question on the route with this method and path; `path` has values in place of `{names}`.

    Raises TypeError and ValueError for what cannot be asked or checked on the route.
    """
    if not callable(check):
        raise TypeError(f"proof: the check is {check!r}; pass a function, such as lambda reply: reply['ok']")
    if not _takes_one(check):
        raise TypeError("proof: the check must accept one argument, the answer; write it as lambda reply: reply['ok']")
    try:
        json.dumps(asked, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(f"proof: {asked!r} cannot be sent as JSON ({error})") from None
    if method == "HEAD":
        raise ValueError(f"proof: {method} has no answer to check; use another route than HEAD {resource}")
    if asked is not None and method == "GET":
        raise ValueError(f"proof: {method} {resource} cannot send a body; pass None as the question")
    if "{" in resource and not path:
        raise ValueError(f"proof: {resource} has parameters; add path= with values, such as path='/digits/7'")
    if path and not path.startswith("/"):
        raise ValueError(f"proof: path is {path!r}; begin with a slash")
    if path and not is_on(resource, path):
        raise ValueError(f"proof: path is {path!r}, which is not on {resource}; pass the route's path with values")
    return Question(method, resource, asked, check, path or resource)


def is_on(resource: str, path: str) -> bool:
    """Whether a path, perhaps with a query, is one of a resource such as /digits/{id} or /{rest+}."""
    parts = [_pattern(one) for one in resource.strip("/").split("/")]
    return re.fullmatch("/".join(parts), path.partition("?")[0].strip("/")) is not None


def _pattern(name: str) -> str:
    """A part of a resource's path as a regular expression."""
    if not name.startswith("{"):
        return re.escape(name)
    return ".+" if name.endswith("+}") else "[^/]+"


def _takes_one(check: Check) -> bool:
    try:
        inspect.signature(check).bind(None)
    except TypeError:
        return False
    except ValueError:  # a builtin that tells nothing of its arguments
        return True
    return True


def _refusal(reply: "Reply") -> str:
    """The status, with the problem's code if there is one, and the answer."""
    if reply.status == 0:
        return f"no answer: {reply.fault}"
    try:
        found = json.loads(reply.body)
        return f"{reply.status} {found['code']}: {found.get('detail', '')}"
    except (ValueError, LookupError, TypeError, AttributeError):
        return f"{reply.status}: {_short(reply.body) or 'empty answer'}"


def _short(body: bytes, longest: int = _LONGEST) -> str:
    text = body.decode(errors="replace")
    return text if len(text) <= longest else f"{text[:longest]}…"


def _path_parameters(pattern: str, path: str) -> Mapping[str, str] | None:
    names, values = pattern.strip("/").split("/"), path.strip("/").split("/")
    found = {name.strip("{}+"): value for name, value in zip(names, values, strict=False) if name.startswith("{")}
    if names[-1].endswith("+}"):
        found[names[-1].strip("{}+")] = "/".join(values[len(names) - 1 :])
    return found or None
