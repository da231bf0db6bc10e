"""A deployment as plain data: what cannot be deployed fails where it is written, and names follow from it."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from troposphere import Template

from wildrydes_ml.app import Filling as AppFilling
from wildrydes_ml.deployment import Code, Deployment, Filling, Kept, Proof, Stack, StackOutput
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.template.source import Source
from wildrydes_ml.web import Reply


def stack(id: str, rows: Sequence[str] = (), outputs: Sequence[str] = (), **more: Any) -> Stack:
    body = {
        "Parameters": {name: {"Type": "String", "Description": f"{name} of {id}"} for name in rows},
        "Outputs": {name: {"Value": "x"} for name in outputs},
    }
    return Stack(Source(f"{id}.yml", "text", body), id, **more)


TABLE = stack("table", ["Size"], ["Arn", "Name"])
ONE = (TABLE,)


@pytest.mark.parametrize("name", ["", "a", "Orders", "1st", "or_ders", "orders-", "a" * 32, "orders\n"])
def test_a_name_that_cannot_begin_stacks_names(name: str) -> None:
    with pytest.raises(ValueError, match=r"Deployment.name is '.*': use 2 to 31 lower-case letters"):
        Deployment(name, ONE)


@pytest.mark.parametrize("name", ["or", "orders-2", "a" * 31])
def test_a_name_that_can(name: str) -> None:
    assert Deployment(name, ONE).name == name


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "one stack": (lambda: Deployment("orders", TABLE), "^Deployment.stacks is a Stack: pass a tuple, such as "),  # type: ignore[arg-type]
    "a file": (lambda: Deployment("orders", (Path("a.yml"),)), "^Deployment.stacks has a .*Path: pass a tuple, such"),  # type: ignore[arg-type]
    "one code": (lambda: Deployment("orders", ONE, code=Code(Path())), "^Deployment.code is a Code: pass a tuple"),  # type: ignore[arg-type]
    "a directory": (lambda: Deployment("orders", ONE, code=("src",)), "^Deployment.code has a str: pass a tuple"),  # type: ignore[arg-type]
    "a proof of parts": (lambda: Deployment("orders", ONE, ("POST /", {})), "^Deployment.proof is a tuple: pass Proof"),  # type: ignore[arg-type]
    "an input of text": (
        lambda: Deployment("orders", (TABLE, stack("reader", ["From"], inputs={"From": ("Arn",)}))),
        "^input From of stack 'reader' is 'Arn': pass StackOutput",
    ),
    "an id twice": (
        lambda: Deployment("orders", (TABLE, stack("table"))),
        "^two stacks have the id 'table': give each",
    ),
    "no id twice": (lambda: Deployment("orders", (stack(""), stack(""))), "^two stacks have the id '': give each"),
    "an odd id": (lambda: stack("my table"), "^stack 'my table': an id has up to 96 letters, digits and dashes"),
    "a long id": (lambda: stack("a" * 97), "^stack 'a+': an id has up to 96 letters, digits and dashes"),
    "a source of text": (lambda: Stack("a.yml"), r"^Stack.source is 'a.yml': use Stack.of\(file\)"),  # type: ignore[arg-type]
    "a template as data": (
        lambda: Stack.of({"Resources": {}}),
        "^the template is a dict: pass a path, or a troposphere.Template",
    ),
    "a number as value": (
        lambda: stack("table", ["Size"], parameters={"Size": 3}),
        "^stack 'table': the value of Size is 3: pass text, such as '1'",
    ),
    "values in a list": (
        lambda: stack("table", ["Size"], parameters=["Size=3"]),
        "^stack 'table': parameters is .*: pass a dictionary",
    ),
    "inputs in a list": (
        lambda: stack("table", ["Size"], inputs=[("Size", ())]),
        "^stack 'table': inputs is .*: pass a dictionary",
    ),
    "an App's filling": (
        lambda: Deployment("orders", ONE, filling=AppFilling("packages.txt", "model/")),  # type: ignore[arg-type]
        "^Deployment.filling is a Filling: pass a Filling of wildrydes_ml.deployment",
    ),
    "kept by an id": (lambda: Deployment("orders", ONE, kept="table"), "^Deployment.kept is a str: pass Kept"),  # type: ignore[arg-type]
    "a filling of no stack": (
        lambda: Deployment("orders", ONE, filling=Filling("tabel")),
        "^Filling.stack is 'tabel': the stacks have the ids 'table'$",
    ),
    "what no stack keeps": (lambda: Deployment("orders", ONE, kept=Kept("")), "^Kept.stack is '': the stacks have"),
    "a refill by nothing": (
        lambda: Deployment("orders", ONE, filling=Filling("table", refills=("Sice",))),
        "^Filling.refills: no template has a parameter Sice; they have Size$",
    ),
    "fixed to nothing": (
        lambda: Deployment("orders", ONE, fixed={"Sice": "all is lost"}),
        "^Deployment.fixed: no template has a parameter Sice; they have Size$",
    ),
    "code of text": (lambda: Code("src"), r"^Code.directory is 'src': pass a Path, such as Path\('src'\)"),  # type: ignore[arg-type]
    "a parameter as text": (
        lambda: Code(Path("src"), "CodeKey"),  # type: ignore[arg-type]
        r"^Code.parameters is 'CodeKey': pass a tuple, such as \('CodeKey',\)",
    ),
    "a preset of nothing": (
        lambda: Deployment("orders", ONE, presets={"small": {"Sice": "1"}}),
        "^preset 'small': no template has a parameter Sice; they have Size$",
    ),
}


def test_a_value_that_the_template_does_not_allow_fails_at_its_line() -> None:
    rows = {"Size": {"Type": "Number", "MaxValue": 3}}
    source = Source("a.yml", "text", {"Parameters": rows})
    with pytest.raises(ValueError, match=r"^stack 'table': the value of Size is '4': it must be a number to 3$"):
        Stack(source, "table", {"Size": "4"})


def test_a_template_that_creates_nothing_is_refused() -> None:
    with pytest.raises(SettingsError, match="the template has no Resources; add at least one"):
        Stack.of(Template(), "table")


@pytest.mark.parametrize(("make", "said"), WRONG.values(), ids=WRONG)
def test_what_is_of_the_wrong_kind_fails_at_its_line(make: Callable[[], Any], said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        make()


def test_it_has_at_least_one_stack() -> None:
    with pytest.raises(ValueError, match=r"Deployment.stacks is empty"):
        Deployment("orders", ())


@pytest.mark.parametrize("more", [{"parameters": {"Sice": "1"}}, {"inputs": {"Sice": (StackOutput("table", "Arn"),)}}])
def test_a_parameter_that_the_template_has_not_is_named_with_those_it_has(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^stack 'reader': reader.yml has no parameter Sice; it has From, Size$"):
        Deployment("orders", (TABLE, stack("reader", ["Size", "From"], **more)))


def test_a_template_without_parameters_says_so() -> None:
    with pytest.raises(ValueError, match="has no parameter Size; it has none"):
        Deployment("orders", (stack("bare", inputs={"Size": ()}),))


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (StackOutput("tabel", "Arn"), "input From of stack 'reader': no stack 'tabel' comes before it"),
        (StackOutput("reader", "Arn"), "no stack 'reader' comes before it"),
        (StackOutput("last", "Arn"), "no stack 'last' comes before it"),
        (
            StackOutput("table", "Url"),
            "input From of stack 'reader': stack 'table' has no output Url; it has Arn, Name",
        ),
    ],
    ids=["no such stack", "its own", "a later one", "no such output"],
)
def test_an_input_comes_from_an_output_of_a_stack_before(output: StackOutput, says: str) -> None:
    fed = stack("reader", ["From"], ["Arn"], inputs={"From": (StackOutput("table", "Name"), output)})
    with pytest.raises(ValueError, match=says):
        Deployment("orders", (TABLE, fed, stack("last", outputs=["Arn"])))


def test_code_s_key_goes_to_a_parameter_that_there_is() -> None:
    with pytest.raises(ValueError, match=r"Code.parameters: no template has a parameter CodeKey; they have Size$"):
        Deployment("orders", ONE, code=(Code(Path(), ("Size", "CodeKey")),))


def test_the_stacks_names_begin_with_the_deployment_s() -> None:
    whole = Deployment("orders", (TABLE, stack("reader"), stack("")))
    assert whole.stack_names("orders") == ("orders-table", "orders-reader", "orders")
    assert whole.stack_names("mine") == ("mine-table", "mine-reader", "mine")


def test_rows_are_the_parameters_of_all_stacks() -> None:
    rows = Deployment("orders", (TABLE, stack("reader", ["From", "Limit"]))).rows
    assert {name: row["Description"] for name, row in rows.items()} == {
        "Size": "Size of table",
        "From": "From of reader",
        "Limit": "Limit of reader",
    }


def test_given_are_those_that_nobody_sets_and_why() -> None:
    names = ["From", "Kind", "DataBucket", "CodeKey", "Revision", "Dual", "Free"]
    fed = stack("reader", names, inputs={"From": (StackOutput("table", "Arn"),)}, parameters={"Kind": "fifo"})
    whole = Deployment("orders", (TABLE, fed), code=(Code(Path()),), derived={"Dual": "it follows Free", "Other": "no"})
    assert whole.given == {
        "From": "it comes from stack table",
        "Kind": "the deployment decides it",
        "DataBucket": "use --bucket",
        "CodeKey": "it holds the digest of the code",
        "Revision": "it follows the settings and what is on EFS",
        "Dual": "it follows Free",
    }
    assert Deployment("orders", ONE).given == {}
    assert "Bucket" in Deployment("orders", (stack("reader", ["Bucket"]),), bucket="Bucket").given


def test_a_bucket_that_is_named_goes_to_a_parameter_that_there_is() -> None:
    with pytest.raises(ValueError, match=r"^Deployment.bucket: no template has a parameter Bucket; they have Size$"):
        Deployment("orders", ONE, bucket="Bucket")
    assert Deployment("orders", ONE, bucket="Size").bucket == "Size"


def proof(**more: Any) -> Proof:
    return Proof(**{"body": b"", "headers": {}, "read": lambda reply: None, "event": {}, "api": "Arn", "url": "Name",
                    "function": lambda values, outputs: outputs["Name"], **more})  # fmt: skip


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"api": "Api"}, "Proof.api: no stack has an output Api; they have Arn, Name"),
        ({"url": "Url"}, "Proof.url: no stack has an output Url; they have Arn, Name"),
        (
            {"function": lambda values, outputs: outputs["Nam"]},
            "Proof.function: no stack has a parameter or an output Nam; they have Arn, Name, Size",
        ),
        (
            {"function": lambda values, outputs: values["Sice"]},
            "Proof.function: no stack has a parameter or an output Sice; they have Arn, Name, Size",
        ),
    ],
    ids=["api", "url", "output", "parameter"],
)
def test_a_proof_asks_for_outputs_that_there_are(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}$"):
        Deployment("orders", ONE, proof=proof(**more))


@pytest.mark.parametrize(
    "function",
    [
        lambda values, outputs: outputs["Arn"].split(":")[6],
        lambda values, outputs: {"large": "f"}[values["Size"]],
        lambda values, outputs: {1: "f"}[0],
        lambda values, outputs: f"{outputs['Name']}:{values['Size']}",
    ],
    ids=["index", "value", "number", "fine"],
)
def test_a_function_that_only_real_values_suit_is_no_fault(function: Any) -> None:
    assert Deployment("orders", ONE, proof=proof(function=function)).proof


ASKED = {"x": 21}


def of(route: str = "POST /double", asked: Any = ASKED, **more: Any) -> Proof:
    """A proof of one line."""
    given = {"check": lambda reply: reply["y"] == 42, "function": "Name", "api": "Arn", "url": "Name", **more}
    return Proof.of(route, asked, **given)


def test_a_proof_of_one_line_asks_as_an_app_s_does() -> None:
    made = of(auth="API_KEY")
    assert (made.method, made.path, made.body) == ("POST", "double", b'{"x": 21}')
    assert made.headers["Content-Type"] == "application/json"
    assert (made.event["httpMethod"], made.event["path"], made.event["body"]) == ("POST", "/double", '{"x": 21}')
    assert made.read(Reply(200, b'{"y": 42}')).error == ""
    assert "is not what the proof expects" in made.read(Reply(200, b'{"y": 41}')).error
    assert made.read(Reply(502, b"no")).error.startswith("502: no")
    assert (made.auth({}), made.about) == ("API_KEY", 'ask POST /double {"x": 21}')
    line = made.command({}, "https://host/v1")
    assert line == """curl -X POST -H 'Content-Type: application/json' -d '{"x": 21}' https://host/v1/double"""


@pytest.mark.parametrize("function", ["Name", lambda values, outputs: outputs["Name"]])
def test_a_proof_finds_the_function_by_an_output_or_as_it_is_told(function: Any) -> None:
    made = of("GET /", None, function=function)
    assert Deployment("orders", ONE, proof=made).proof is made
    assert made.function({"Size": "1"}, {"Name": "reader"}) == "reader"


def test_a_proof_may_learn_from_the_parameters_who_may_call() -> None:
    made = of(auth=lambda values: values["Auth"])
    assert made.auth({"Auth": "API_KEY"}) == "API_KEY"
    assert made.command({}, "https://host/v1") == ""
    assert of("GET /{id}", None, path="/7").path == "7"


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"route": "POST"}, ValueError, "Proof.of: the route is 'POST'; write method and path, such as 'POST /'"),
        ({"route": "FETCH /"}, ValueError, "Proof.of: the route is 'FETCH /'"),
        ({"auth": "KEY"}, ValueError, "Proof.of: auth is 'KEY'; use one of NONE, API_KEY, AWS_IAM, or a function"),
        ({"check": 42}, TypeError, "the check is 42"),
        ({"asked": {1, 2}}, TypeError, "cannot be sent as JSON"),
        ({"route": "GET /"}, ValueError, "GET / cannot send a body"),
    ],
)
def test_a_proof_that_cannot_be_asked_fails_at_its_line(
    more: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=re.escape(says)):
        of(**more)


def test_a_proof_of_a_function_that_no_stack_tells_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^Proof.function: no stack has a parameter or an output Nam; they have"):
        Deployment("orders", ONE, proof=of(function="Nam"))


def test_an_output_that_two_stacks_have_is_called_by_its_stack() -> None:
    whole = Deployment("orders", (TABLE, stack("", outputs=["Arn", "Url"])))
    assert whole.outputs == ("table.Arn", "Name", "orders.Arn", "Url")
    told = {"mine-table": {"Arn": "t", "Name": "n"}, "mine": {"Arn": "r", "Url": "u"}}
    assert whole.merged("mine", told) == {"table.Arn": "t", "Name": "n", "orders.Arn": "r", "Url": "u"}
    # An output that the new templates do not have takes the name of none.
    assert whole.merged("mine", {"mine-table": {"Url": "old"}, "mine": {"Url": "u"}}) == {
        "table.Url": "old",
        "Url": "u",
    }
    assert whole.merged("mine", {"other": {"Name": "n"}}) == {"Name": "n"}
    # One that a condition leaves out makes no other name of the other.
    assert whole.merged("mine", {"mine": {"Arn": "r"}}) == {"orders.Arn": "r"}


def test_a_proof_says_which_of_two_outputs_it_means() -> None:
    stacks = (TABLE, stack("reader", outputs=["Arn", "Url"]))
    with pytest.raises(
        ValueError, match=r"^Proof.api: no stack has an output Arn; they have Name, Url, reader.Arn, table.Arn$"
    ):
        Deployment("orders", stacks, proof=of(api="Arn", url="Url"))
    with pytest.raises(ValueError, match=r"^Proof.function: no stack has a parameter or an output Arn; they have"):
        Deployment("orders", stacks, proof=of(api="Name", url="Url", function="Arn"))
    whole = Deployment("orders", stacks, proof=of(api="reader.Arn", url="Url", function="table.Arn"))
    assert whole.proof is not None
    outputs = whole.merged("orders", {"orders-table": {"Arn": "t"}, "orders-reader": {"Arn": "r", "Url": "u"}})
    assert whole.proof.function({}, outputs) == "t"
