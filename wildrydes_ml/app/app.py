"""The App: what its author declares. Each declaration is checked at once, so that an error names its line."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from troposphere import AWSObject, GetAtt, Output, Parameter, Ref, Template

from ..blocks import arguments
from ..blocks.access import Access
from ..blocks.agreement import Architecture
from ..blocks.choices import Number, Value, reference
from ..blocks.cors import check_origins
from ..blocks.function import API_SECONDS, IN_ZIP, add_inference_function
from ..blocks.routes import Route, check_paths, check_room
from ..blocks.rows import BATCH_CONCURRENCY, BATCH_TOLERATED
from . import files, functions, parameters, permissions
from .added import explicit
from .begun import begun, copied, limits
from .declarations import ExistingNetwork, Filling, NewNetwork, Storage, refuse_wrong_kinds, refuse_wrong_name
from .functions import Function, Metric, method_and_path, refuse_unknown, variables, why_open
from .handlers import check_handler
from .titles import API, OUTPUT_CHARACTERS, refuse_taken
from .whole import refuse_incomplete

if TYPE_CHECKING:  # what an App need not use, it need not wait for
    from awacs.aws import Statement
    from troposphere import cloudwatch

    from ..blocks.dashboard import Alarms
    from ..deployment import Deployment
    from ..questions import Check, Question
    from .foundation import Foundation

Resource = TypeVar("Resource", bound=AWSObject)


class App:
    """An application: functions that mount packages and a model, and an API in front of them.

    Every method raises TypeError and ValueError at the wrong line, with what to do.

    Args:
        name: The deployment's name: 2 to 31 lower-case letters, digits and dashes.
        network: The network; only with `storage`.
        storage: The file system. Without it the App has no network, and its functions have only their zips. With
            `Storage("zip")` the zips have packages and model, too.
        filling: The packages and the model on EFS, or in the zips.
        access: Who may call the API; it holds for all routes.
        runtime: The Lambda runtime of the functions and of what fills EFS; the default of parameter `PythonRuntime`.
        architecture: Their processor; the default of parameter `Architecture`.
        about: The template's description, up to 1024 bytes.
        cors: The origins whose pages may call the API, such as `["https://example.org"]`. API Gateway answers the
            browsers' OPTIONS requests. The handler must add the header `Access-Control-Allow-Origin` to its own
            answers: the variable `CORS_ORIGINS` has the origins, separated by commas.
        binary_media_types: Types of bodies that reach the handler unchanged, such as `["image/png"]`.
        directory: Relative paths start here; by default the directory of the file that makes the App.
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
        arguments.media_types("App.binary_media_types", binary_media_types)
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
        self._template = begun(f"{name}: functions and their API" if about == "" else about, runtime, architecture)
        self._limits = [limit.title for limit in limits(access)]
        for limit in limits(access):
            self._template.add_parameter(limit)
        self.packed = storage is not None and storage.kind == "zip"
        self._packed_code: set[Path] = set()
        if self.packed and filling:
            files.pins("Filling.packages", self.directory, filling.packages)
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
        one_of: Sequence[str | float] = (),
        about: str = "",
    ) -> Parameter:
        """Adds a parameter to the template: a number, text or true/false, like its default.

        A parameter without a default must be set when the App is deployed.
        """
        refuse_taken(self._template, "parameter", name)
        return self._template.add_parameter(parameters.own(name, default, at_least, at_most, one_of, about))

    def add(self, resource: Resource) -> Resource:
        """Adds any troposphere resource, and returns it for use in other declarations."""
        if not isinstance(resource, AWSObject) or not resource.title:
            raise TypeError(
                f"add() has {resource!r}: pass a troposphere resource with a title, such as Queue('Results')"
            )
        refuse_taken(self._template, "resource", resource.title)
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
        """Adds a Lambda function.

        Args:
            name: Its logical id.
            code: The directory with its code; `handler` is `module.function` in it.
            memory: MiB, 128 to 10240.
            timeout: Seconds, 1 to 900; behind a route at most 29.
            environment: Text, numbers, parameters, resources and functions; the last three stand for their `Ref`.
            may: What its role allows: results of `allow`.
            mounted: Whether it sees EFS, or with `Storage("zip")` has packages and model in its zip.
            log_days: Days to keep the logs, one of the values that CloudWatch Logs allows.
            reserved_concurrency: Instances; '' for off. `provisioned_concurrency`: instances that are kept ready.
            physical_name: Its name in the account; by default CloudFormation chooses it. `about`: its description.
        """
        refuse_taken(self._template, "function", name)
        where = f"function {name!r}"
        arguments.kind(f"{where}: mounted", mounted, bool, "use True or False")
        directory = files.directory(f"{where}: code", self.directory, code)
        check_handler(f"{where}: handler", directory, handler)
        foundation = self._foundation if mounted else None
        is_packed = self.packed and mounted
        if is_packed:
            self._packed_code.add(directory)
        own = {**self._origins(), **(IN_ZIP if is_packed else {})}
        taken = {"REVISION", *own, *((*IN_ZIP, "EFS_CONTENTS") if foundation else ())}
        settings = functions.settings(
            where,
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
            environment={**own, **variables(f"{where}: environment", environment or {}, taken)},
            contents=foundation.filling if foundation else None,
            revision=self._template.parameters["Revision"],
            description=about or f"{name} of {self.name}.",
            policies=permissions.policy(f"{where}: may", may, self._template.resources),
            permissions_boundary=self._template.parameters["PermissionsBoundary"],
        )
        made = add_inference_function(self._template, foundation.mount if foundation else None, settings, title=name)
        self._template.add_output(Output(f"{name}Function", Description=f"ARN of {name}", Value=GetAtt(name, "Arn")))
        self._functions[name] = Function(name, made, timeout)
        return self._functions[name]

    def route(self, route: str, function: Function, *, open: bool | str = False, page: bool = False) -> Route:
        """Adds a route of the API, such as "POST /" or "ANY /digits/{id}", and the function that answers it.

        With `open`, anyone may call the route, whatever `access` is; pass a sentence to say why. With `page`, `GET` on
        the path of an ANY route is open, so that a browser can load a page.
        """
        method, path = method_and_path(route)
        refuse_unknown(f"route {route!r}", self._functions, function)
        if self.access is None:
            raise ValueError(f"route {route!r}: the App must say who may call it: App(access=Access('API_KEY'))")
        if arguments.is_known("timeout", function.timeout) and float(function.timeout) > API_SECONDS:
            raise ValueError(
                f"route {route!r}: {function.title} may take {function.timeout} s, but API Gateway waits only "
                f"{API_SECONDS} s; use timeout={API_SECONDS} or less"
            )
        made = Route(function.inference, path, method, page, why_open(f"route {route!r}: open", open))
        for other in self._routes:
            if (other.path, other.method) == (path, method):
                raise ValueError(f"route {route!r} is there twice: only one function can answer it")
        check_paths([path, *(other.path for other in self._routes)])
        check_room(f"route {route!r}", [*self._routes, made])
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
        """Adds an alarm that rings when a metric is above a number for so many minutes; it can notify an SNS topic.

        A metric is `function.metric(name)`, or (namespace, name, dimensions). The default `statistic` is Sum for
        counts, and Maximum for everything else.
        """
        arguments.logical_id("alarm", title)
        from . import alarms

        known = self._template.resources
        made = alarms.alarm(
            title, metric, known, above=above, minutes=minutes, statistic=statistic, topic=topic, about=about
        )
        refuse_taken(self._template, "alarm", f"{title}Alarm")
        return self._template.add_resource(made)

    def batch(
        self,
        function: Function,
        *,
        read: Value | None = None,
        write: Value | None = None,
        concurrency: int = BATCH_CONCURRENCY,
        tolerated: int = BATCH_TOLERATED,
    ) -> None:
        """Adds a state machine that gives the function many objects of bucket `read`; results go to bucket `write`,
        under batches/. Both are DataBucket by default. `tolerated` is the percent of batches that may fail."""
        refuse_unknown("batch", self._functions, function)
        from . import batching

        batching.add(self._template, function, read, write, concurrency, tolerated)

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
        refuse_taken(self._template, "dashboard", title)
        storage = self._foundation.storage if self._foundation else None
        api = API if self.access else ""
        return dashboards.add(self._template, watched, api, storage, alarms, own_metrics=own_metrics, title=title)

    def output(self, name: str, value: Value | Function, about: str = "") -> None:
        """Adds an output to the stack."""
        arguments.logical_id("output", name)
        if name in (*self._template.outputs, "ApiId", "Url"):
            raise ValueError(f"output {name!r} already exists: choose another name")
        arguments.length(f"output {name!r}: about", about, OUTPUT_CHARACTERS)
        known = Ref(value.title) if isinstance(value, Function) else value
        if arguments.is_known(f"output {name!r}", known) and not isinstance(known, str):
            raise TypeError(f"output {name!r} is {known!r}: pass text, such as {str(known)!r}")
        self._template.add_output(Output(name, Value=reference(known), **({"Description": about} if about else {})))

    def proof(self, route: Route, asked: Any, check: "Check", *, path: str = "") -> None:
        """What proves that the App answers: `asked` is sent to the route as JSON (None: nothing), and `check` gets the
        answer, read from JSON. `path` has the values of a route with `{parameters}`."""
        from ..questions import question

        if not any(route is one for one in self._routes):
            raise ValueError(f"proof: {route!r} is not a route of this App; pass the result of app.route(...)")
        if self._question is not None:
            raise ValueError(f"proof: the App already has the proof {self._question}; keep only one")
        self._question = question(route.method, route.path, asked, check, path)

    def template(self) -> Template:
        """The template with everything declared so far, and the API.

        Raises ValueError for an App without a function, `access` without a route, a resource without a required
        property, and a reference to something that the App does not have.
        """
        if not self._functions:
            raise ValueError(f"App {self.name!r} has no function: add one with app.function(...)")
        if self.access is not None and not self._routes:
            raise ValueError(f"App {self.name!r} has access but no route: add one with app.route('POST /', function)")
        made = copied(self._template)
        try:
            if self._routes and self.access is not None:
                self._add_api(made, self.access)
            refuse_incomplete(made)
        except (ValueError, TypeError) as error:  # troposphere's own, too
            taken = ": the App's API needs this name; choose another" if "duplicate key" in str(error) else ""
            raise ValueError(f"App {self.name!r}: {error}{taken}") from error
        made.metadata.update(parameters.asked(made.parameters, self._code.values(), self._limits))
        return made

    def deployment(self) -> "Deployment":
        """The App as data for the deployer. Raises SettingsError when the model is missing."""
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
        """The proof that the App answers; None without one."""
        return self._question

    @property
    def code(self) -> Mapping[Path, str]:
        """The directories of code, each with the parameter for the key of its zip."""
        return self._code

    @property
    def packed_code(self) -> Collection[Path]:
        """The directories of code whose zips have packages and model."""
        return self._packed_code

    @property
    def foundation(self) -> "Foundation | None":
        """The network, storage and filling for the functions; None without storage."""
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
        """The parameter with the key of the directory's zip: one for a directory, even with several functions."""
        if directory not in self._code:
            title = f"{name}CodeKey" if self._code else "CodeKey"
            refuse_taken(self._template, "parameter", title)
            about = f"Key in DataBucket of the zip of {directory.name}/. New code needs a new key."
            self._template.add_parameter(Parameter(title, Type="String", MaxLength=90, Description=about))
            self._code[directory] = title
        return self._template.parameters[self._code[directory]]

    def _origins(self) -> dict[str, str]:
        return {"CORS_ORIGINS": ",".join(self._cors)} if self._cors else {}
