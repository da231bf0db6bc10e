"""The routes of an API: which function answers which method on which path."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from troposphere import Template

from . import arguments
from .access import Access, sentence
from .function import Inference

Method: TypeAlias = Literal["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]

# https://docs.aws.amazon.com/apigateway/latest/api/API_CreateResource.html
_PATH = r"/|(/([\w.:-]+|\{[\w.-]+\}))+|(/([\w.:-]+|\{[\w.-]+\}))*/\{[\w.-]+\+\}"


@dataclass(frozen=True)
class Route:
    """The function that answers a method on a path, such as `/`, `/digits`, `/digits/{id}` or `/{rest+}`.

    `open_because` opens the route to anyone, whatever `Access.auth` asks of the others: it is the sentence that says
    why, such as "A monitor asks without a key.". With `page`, `GET` on the path is open to all even where
    `Access.auth` closes the rest, so that a browser can load a page: the function must answer it with something
    static. Raises TypeError for an `inference` that is none, ValueError for a path that does not begin with a slash,
    ends with one or has odd characters, for an unknown method, for a page of another method than ANY, and for a page
    of a route that is open anyway.
    """

    inference: Inference
    path: str = "/"
    method: Method = "ANY"
    page: bool = False
    open_because: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.inference, Inference):
            raise TypeError(f"Route.inference is {self.inference!r}: pass what add_inference_function returns")
        arguments.text(
            "Route.path", self.path, _PATH, "use /, or /name, /name/{id}, /{rest+}, without a slash at its end"
        )
        arguments.one_of("Route.method", self.method, get_args(Method))
        if self.page and self.method != "ANY":
            raise ValueError(f"Route.page goes with method ANY: make GET {self.path} a route of its own")
        if sentence("Route.open_because", self.open_because) and self.page:
            raise ValueError(f"Route.page opens GET {self.path} alone, open_because every method: use one of them")

    @property
    def title(self) -> str:
        """Method and path as a part of logical ids: AnyRoot, PostDigitsId."""
        return self.method.capitalize() + path_title(self.path)

    @property
    def reason(self) -> str:
        """The sentence that opens it; empty for a route that asks for what the API asks for."""
        return sentence("Route.open_because", self.open_because)


def path_title(path: str) -> str:
    """The path as a part of logical ids: Root, DigitsId."""
    words = re.findall(r"[A-Za-z0-9]+", path)
    return "".join(word[0].upper() + word[1:] for word in words) or "Root"


def check_routes(template: Template, routes: Sequence[Route], access: Access) -> None:
    is_list = isinstance(routes, (list, tuple))
    if not is_list or not routes or not all(isinstance(route, Route) for route in routes):
        raise TypeError("routes must be a list of one Route or more, such as [Route(inference)]")
    keys = [(route.path, method) for route in routes for method in (route.method, *(["GET"] if route.page else []))]
    for path, method in keys:
        if keys.count((path, method)) > 1:
            raise ValueError(f"route {method} {path} stands twice: one function answers it")
    check_paths([route.path for route in routes])
    for route in routes:
        title = route.inference.function.title
        if title not in template.resources:
            raise ValueError(f"function {title} of route {route.path} is not in this template: add it first")
    if access.kinds != ("NONE",) and all(route.reason for route in routes):
        raise ValueError("every route is open: say so once, with Access('NONE', open_because=...)")


def _with_those_above(path: str) -> list[str]:
    parts = path.split("/")[1:]
    return ["/" + "/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def check_paths(paths: Collection[str]) -> None:
    """Raises ValueError for paths that do not go together: API Gateway takes one variable at a place, and each path is
    a resource with a logical id of its own."""
    ids: dict[str, str] = {}
    variables: dict[str, str] = {}
    for path in sorted({above for one in paths for above in _with_those_above(one)}):
        other = ids.setdefault(path_title(path), path)
        if other != path:
            raise ValueError(f"paths {other} and {path} would have one logical id, {path_title(path)}: rename one")
        above, _, part = path.rpartition("/")
        if part.startswith("{") and variables.setdefault(above, part) != part:
            raise ValueError(f"{part} and {variables[above]} stand below {above or '/'}: name the variable there once")
