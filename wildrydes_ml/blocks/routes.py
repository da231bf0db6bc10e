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

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: a function's resource-based policy.
_POLICY_BYTES = 20480
# The statement for one route, without the names in it, where region, stack and ids are as short as they can be.
_STATEMENT = 310


@dataclass(frozen=True)
class Route:
    """A method on a path of the API, with the function that answers.

    Attributes:
        inference: The result of `add_inference_function`.
        path: The path, such as `/`, `/digits`, `/digits/{id}` or `/{rest+}`.
        method: The HTTP method, or ANY.
        page: For a route with ANY: `GET` on the path is open to anyone, whatever `Access.auth` is, so that a browser
            can load a page. The function must answer it with static content.
        open_because: Opens the route to anyone, whatever `Access.auth` is. It is a sentence that says why, such as
            "A monitor calls it without a key."

    Raises:
        TypeError: `inference` is not an Inference.
        ValueError: The path does not begin with a slash, ends with one, or has other characters; the method is
            unknown; or `page` is used with another method than ANY, or for a route that is open anyway.
    """

    inference: Inference
    path: str = "/"
    method: Method = "ANY"
    page: bool = False
    open_because: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.inference, Inference):
            raise TypeError(f"Route.inference is {self.inference!r}: pass the result of add_inference_function")
        arguments.text(
            "Route.path", self.path, _PATH, "use /, /name, /name/{id} or /{rest+}, without a slash at the end"
        )
        arguments.one_of("Route.method", self.method, get_args(Method))
        if self.page and self.method != "ANY":
            raise ValueError(f"Route.page needs method ANY: add another route for GET {self.path}")
        if sentence("Route.open_because", self.open_because) and self.page:
            raise ValueError(f"Route.page opens only GET {self.path}, open_because all methods: use one of them")

    @property
    def title(self) -> str:
        """Method and path as a part of logical ids: AnyRoot, PostDigitsId."""
        return self.method.capitalize() + path_title(self.path)

    @property
    def reason(self) -> str:
        """Why the route is open; empty for a route that is protected like the API."""
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
            raise ValueError(f"route {method} {path} is there twice: only one function can answer it")
    check_paths([route.path for route in routes])
    check_room("routes", routes)
    for route in routes:
        title = route.inference.function.title
        if title not in template.resources:
            raise ValueError(f"function {title} of route {route.path} is not in this template: add it first")
    if access.kinds != ("NONE",) and all(route.reason for route in routes):
        raise ValueError("every route is open: use Access('NONE', open_because=...) instead")


def check_room(where: str, routes: Collection[Route]) -> None:
    """Raises ValueError for more routes to one function than its policy has room for: each adds a statement."""
    sizes: dict[str, int] = {}
    for route in routes:
        title = str(route.inference.function.title)
        sizes[title] = sizes.get(title, 0) + _STATEMENT + len(f"{title}{route.title}{route.method}{route.path}")
        if sizes[title] > _POLICY_BYTES:
            raise ValueError(
                f"{where}: the permissions of so many routes to {title} are more than the {_POLICY_BYTES} bytes that "
                "Lambda allows for a function: use one route for many paths, such as 'ANY /{rest+}'"
            )


def _with_those_above(path: str) -> list[str]:
    parts = path.split("/")[1:]
    return ["/" + "/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def check_paths(paths: Collection[str]) -> None:
    """Raises ValueError for paths that conflict: API Gateway allows one variable at a place, and each path is a
    resource that needs its own logical id."""
    ids: dict[str, str] = {}
    variables: dict[str, str] = {}
    for path in sorted({above for one in paths for above in _with_those_above(one)}):
        other = ids.setdefault(path_title(path), path)
        if other != path:
            raise ValueError(f"paths {other} and {path} would have the same logical id, {path_title(path)}: rename one")
        above, _, part = path.rpartition("/")
        if part.startswith("{") and variables.setdefault(above, part) != part:
            raise ValueError(
                f"{part} and {variables[above]} are both below {above or '/'}: use the same name for the variable"
            )
