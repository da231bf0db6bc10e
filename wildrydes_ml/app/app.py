"""The App: what its author declares, checked at the line that declares it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from troposphere import AWSObject, GetAtt, Output, Parameter, Ref, Template

from ..blocks import arguments
from ..blocks.access import Access
from ..blocks.agreement import Architecture
from ..blocks.choices import Number, Value, reference
from ..blocks.cors import check_origins
from ..blocks.function import API_SECONDS, add_inference_function
from ..blocks.routes import Method, Route, check_paths
from . import files, functions, parameters, permissions
from .added import explicit
from .begun import begun, copied, limits
from .declarations import ExistingNetwork, Filling, NewNetwork, Storage, refuse_wrong_kinds, refuse_wrong_name
from .functions import Function, Metric, variables
from .handlers import check_handler
from .whole import refuse_incomplete

if TYPE_CHECKING:  # what an App need not use, it need not wait for
    from awacs.aws import Statement
    from troposphere import cloudwatch

    from ..blocks.dashboard import Alarms
    from ..deployment import Deployment
    from ..questions import Check, Question
    from .foundation import Foundation

API = "Api"
_OPEN = "The App opens this route to anyone."

Resource = TypeVar("Resource", bound=AWSObject)


class App:
    """An application: functions that mount packages and a model, and an API in front of them.

    `name` is the deployment's: 2 to 31 lower-case letters, digits and dashes. `network`, `storage` and `filling` say
    what the functions stand on; an App without `storage` has no network, and its functions hold what their zips hold.
    `access` says who may call the API, once for all routes. `runtime` and `architecture` are of the functions and of
    what fills EFS; as parameters `PythonRuntime` and `Architecture` they can be set. `about` is a sentence for the
    template. Paths are relative to `directory`, which is that of the file that makes the App.

    `cors` are the exact origins whose pages may call the API, such as `["https://example.org"]`; none unless named.
    API Gateway answers the browsers' questions. To its answers the handler must add the header
    `Access-Control-Allow-Origin` itself: it finds the origins, separated by commas, in the variable `CORS_ORIGINS`.
    `binary_media_types` are types of bodies that come as they are, such as `["image/png"]`.

    Every method raises TypeError and ValueError, at the line that is wrong, with what to do.
    """

    def __init__(
        self,
        name: str,
        *,
        network: ExistingNetwork | NewNetwork | None = None,
        storage: Storage | None = None,
        filling: Filling | None = None,
        access: Access | None = None,
        runtime: str = "python3.13",
        architecture: Architecture = "x86_64",
        about: str = "",
        cors: Sequence[str] = (),
        binary_media_types: Sequence[str] = (),
        directory: str | Path = "",
    ) -> None:
        refuse_wrong_name(name)
        refuse_wrong_kinds(network, storage, filling, access)
        check_origins("App.cors", cors)
        self.name = name
        self.file = files.caller()
        self.directory = Path(directory or (self.file.parent if self.file else ".")).resolve()
        self.filling = filling
        self.access = access
        self._about = about
        self._cors = tuple(cors)
        self._binary_media_types = tuple(binary_media_types)
        self._routes: list[Route] = []
        self._functions: dict[str, Function] = {}
        self._code: dict[Path, str] = {}
        self._question: Question | None = None
        self._template = begun(about or f"{name}: functions and their API", runtime, architecture)
        self._limits = [limit.title for limit in limits(access)]
        for limit in limits(access):
            self._template.add_parameter(limit)
        self._foundation: Foundation | None = None
        if network is not None and storage is not None:
            from .foundation import add_foundation

            self._foundation = add_foundation(self._template, self.directory, network, storage, filling)

    def parameter(
        self,
        name: str,
        default: parameters.Plain | None = None,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        one_of: Sequence[str] = (),
        about: str = "",
    ) -> Parameter:
        """A parameter of the template: a number, text, or true and false, as the default is.

        Without a default it must be given when the App is deployed.
        """
        made = parameters.own(name, default, at_least, at_most, one_of, about)
        self._refuse_taken("parameter", name)
        return self._template.add_parameter(made)

    def add(self, resource: Resource) -> Resource:
        """Any resource of troposphere's; what is returned stands for it elsewhere."""
        if not isinstance(resource, AWSObject) or not resource.title:
            raise TypeError(f"add() has {resource!r}: pass a resource of troposphere with a title, as Queue('Results')")
        self._refuse_taken("resource", resource.title)
        explicit(resource)
        added: Resource = self._template.add_resource(resource)
        return added

    def function(
        self,
        name: str,
        *,
        code: str | Path,
        handler: str,
        memory: Number = 1024,
        timeout: Number = API_SECONDS,
        environment: Mapping[str, Value | float | Function] | None = None,
        may: Sequence["Statement"] = (),
        mounted: bool = True,
        log_days: Number = 14,
        reserved_concurrency: Value | int = "",
        provisioned_concurrency: Value | int = "0",
        physical_name: Value = "",
        about: str = "",
    ) -> Function:
        """A function: `handler` is `module.function` in the directory `code`.

        `memory` is in MiB (128 to 10240), `timeout` in seconds (1 to 900; behind a route 29). `environment` holds
        text, numbers, parameters, resources and functions; these stand for their `Ref`. `may` are the statements of
        `allow`. A function that is not `mounted` does not see EFS. `physical_name` is its name in the account;
        without one CloudFormation makes it.
        """
        self._refuse_taken("function", name)
        directory = files.directory(f"function {name!r}: code", self.directory, code)
        check_handler(f"function {name!r}: handler", directory, handler)
        foundation = self._foundation if mounted else None
        settings = functions.settings(
            f"function {name!r}",
            name=physical_name,
            bucket=self._template.parameters["DataBucket"],
            key=self._key(name, directory),
            runtime=self._template.parameters["PythonRuntime"],
            architecture=self._template.parameters["Architecture"],
            memory=memory,
            timeout=timeout,
            log_retention=log_days,
            reserved_concurrency=reserved_concurrency,
            provisioned_concurrency=provisioned_concurrency,
            handler=handler,
            environment={**self._origins(), **variables(f"function {name!r}: environment", environment or {})},
            contents=foundation.filling if foundation else None,
            revision=self._template.parameters["Revision"],
            description=about or f"{name} of {self.name}.",
            policies=permissions.policy(f"function {name!r}: may", may),
            permissions_boundary=self._template.parameters["PermissionsBoundary"],
        )
        mount = foundation.mount if foundation else None
        made = add_inference_function(self._template, mount, settings, title=name)
        self._template.add_output(Output(f"{name}Function", Description=f"ARN of {name}", Value=GetAtt(name, "Arn")))
        self._functions[name] = Function(name, made, timeout)
        return self._functions[name]

    def route(self, route: str, function: Function, *, open: bool | str = False, page: bool = False) -> Route:
        """The function that answers a route, such as "POST /" or "ANY /digits/{id}".

        `open` lets anyone call it, whatever `access` asks of the other routes; as text it says why. With `page`, `GET`
        on the path of an ANY route is open, so that a browser can load a page.
        """
        method, path = _method_and_path(route)
        self._refuse_unknown_function(route, function)
        if self.access is None:
            raise ValueError(f"route {route!r}: say who may call, as App(access=Access('API_KEY'))")
        if isinstance(function.timeout, (int, float)) and function.timeout > API_SECONDS:
            raise ValueError(
                f"route {route!r}: {function.title} may take {function.timeout} s, but API Gateway waits "
                f"{API_SECONDS} s; give it timeout={API_SECONDS} or less"
            )
        made = Route(function.inference, path, method, page, _OPEN if open is True else open or "")
        for other in self._routes:
            if (other.path, other.method) == (path, method):
                raise ValueError(f"route {route!r} stands twice: one function answers it")
        check_paths([path, *(other.path for other in self._routes)])
        self._routes.append(made)
        return made

    def alarm(
        self,
        title: str,
        metric: Metric,
        *,
        above: float,
        minutes: int = 5,
        statistic: str = "",
        topic: Value | None = None,
        about: str = "",
    ) -> "cloudwatch.Alarm":
        """An alarm that rings when a metric is above a number for so many minutes, and tells a topic of SNS's.

        A metric is `function.metric(name)`, or (namespace, name, dimensions). Without a `statistic` it is the Sum of
        what is counted, and the Maximum of everything else.
        """
        if not isinstance(title, str) or not re.fullmatch(r"[A-Za-z0-9]+", title, re.ASCII):
            raise ValueError(f"alarm {title!r}: use letters and digits only")
        from . import alarms

        made = alarms.alarm(title, metric, above=above, minutes=minutes, statistic=statistic, topic=topic, about=about)
        self._refuse_taken("alarm", f"{title}Alarm")
        return self._template.add_resource(made)

    def dashboard(
        self,
        function: Function | None = None,
        *,
        alarms: "Alarms | None" = None,
        own_metrics: bool = False,
        title: str = "Dashboard",
    ) -> "cloudwatch.Dashboard":
        """A dashboard of a function, the API and the file system, with its alarms; of the only function, if none is
        named.

        `alarms` and `own_metrics` are those of `wildrydes_ml.blocks.dashboard`.
        """
        from . import dashboards

        watched = dashboards.chosen(function, self._functions)
        self._refuse_taken("dashboard", title)
        storage = self._foundation.storage if self._foundation else None
        api = API if self.access else ""
        return dashboards.add(self._template, watched, api, storage, alarms, own_metrics=own_metrics, title=title)

    def output(self, name: str, value: Value | Function, about: str = "") -> None:
        """An output of the stack."""
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9]+", name, re.ASCII):
            raise ValueError(f"output {name!r}: use letters and digits only")
        if name in (*self._template.outputs, "ApiId", "Url"):
            raise ValueError(f"output {name!r} is there already: choose another name")
        known = Ref(value.title) if isinstance(value, Function) else reference(value)
        self._template.add_output(Output(name, Value=known, **({"Description": about} if about else {})))

    def proof(self, route: Route, asked: Any, check: "Check", *, path: str = "") -> None:
        """What proves that the App answers: `asked` is sent to the route as JSON (None: nothing), and `check` gets the
        answer, read from JSON. `path` has the values of a route with `{parameters}`."""
        from ..questions import question

        if not any(route is one for one in self._routes):
            raise ValueError(f"proof: {route!r} is no route of this App; pass what app.route(...) returned")
        if self._question is not None:
            raise ValueError(f"proof: the App is proven by {self._question} already; keep one of the two")
        self._question = question(route.method, route.path, asked, check, path)

    def template(self) -> Template:
        """The template: what was declared until now, with the API in front of it.

        Raises ValueError for an App without a function, for `access` without a route, for a resource without a property
        that its type needs, and for a reference to what the App does not have.
        """
        if not self._functions:
            raise ValueError(f"App {self.name!r} has no function: add one with app.function(...)")
        if self.access is not None and not self._routes:
            raise ValueError(f"App {self.name!r} has access but no route: add one with app.route('POST /', function)")
        made = copied(self._template)
        if self._routes and self.access is not None:
            self._add_api(made, self.access)
        try:
            refuse_incomplete(made)
        except (ValueError, TypeError) as error:  # troposphere's own, too
            raise ValueError(f"App {self.name!r}: {error}") from error
        made.metadata.update(parameters.asked(made.parameters, self._code.values(), self._limits))
        return made

    def deployment(self) -> "Deployment":
        """What the deployer needs to know of it. Raises SettingsError where the model is missing."""
        from .deploying import deployment

        return deployment(self, self.template())

    @property
    def functions(self) -> Mapping[str, Function]:
        """The functions by name."""
        return self._functions

    @property
    def routes(self) -> Sequence[Route]:
        """The routes of its API."""
        return self._routes

    @property
    def origins(self) -> Sequence[str]:
        """The origins whose pages may call its API."""
        return self._cors

    @property
    def question(self) -> "Question | None":
        """What proves that it answers, on one of its routes."""
        return self._question

    @property
    def code(self) -> Mapping[Path, str]:
        """The directories of code, with the parameter that gets the key of each one's zip."""
        return self._code

    @property
    def foundation(self) -> "Foundation | None":
        """What its functions stand on."""
        return self._foundation

    def _add_api(self, template: Template, access: Access) -> None:
        from ..blocks.api import add_proxy_stage, add_rest_api, invoke_url

        api = add_rest_api(
            template,
            self._routes,
            access,
            title=API,
            about=self._about,
            binary_media_types=self._binary_media_types,
            origins=self._cors,
        )
        api.rest_api.Name = Ref("AWS::StackName")
        add_proxy_stage(template, api)
        template.add_output(Output("ApiId", Description="Id of the REST API", Value=Ref(api.rest_api)))
        template.add_output(Output("Url", Description="URL of the API", Value=invoke_url(api)))

    def _key(self, name: str, directory: Path) -> Parameter:
        """The parameter with the key of the directory's zip: one for a directory, however many functions it has."""
        if directory not in self._code:
            title = f"{name}CodeKey" if self._code else "CodeKey"
            self._refuse_taken("parameter", title)
            about = f"Key in DataBucket of the zip of {directory.name}/. New code needs a new key."
            self._template.add_parameter(Parameter(title, Type="String", MaxLength=90, Description=about))
            self._code[directory] = title
        return self._template.parameters[self._code[directory]]

    def _origins(self) -> dict[str, str]:
        return {"CORS_ORIGINS": ",".join(self._cors)} if self._cors else {}

    def _refuse_taken(self, kind: str, title: object) -> None:
        if not isinstance(title, str):
            raise TypeError(f"{kind} {title!r}: pass its name as text")
        if not re.fullmatch(r"[A-Za-z0-9]+", title, re.ASCII):
            raise ValueError(f"{kind} {title!r}: use letters and digits only")
        if title in self._template.parameters or title in parameters.TABLE:
            raise ValueError(f"{kind} {title!r}: the template has a parameter of that name; choose another")
        arguments.unused(self._template, title, f"choose another name for the {kind}")

    def _refuse_unknown_function(self, route: str, function: object) -> None:
        if not isinstance(function, Function):
            raise TypeError(f"route {route!r} has {function!r}: pass what app.function(...) returned")
        if self._functions.get(function.title) is not function:
            raise ValueError(f"route {route!r}: function {function.title} is another App's; add one to this App")


def _method_and_path(route: object) -> tuple[Method, str]:
    match = re.fullmatch(r"(\S+) (/\S*)", route) if isinstance(route, str) else None
    if match is None:
        raise ValueError(f"route {route!r}: write method and path, such as 'POST /' or 'GET /health'")
    method: Any = match[1]
    return method, match[2]
