"""Each mistake raises at its line, says what is wrong, and what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from troposphere import GetAtt, Parameter, Ref, Sub
from troposphere.dynamodb import Table
from troposphere.elasticloadbalancingv2 import LoadBalancer
from troposphere.s3 import Bucket
from troposphere.sns import Topic
from troposphere.sqs import Queue

from wildrydes_ml import Access, App, ExistingNetwork, Filling, NewNetwork, Storage, allow
from wildrydes_ml.app import Function

Mistake = Callable[[App], Any]


@pytest.fixture
def answer(full: App) -> Function:
    """A function of the full App."""
    return full.function("Answer", code="handler", handler="app.answer")


def function(app: App, **more: Any) -> Function:
    return app.function(**{"name": "Other", "code": "handler", "handler": "app.answer", **more})


FUNCTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "name twice": ({"name": "Answer"}, "'Answer'.*another name"),
    "name of a parameter": ({"name": "VpcId"}, "'VpcId'.*choose another"),
    "name with a dash": (
        {"name": "my-function"},
        "function 'my-function' cannot be a logical id: use letters and digits",
    ),
    "handler that is not in its module": ({"handler": "app.anwser"}, r"no anwser in .*handler/app.py; it has answer$"),
    "no directory": ({"code": "nowhere"}, "function 'Other': code is 'nowhere': there is no directory"),
    "a file as directory": ({"code": "packages.txt"}, "there is no directory"),
    "no path": ({"code": 3}, "pass a path"),
    "handler without function": ({"handler": "app"}, "use 'module.function'"),
    "handler with a path": ({"handler": "app.py:answer"}, "use 'module.function'"),
    "handler of no module": ({"handler": "main.answer"}, "there is no file main.py in"),
    "too much memory": ({"memory": 20000}, "^function 'Other': memory is 20000: use 128 to 10240"),
    "odd days": ({"log_days": 2}, "^function 'Other': log_days is '2': use one of"),
    "odd physical name": ({"physical_name": "a b"}, "^function 'Other': physical_name is 'a b': use"),
    "too long": ({"timeout": 1000}, "1 to 900"),
    "half a MiB": (
        {"memory": 512.5},
        r"^function 'Other': memory is 512.5: use a whole number from 128 to 10240 \(MiB",
    ),
    "a name of no text": ({"environment": {3: "x"}}, r"environment has 3: use letters"),
    "reserved": ({"environment": {"AWS_REGION": "x"}}, "'AWS_REGION'.*reserves this name"),
    "reserved of Lambda": ({"environment": {"LAMBDA_TASK_ROOT": "x"}}, "reserves this name"),
    "odd name": (
        {"environment": {"MY-NAME": "x"}},
        r"function 'Other': environment has 'MY-NAME': use letters, digits and _",
    ),
    "name of one letter": ({"environment": {"A": "x"}}, "'A': use letters, digits and _, at least two"),
    "name that is the deployer's": ({"environment": {"REVISION": "x"}}, "'REVISION': every function has this variable"),
    "name that says where EFS is": ({"environment": {"EFS_PATH": "x"}}, "'EFS_PATH': every function has this variable"),
    "odd value": ({"environment": {"NAME": None}}, r"environment\['NAME'\] is None"),
    "no mapping": ({"environment": ["NAME"]}, "pass a dictionary"),
    "too much environment": ({"environment": {"TEXT": "x" * 5000}}, "5004 bytes.*4096.*zip"),
    "mounted of a word": ({"mounted": "no"}, "^function 'Other': mounted is 'no': use True or False"),
    "about a book": ({"about": "x" * 257}, "^function 'Other': about has 257 characters: use at most 256"),
    "name whose role is taken": ({"name": "Taken"}, "already has a resource 'TakenRole'"),
    "variable of the filling": ({"environment": {"EFS_CONTENTS": "x"}}, "'EFS_CONTENTS': every function has this var"),
    "variable that begins with _": (
        {"environment": {"_MINE": "x"}},
        "'_MINE': use letters, digits and _, a letter first",
    ),
    "more ready than reserved": (
        {"reserved_concurrency": 1, "provisioned_concurrency": 2},
        "^function 'Other': provisioned_concurrency is 2, more than reserved_concurrency, 1",
    ),
    "may of a URL": ({"may": [allow("sqs:SendMessage", Ref("Queue"))]}, r"may has Ref\('Queue'\).*not an ARN: pass"),
    "may on the bucket of objects": (
        {"may": [allow("s3:GetObject", GetAtt("Bucket", "Arn"))]},
        "may has the ARN of Bucket, but s3:GetObject is on objects: pass the bucket itself",
    ),
    "name of the API": ({"name": "Api"}, "'Api'.*choose another name for the function"),
    "may of text": ({"may": ["sqs:SendMessage"]}, "pass allow"),
    "may without a list": ({"may": allow("sqs:SendMessage", "*")}, r"pass a list of allow"),
}


@pytest.mark.parametrize(("wrong", "said"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_wrong_function(full: App, answer: Function, wrong: dict[str, Any], said: str) -> None:
    for one in (Queue("TakenRole"), Queue("Queue"), Bucket("Bucket")):
        full.add(one)
    before = dict(full.functions)
    with pytest.raises((ValueError, TypeError), match=said):
        function(full, **wrong)
    assert dict(full.functions) == before


HANDLERS: dict[str, tuple[str, str]] = {
    "a fault of syntax": ("x = 1\ndef answer(event, context)\n    pass\n", r"app.py, line 2: expected ':'"),
    "no function": ("x = 1\n", "there is no answer in .*app.py; it has no function"),
    "one argument": ("def answer(event):\n    pass\n", r"line 1 of .*app.py.*write def answer\(event, context\)"),
    "three arguments": ("def answer(self, event, context):\n    pass\n", "does not accept event and context"),
    "a needed name": ("def answer(event, context, *, model):\n    pass\n", "does not accept event and context"),
    "async": (
        "async def answer(event, context):\n    pass\n",
        "line 1 of .*app.py, is async, which Lambda cannot call",
    ),
    "no text": ("\0", "app.py.*null bytes"),
}


@pytest.mark.parametrize(("code", "said"), HANDLERS.values(), ids=HANDLERS)
def test_a_handler_that_lambda_could_not_call(full: App, folder: Path, code: str, said: str) -> None:
    (folder / "handler" / "app.py").write_text(code)
    with pytest.raises(ValueError, match=f"function 'Other': handler is 'app.answer': .*{said}"):
        function(full)


CALLABLE: dict[str, str] = {
    "defaults": "def answer(event, context=None, more=()):\n    pass\n",
    "any arguments": "def answer(*arguments, **more):\n    pass\n",
    "imported": "from elsewhere import reply as answer\n",
    "all imported": "from elsewhere import *\n",
    "assigned": "def wrap(f):\n    return f\nanswer = wrap(print)\n",
    "decorated": "@wrap\ndef answer(request):\n    pass\n",
    "in a try": "try:\n    from fast import answer\nexcept ImportError:\n    answer = None\n",
    "in an if": "if True:\n    def answer(event, context):\n        pass\n",
    "in an except": "try:\n    import fast\nexcept ImportError:\n    def answer(event, context):\n        pass\n",
}


@pytest.mark.parametrize("code", CALLABLE.values(), ids=CALLABLE)
def test_a_handler_that_may_be_called_is_taken(full: App, folder: Path, code: str) -> None:
    (folder / "handler" / "app.py").write_text(code)
    assert function(full).title == "Other"


def test_a_handler_in_a_package_is_found(full: App, folder: Path) -> None:
    (folder / "handler" / "deep").mkdir()
    (folder / "handler" / "deep" / "__init__.py").write_text("def answer(event, context):\n    pass\n")
    assert function(full, handler="deep.answer").title == "Other"


ROUTES: dict[str, tuple[str, str]] = {
    "no method": ("/x", "write method and path, such as 'POST /'"),
    "no slash": ("POST x", "write method and path"),
    "small letters": ("post /x", "'POST'"),
    "slash at the end": ("POST /x/", "without a slash at the end"),
    "twice": ("POST /", "is there twice"),
    "too like another": ("GET /a/b", "paths /a-b and /a/b would have the same logical id"),
}


@pytest.mark.parametrize(("route", "said"), ROUTES.values(), ids=ROUTES)
def test_a_wrong_route(full: App, answer: Function, route: str, said: str) -> None:
    full.route("POST /", answer)
    full.route("POST /a-b", answer)
    with pytest.raises(ValueError, match=said):
        full.route(route, answer)


def test_a_route_is_opened_by_true_or_by_a_sentence(full: App, answer: Function) -> None:
    with pytest.raises(
        ValueError, match=r"^route 'GET /x': open is 'no': use True or False, or a sentence that says why"
    ):
        full.route("GET /x", answer, open="no")
    assert full.route("GET /x", answer, open="A monitor asks").reason == "A monitor asks."


def test_a_route_wants_a_function_of_this_app(full: App, answer: Function, bare: Callable[..., App]) -> None:
    with pytest.raises(TypeError, match=r"pass the result of app.function"):
        full.route("POST /", answer.inference)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="belongs to another App"):
        bare().route("POST /", answer)


def test_a_route_wants_a_function_that_ends_in_time(full: App) -> None:
    slow = function(full, timeout=30)
    with pytest.raises(ValueError, match=r"Other may take 30 s.*waits only 29 s"):
        full.route("POST /", slow)
    as_text = function(full, name="Text", timeout="30")
    with pytest.raises(ValueError, match=r"Text may take 30 s.*waits only 29 s"):
        full.route("POST /", as_text)


def test_a_route_wants_to_know_who_may_call(folder: Path) -> None:
    app = App("silent", directory=folder)
    with pytest.raises(ValueError, match=r"say who may call.*access=Access"):
        app.route("POST /", function(app))


def twice(call: Callable[[], object]) -> None:
    call()
    call()


def right(reply: Any) -> bool:
    return bool(reply)


PROOFS: dict[str, tuple[Callable[[App, Any], Any], str]] = {
    "of no route": (lambda app, route: app.proof("POST /", {}, right), "pass the result of app.route"),  # type: ignore[arg-type]
    "twice": (lambda app, route: twice(lambda: app.proof(route, {}, right)), "already"),
    "a check of nothing": (lambda app, route: app.proof(route, {}, lambda: True), "must accept one argument"),  # type: ignore[arg-type,misc]
    "a check of two": (lambda app, route: app.proof(route, {}, lambda a, b: True), "must accept one argument"),  # type: ignore[arg-type,misc]
    "no check": (lambda app, route: app.proof(route, {}, True), "pass a function"),  # type: ignore[arg-type]
    "no JSON": (lambda app, route: app.proof(route, {1, 2}, right), "cannot be sent as JSON"),
    "GET with a body": (lambda app, route: app.proof(app.route("GET /", app.functions["Answer"]), {}, right), "None"),
    "no values": (
        lambda app, route: app.proof(app.route("POST /{id}", app.functions["Answer"]), {}, right), "add path="
    ),
    "not a number": (lambda app, route: app.proof(route, {"a": float("nan")}, right), "cannot be sent as JSON"),
    "of an answer without a body": (
        lambda app, route: app.proof(app.route("HEAD /", app.functions["Answer"]), None, right), "HEAD has no answer to"
    ),
    "path without slash": (lambda app, route: app.proof(route, {}, right, path="x"), "begin with a slash"),
    "path of another route": (
        lambda app, route: app.proof(route, {}, right, path="/there"), "path is '/there', which is not on /here"
    ),
    "path of a longer route": (
        lambda app, route: app.proof(
            app.route("POST /d/{id}", app.functions["Answer"]), {}, right, path="/d/7/more"
        ),
        "which is not on /d/{id}",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("mistake", "said"), PROOFS.values(), ids=PROOFS)
def test_a_wrong_proof(full: App, answer: Function, mistake: Callable[[App, Any], Any], said: str) -> None:
    route = full.route("POST /here", answer)
    with pytest.raises((ValueError, TypeError), match=said):
        mistake(full, route)


OTHERS: dict[str, tuple[Mistake, str]] = {
    "parameter of the template": (lambda app: app.parameter("Revision", "x"), "a parameter with that name"),
    "parameter of another App's template": (lambda app: app.parameter("InternetEgress", "x"), "choose another"),
    "parameter twice": (lambda app: twice(lambda: app.parameter("Sure", 1)), "'Sure'.*choose another"),
    "parameter of a resource's name": (lambda app: app.parameter("FileSystemResource", 1), "choose another"),
    "parameter with a dash": (lambda app: app.parameter("my-one", 1), "letters and digits"),
    "parameter of a list": (lambda app: app.parameter("Many", [1]), "use text, a number or nothing"),  # type: ignore[arg-type]
    "default too small": (lambda app: app.parameter("Sure", 0.1, at_least=0.5), "it must be at least 0.5$"),
    "default too large": (lambda app: app.parameter("Sure", 2, at_most=1), "it must be at most 1$"),
    "default beside the limits": (lambda app: app.parameter("Sure", 5, at_least=0, at_most=1), "from 0 to 1$"),
    "limit of a word": (lambda app: app.parameter("Sure", 5, at_least="1"), "at_least is '1': use a number"),  # type: ignore[arg-type]
    "parameter about a book": (
        lambda app: app.parameter("Sure", about="x" * 4001),
        "parameter 'Sure': about has 4001 characters: use at most 4000",
    ),
    "default that is no number": (lambda app: app.parameter("Sure", float("inf")), "the default is inf; use a finite"),
    "default of a book": (
        lambda app: app.parameter("Word", "x" * 4097),
        "the default has 4097 characters: use at most",
    ),
    "limits the wrong way": (
        lambda app: app.parameter("Sure", 1, at_least=9, at_most=0),
        "at_least is 9, more than at",
    ),
    "limits of text": (lambda app: app.parameter("Word", "x", at_most=3), "are only for numbers"),
    "default of no choice": (lambda app: app.parameter("Word", "x", one_of=["a", "b"]), "must be one of 'a', 'b'"),
    "choices of two kinds": (
        lambda app: app.parameter("Size", 1, one_of=["a", 1]),
        "parameter 'Size': one_of has 'a'; use numbers, like the default",
    ),
    "choices as text": (lambda app: app.parameter("Word", "x", one_of="xy"), "pass a list"),
    "resource twice": (lambda app: twice(lambda: app.add(Queue("Results"))), "'Results'.*another name"),
    "resource of a parameter's name": (lambda app: app.add(Queue("VpcId")), "a parameter with that name"),
    "no resource": (lambda app: app.add("Results"), "pass a troposphere resource"),
    "alarm on a name": (lambda app: app.alarm("Bad", "Errors", above=0), r"function.metric\(name\)"),  # type: ignore[arg-type]
    "alarm on a slip": (lambda app: function(app).metric("Erors"), "did you mean 'Errors'"),
    "alarm on two": (lambda app: app.alarm("Bad", ("AWS/SQS", "Age"), above=0), "dimension"),  # type: ignore[arg-type]
    "alarm on a list": (lambda app: app.alarm("Bad", ("AWS/SQS", "Age", ["Q"]), above=0), "dimension"),  # type: ignore[arg-type]
    "alarm on a queue's URL": (
        lambda app: on(app, "AWS/SQS", QueueName=app.add(Queue("Q"))),
        r"QueueName is the Ref of Q.*GetAtt\('Q', 'QueueName'\)",
    ),
    "alarm on a topic's ARN": (
        lambda app: [app.add(Topic("T")), on(app, "AWS/SNS", TopicName=Ref("T"))],
        r"TopicName is the Ref of T.*GetAtt\('T', 'TopicName'\)",
    ),
    "alarm on a load balancer": (
        lambda app: on(app, "AWS/ApplicationELB", LoadBalancer=app.add(LoadBalancer("L"))),
        "GetAtt.*'LoadBalancerFullName'",
    ),
    "alarm on the API's id": (
        lambda app: on(app, "AWS/ApiGateway", ApiName=Ref("Api")),
        r"ApiName is the API's id.*use Ref\('AWS::StackName'\)",
    ),
    "alarm on a function's ARN": (
        lambda app: on(app, "AWS/Lambda", FunctionName=function(app).arn),
        r"FunctionName is the ARN of Other.*use Ref\('Other'\)",
    ),
    "alarm above all": (lambda app: alarm(app, above=float("inf")), "above is inf; use a number"),
    "alarm about a book": (lambda app: alarm(app, about="x" * 1025), "about has 1025 characters: use at most 1024"),
    "alarm twice": (lambda app: twice(lambda: alarm(app)), "another name"),
    "alarm of no minutes": (lambda app: alarm(app, minutes=0), "1 to 1440"),
    "alarm of minutes in text": (lambda app: alarm(app, minutes="5"), "minutes is '5': use a whole number"),
    "alarm to a person": (lambda app: alarm(app, topic="me@example.org"), "topic is 'me@example.org': pass a Topic"),
    "alarm to a queue": (lambda app: alarm(app, topic=app.add(Queue("Q"))), "topic is Q, an AWS::SQS::Queue: pass a T"),
    "batch twice": (lambda app: twice(lambda: app.batch(only(app))), "^batch: the App already has one"),
    "batch of too many": (lambda app: app.batch(function(app), concurrency=10001), "concurrency is 10001: use 1 to 10"),
    "batch of all failures": (lambda app: app.batch(function(app), tolerated=101), "tolerated is 101: use 0 to 100"),
    "batch of a name": (lambda app: app.batch("Answer"), "^batch has 'Answer': pass the result of app.function"),  # type: ignore[arg-type]
    "resource of the API's name": (lambda app: app.add(Queue("Api")), "'Api'.*choose another name for the resource"),
    "alarm of a word": (lambda app: alarm(app, above="many"), "above is 'many'"),
    "alarm of an odd statistic": (lambda app: alarm(app, statistic="Median"), "Sum, Average"),
    "alarm with a dash": (lambda app: app.alarm("a-b", ("AWS/SQS", "Age", {}), above=0), "letters and digits"),
    "dashboard of nothing": (lambda app: app.dashboard(), "has 0 functions; pass the one that is watched"),
    "dashboard of two": (
        lambda app: [function(app), function(app, name="More"), app.dashboard()],
        "has 2 functions; pass the one",
    ),
    "dashboard of a name": (lambda app: app.dashboard("Answer"), r"dashboard has .*pass the result of app.function"),  # type: ignore[arg-type]
    "dashboard twice": (lambda app: two_dashboards(app), "another name"),
    "output twice": (lambda app: twice(lambda: app.output("Queue", "x")), "another name"),
    "output of no value": (lambda app: app.output("X", None), "^output 'X' is None: pass text, a number"),  # type: ignore[arg-type]
    "output of a list": (lambda app: app.output("X", ["a"]), r"^output 'X' is \['a'\]: pass text, a number"),  # type: ignore[arg-type]
    "resource of a name that the API needs": (
        lambda app: whole(app, Queue("ApiProdStage")),
        "^App 'sentiment': duplicate key \"ApiProdStage\" detected: the App's API needs this name; choose another$",
    ),
    "output of a number": (lambda app: app.output("X", 3), "^output 'X' is 3: pass text, such as '3'"),  # type: ignore[arg-type]
    "output about a book": (lambda app: app.output("X", "x", "a" * 1025), "about has 1025 characters: use at most"),
    "output of a long name": (lambda app: whole(app, long_output=True), "^App 'sentiment': O{30}.* has 256 characters"),
    "routes beyond the policy": (
        lambda app: [app.route(f"GET /r{one}", only(app)) for one in range(80)],
        r"^route 'GET /r\d\d': .*Other.*more than the 20480 bytes.*'ANY /\{rest\+\}'",
    ),
    "condition of nothing": (
        lambda app: whole(app, Queue("Words", Condition="Lost")),
        "Words has the condition 'Lost'",
    ),
    "function whose output is taken": (
        lambda app: function(told(app, "OtherFunction")),
        "^function 'Other': the App has an output 'OtherFunction' already; choose another name",
    ),
    "parameter of another App": (
        lambda app: [
            function(app, environment={"SURE": Parameter("Sure", Type="String")}),
            app.route("POST /", only(app)),
            app.template(),
        ],
        r"Other refers to 'Sure'.*app.add\(...\) or app.parameter\(...\)",
    ),
    "output of the App": (lambda app: app.output("Url", "x"), "another name"),
    "output with a dash": (lambda app: app.output("my-queue", "x"), "letters and digits"),
    "function of no name": (lambda app: function(app, name=3), "pass its name as text"),
    "no function": (lambda app: app.template(), r"add one with app.function"),
    "resource without what it needs": (lambda app: whole(app, Table("Words")), "App 'sentiment': .*KeySchema.*Words"),
    "reference to nothing": (
        lambda app: [
            function(app, environment={"QUEUE": Queue("Lost")}),
            app.route("POST /", app.functions["Other"]),
            app.template(),
        ],
        r"Other refers to 'Lost'.*app.add",
    ),
    "order after nothing": (lambda app: whole(app, Queue("Words", DependsOn="Lost")), "Words refers to 'Lost'"),
    "text with nothing": (lambda app: whole(app, Topic("T", TopicName=Sub("a-${Lost.Name}"))), "T refers to 'Lost'"),
    "output of nothing": (lambda app: whole(app, output=Ref("Lost")), "X refers to 'Lost'"),
    "access without a route": (lambda app: [function(app), app.template()], r"add one with app.route"),
}


def told(app: App, output: str) -> App:
    app.output(output, "x")
    return app


def only(app: App) -> Function:
    """The App's function."""
    return app.functions.get("Other") or function(app)


def on(app: App, namespace: str, **dimensions: Any) -> Any:
    return app.alarm("Bad", (namespace, "Age", dimensions), above=0)


def whole(app: App, *resources: Any, output: Any = "x", long_output: bool = False) -> Any:
    """The template of the App with these resources, and a function that answers."""
    for one in resources:
        app.add(one)
    if long_output:
        app.output("O" * 256, "x")
    app.output("X", output)
    app.route("POST /", function(app))
    return app.template()


def two_dashboards(app: App) -> None:
    function(app)
    twice(app.dashboard)


def alarm(app: App, **more: Any) -> Any:
    return app.alarm("Waiting", ("AWS/SQS", "Age", {"QueueName": "x"}), **{"above": 1, **more})


@pytest.mark.parametrize(("mistake", "said"), OTHERS.values(), ids=OTHERS)
def test_other_mistakes(full: App, mistake: Mistake, said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        mistake(full)


BEGUN: dict[str, tuple[dict[str, Any], str]] = {
    "name": ({"name": "My App"}, "lower-case letters"),
    "network of a word": ({"network": "vpc-1"}, "App.network is 'vpc-1': pass ExistingNetwork"),
    "access of a word": ({"access": "API_KEY"}, "pass Access"),
    "storage without network": ({"storage": Storage()}, "needs a network"),
    "network without storage": ({"network": NewNetwork()}, "is used only with storage: add storage=Storage"),
    "filling without storage": ({"filling": Filling("packages.txt", "model")}, "needs storage"),
    "runtime": ({"runtime": "3.13"}, "App.runtime is '3.13'"),
    "architecture": ({"architecture": "arm"}, "'x86_64', 'arm64'"),
    "origins as text": ({"cors": "https://example.org"}, "pass a list of origins"),
    "any origin": ({"cors": ["*"]}, "scheme and host"),
    "origin with a path": ({"cors": ["https://example.org/"]}, "scheme and host"),
    "origin with a slash": ({"cors": ["https://example.org/"]}, "nothing after the host"),
    "media types as text": (
        {"binary_media_types": "image/png"},
        r"App.binary_media_types is 'image/png': pass a list, such as \['image/png'\]",
    ),
    "a media type's end": (
        {"binary_media_types": ["png"]},
        "App.binary_media_types has 'png': use a type such as image/png",
    ),
    "about a book": ({"about": "ü" * 600}, "App.about has 1200 bytes: use at most 1024"),
    "about a number": ({"about": 5}, "App.about is 5: pass text"),
    "origin twice": ({"cors": ["https://example.org", "https://example.org"]}, "twice"),
}


@pytest.mark.parametrize(("wrong", "said"), BEGUN.values(), ids=BEGUN)
def test_a_wrong_app(folder: Path, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        App(**{"name": "right", "directory": folder, **wrong})


DECLARED: dict[str, tuple[Callable[[], Any], str]] = {
    "one zone": (lambda: ExistingNetwork(zones=1), "use 2 to 6"),
    "another filler": (lambda: ExistingNetwork(filler="open"), "'public', 'private'"),  # type: ignore[arg-type]
    "another egress": (lambda: NewNetwork("NAT"), "'nat'"),  # type: ignore[arg-type]
    "another mode": (lambda: Storage(throughput_mode="burst"), "'bursting'"),  # type: ignore[arg-type]
    "no MiB/s": (lambda: Storage("efs", "provisioned", 0), "MiB/s"),
    "no model": (lambda: Filling("packages.txt", ""), "Filling.model is empty"),
    "no packages": (lambda: Filling([], "model"), "Filling.packages is empty"),
    "a model of no text": (lambda: Filling("packages.txt", Path("model")), "pass text"),  # type: ignore[arg-type]
    "a digest of a directory": (lambda: Filling("p.txt", "model", sha256="a" * 64), "only for a model at a URL"),
    "a short digest": (lambda: Filling("p.txt", "https://x/m.tar", sha256="abc"), "64 hexadecimal"),
    "a model in a bucket": (lambda: Filling("p.txt", "s3://bucket/model.tar"), "a URL begins with http:// or https://"),
    "no instance type": (lambda: Filling("p.txt", "model", instance_type="huge"), "'huge': use an instance type"),
    "an open door unexplained": (lambda: Access("NONE"), "open_because"),
}


@pytest.mark.parametrize(("make", "said"), DECLARED.values(), ids=DECLARED)
def test_a_wrong_declaration(make: Callable[[], Any], said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        make()


PACKAGES: dict[str, tuple[Any, str]] = {
    "no file": ("nothing.txt", "there is no file"),
    "no pin": (["numpy"], "'numpy': use an exact version"),
    "an option of pip's": (["--index-url"], "use an exact version"),
    "twice": (["Ab_c==1", "ab-c==2"], "has ab-c==2 and Ab_c==1: name each package once"),
    "too many": ([f"numpy{one}==2.4.6" for one in range(400)], "name fewer packages"),
}


@pytest.mark.parametrize(("packages", "said"), PACKAGES.values(), ids=PACKAGES)
def test_wrong_packages(folder: Path, packages: Any, said: str) -> None:
    filling = Filling(packages, "model")
    with pytest.raises(ValueError, match=said):
        App("wrong", network=NewNetwork(), storage=Storage(), filling=filling, directory=folder)


@pytest.mark.parametrize(
    ("start", "encoding", "said"), [("", "utf-16", "packages.txt is not UTF-8; save the file"), ("\ufeff", "utf-8", "")]
)
def test_a_file_of_packages_that_windows_has_written(folder: Path, start: str, encoding: str, said: str) -> None:
    (folder / "packages.txt").write_text(f"{start}numpy==2.4.6\r\n", encoding=encoding, newline="")
    made: dict[str, Any] = {"network": NewNetwork(), "storage": Storage(), "filling": Filling("packages.txt", "m")}
    if said:
        with pytest.raises(ValueError, match=said):
            App("w3", directory=folder, **made)
    else:
        assert App("w3", directory=folder, **made).foundation is not None


def test_an_empty_file_of_packages(folder: Path) -> None:
    (folder / "packages.txt").write_text("# later\n")
    with pytest.raises(ValueError, match="names no package"):
        App("w2", network=NewNetwork(), storage=Storage(), filling=Filling("packages.txt", "m"), directory=folder)


def test_what_is_cloudformation_s_and_what_stands_for_itself_are_no_references(full: App) -> None:
    named = Topic("T", TopicName=Sub("${AWS::Region}-${!Lost}-${Own}-${V}", Own=Ref("AWS::StackName"), V="x"))
    assert whole(full, named).resources["T"] is named


@pytest.mark.parametrize("name", ["Errors", "MaxOffsetLag", "SomethingNew"])
def test_a_metric_that_may_be_one_is_taken(full: App, name: str) -> None:
    assert function(full).metric(name)[:2] == ("AWS/Lambda", name)


@pytest.mark.parametrize("check", [bool, right, lambda reply, more=1: True, lambda *all: True])
def test_a_check_that_takes_the_answer_is_taken(full: App, answer: Function, check: Any) -> None:
    full.proof(full.route("POST /", answer), {}, check)
    assert full.question is not None
