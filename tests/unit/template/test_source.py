"""A template's file read: what people write, and what is refused at its line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from troposphere import Join, Output, Ref, Template
from troposphere.s3 import Bucket

from wildrydes_ml.errors import SettingsError
from wildrydes_ml.template.source import Source, built, read

TOPIC = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"


def read_text(tmp_path: Path, text: str | bytes, name: str = "stack.yml") -> Source:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)


def refusal(tmp_path: Path, text: str | bytes, name: str = "stack.yml") -> list[str]:
    """What is wrong with the text, without the directory."""
    with pytest.raises(SettingsError) as caught:
        read_text(tmp_path, text, name)
    assert caught.value.exit_code == 2
    return [fault.removeprefix(f"{tmp_path}/") for fault in caught.value.faults]


def properties(tmp_path: Path, written: str) -> Any:
    """What the topic's one property is read as."""
    return read_text(tmp_path, f"{TOPIC}    Properties:\n      P: {written}\n").body["Resources"]["Topic"][
        "Properties"
    ]["P"]


SHORT = [
    ("!Ref A", {"Ref": "A"}),
    ("!Condition A", {"Condition": "A"}),
    ("!Sub '${A}/b'", {"Fn::Sub": "${A}/b"}),
    ("!Sub ['${B}', {B: !GetAtt A.Arn}]", {"Fn::Sub": ["${B}", {"B": {"Fn::GetAtt": ["A", "Arn"]}}]}),
    ("!GetAtt A.Outputs.Url", {"Fn::GetAtt": ["A", "Outputs.Url"]}),
    ("!GetAtt [A, Arn]", {"Fn::GetAtt": ["A", "Arn"]}),
    ("!FindInMap [M, !Ref A, b]", {"Fn::FindInMap": ["M", {"Ref": "A"}, "b"]}),
    ("!ImportValue net-vpc", {"Fn::ImportValue": "net-vpc"}),
    ("!ImportValue {'Fn::Sub': '${A}-vpc'}", {"Fn::ImportValue": {"Fn::Sub": "${A}-vpc"}}),
    ("!Select [0, !Split [',', 'a,b']]", {"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]}),
    ("!Select [1, !GetAZs '']", {"Fn::Select": [1, {"Fn::GetAZs": ""}]}),
    ("!Cidr [!GetAtt V.CidrBlock, 2, 8]", {"Fn::Cidr": [{"Fn::GetAtt": ["V", "CidrBlock"]}, 2, 8]}),
    ("!Base64 abc", {"Fn::Base64": "abc"}),
    ("!And [!Condition A, !Not [!Equals [a, b]], !Or [!Condition B, !Condition C]]", {
        "Fn::And": [
            {"Condition": "A"},
            {"Fn::Not": [{"Fn::Equals": ["a", "b"]}]},
            {"Fn::Or": [{"Condition": "B"}, {"Condition": "C"}]},
        ]
    }),
    ("!If [C, !Join ['', [!If [D, a, !Ref B]]], !Ref 'AWS::NoValue']", {
        "Fn::If": ["C", {"Fn::Join": ["", [{"Fn::If": ["D", "a", {"Ref": "B"}]}]]}, {"Ref": "AWS::NoValue"}]
    }),
]  # fmt: skip


@pytest.mark.parametrize(("written", "spelt_out"), SHORT)
def test_short_forms_are_read_in_their_long_form(tmp_path: Path, written: str, spelt_out: object) -> None:
    assert properties(tmp_path, written) == spelt_out


def test_many_lined_functions_are_read(tmp_path: Path) -> None:
    written = "\n        Fn::Base64: !Sub |\n          #!/bin/bash\n          echo ${A}\n"
    assert properties(tmp_path, written) == {"Fn::Base64": {"Fn::Sub": "#!/bin/bash\necho ${A}\n"}}
    assert properties(tmp_path, "!Sub >-\n        a\n        ${B}") == {"Fn::Sub": "a ${B}"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2012-10-17", "2012-10-17"),
        ("'2012-10-17'", "2012-10-17"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("012345678901", "012345678901"),
        ("'012345670123'", "012345670123"),
        ("123456789012", 123456789012),
        ("0755", 493),
        ("'0755'", "0755"),
        ("yes", True),
        ("Off", False),
        ("'no'", "no"),
        ("1.10", 1.1),
        ("1e3", "1e3"),
        ("=", "="),
        ("!!str 5", "5"),
        ("''", ""),
    ],
)
def test_plain_values_are_what_yaml_1_1_makes_of_them(tmp_path: Path, written: str, meant: object) -> None:
    value = properties(tmp_path, written)
    assert (value, type(value)) == (meant, type(meant))


def test_keys_are_text_as_they_are_written(tmp_path: Path) -> None:
    text = f"Mappings:\n  Accounts:\n    012345678901: {{On: 1}}\n    123456789012: {{2012-10-17: 2, 8: 3}}\n{TOPIC}"
    assert read_text(tmp_path, text).body["Mappings"]["Accounts"] == {
        "012345678901": {"On": 1},
        "123456789012": {"2012-10-17": 2, "8": 3},
    }


def test_the_text_is_passed_on_as_it_is(tmp_path: Path) -> None:
    text = f"# What it is for: Ä\r\n---\r\nParameters: {{}}\n{TOPIC}"
    source = read_text(tmp_path, text)
    assert (source.name, source.text) == ("stack.yml", text)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    assert read_text(tmp_path, b"\xef\xbb\xbf" + TOPIC.encode()).text == TOPIC


def test_a_resource_may_be_called_fn(tmp_path: Path) -> None:
    file = tmp_path / "stack.yml"
    file.write_text("Resources:\n  Fn: {Type: AWS::Lambda::Function}\n")
    assert read(file).body["Resources"]["Fn"] == {"Type": "AWS::Lambda::Function"}


def test_an_anchor_alone_changes_nothing(tmp_path: Path) -> None:
    text = TOPIC.replace("Type:", "Type: &kind")
    assert read_text(tmp_path, text).text == text


ALIASES = """
Metadata:
  Common: &common {FifoTopic: false, Tags: [&owner {Key: owner, Value: me}]}
Resources:
  One: {Type: 'AWS::SNS::Topic', Properties: *common}
  Two:
    Type: AWS::SNS::Topic
    Properties:
      <<: *common
      DisplayName: !Ref One
      FifoTopic: true
"""


def test_aliases_and_merges_are_written_out_since_cloudformation_reads_none(tmp_path: Path) -> None:
    source = read_text(tmp_path, ALIASES)
    tags = [{"Key": "owner", "Value": "me"}]
    assert source.body["Resources"]["One"]["Properties"] == {"FifoTopic": False, "Tags": tags}
    merged = {"FifoTopic": True, "Tags": tags, "DisplayName": {"Ref": "One"}}
    assert source.body["Resources"]["Two"]["Properties"] == merged
    assert json.loads(source.text) == source.body


def test_a_merge_without_an_alias_is_written_out_too(tmp_path: Path) -> None:
    source = read_text(tmp_path, TOPIC + "    Properties: {<<: {DisplayName: a}}\n")
    assert json.loads(source.text)["Resources"]["Topic"]["Properties"] == {"DisplayName": "a"}


JSON = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "\U0001f600/x", "Fifo": False}}},
    "Mappings": {"Long": {"k" * 2000: {"a": 1}}},
}


@pytest.mark.parametrize("indent", [None, 1, "\t"])
@pytest.mark.parametrize("ascii", [True, False])
def test_json_is_read_however_it_is_written(tmp_path: Path, indent: Any, ascii: bool) -> None:
    text = json.dumps(JSON, indent=indent, ensure_ascii=ascii).replace("/", "\\/")
    source = read_text(tmp_path, text, "stack.json")
    assert (source.body, source.text) == (JSON, text)


def test_what_code_builds_is_the_same_as_its_text_read(tmp_path: Path) -> None:
    template = Template()
    bucket = template.add_resource(Bucket("Data", BucketName=Join("-", ["a", Ref("AWS::Region")])))
    template.add_output(Output("Name", Value=Ref(bucket)))
    source = built("data.yml", template)
    assert source.name == "data.yml"
    assert read_text(tmp_path, source.text).body == json.loads(json.dumps(source.body))


def test_reading_a_file_needs_no_troposphere(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(TOPIC, encoding="utf-8")
    program = (
        "import sys, pathlib\nfrom wildrydes_ml.template.source import read\nread(pathlib.Path(sys.argv[1]))\n"
        "assert not {'troposphere', 'boto3', 'awacs'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "a.yml")], check=True)


REFUSED = [
    ("", "stack.yml: this is not a CloudFormation template: it has no Resources"),
    ("- a\n", "stack.yml: this is not a CloudFormation template"),
    ("just words", "stack.yml: this is not a CloudFormation template"),
    ("Resources:\n", "stack.yml: this is not a CloudFormation template"),
    ("Resources: {}\n", "stack.yml: this is not a CloudFormation template"),
    ("Outputs: {A: {Value: a}}\n", "stack.yml: this is not a CloudFormation template"),
    ("Resources: [\n", "stack.yml:2:1: this is neither YAML nor JSON"),
    ('{"Resources": {"A": {"Type": "T" "B": 1}}}', "stack.yml:1:34: this is neither YAML nor JSON"),
    (f"{TOPIC}---\n{TOPIC}", "stack.yml:4:1: this is neither YAML nor JSON"),
    ("Resources:\n\tA: {Type: T}\n", "stack.yml:2:1: this is neither YAML nor JSON: found character that cannot"),
    (f"{TOPIC}    Properties:\n      P: !Base64 !Sub x\n", "write `Fn::Base64: !Sub"),
    (f"{TOPIC}    A: \x07\n", "stack.yml:4: this is neither YAML nor JSON: "),
    (TOPIC.encode("utf-16"), "stack.yml:1: this is not UTF-8; save the file as UTF-8"),
    (
        f"{TOPIC}  Topic:\n    Type: T\n",
        "stack.yml:4:3: duplicate key Topic, first at line 2; only one would count",
    ),
    (
        '{"Resources": {"A": {"Type": "T", "Type": "\\ud83d\\ude00"}}}',
        "stack.yml: duplicate key Type; only one would count",
    ),
    (f"{TOPIC}    Properties: {{a: {{b: 1, b: 1}}}}\n", "stack.yml:4:28: duplicate key b"),
    (f"{TOPIC}    Properties: {{? {{a: b}} : c}}\n", "stack.yml:4:20: a key must be text"),
    (f"{TOPIC}    Properties: !Reff A\n", "stack.yml:4:17: CloudFormation does not know the tag !Reff; it knows !And"),
    (f"{TOPIC}    Properties: !!omap [a: 1]\n", "CloudFormation does not know the tag !!omap"),
    (f"{TOPIC}    P: !!binary aGk=\n", "CloudFormation does not know the tag !!binary"),
    (f"{TOPIC}    P: !!python/object:os.x {{}}\n", "does not know the tag !!python/object:os.x"),
    (
        f"{TOPIC}    P: {{'Fn::Subs': a}}\n",
        "stack.yml:4:9: CloudFormation does not know the function Fn::Subs; it knows",
    ),
    (f"{TOPIC}    Properties:\n", "stack.yml:4:16: the value is missing, and CloudFormation refuses that"),
    (f"{TOPIC}    P: 012345670123\n", 'reads 012345670123 as the number 1402433619; write "012345670123" in quotes'),
    ("Resources:\n  Topic: {Typ: T}\n", "stack.yml:2:10: the resource Topic has no Type; add one"),
    ("Resources:\n  Topic: text\n", "stack.yml:2:10: the resource Topic has no Type"),
    (
        "Parameters: {Size: {Default: 1}}\nResources: {T: {Type: T}}\n",
        "stack.yml:1:20: the parameter Size has no Type; add one, such as String",
    ),
    ("Parameters: {Size: Number}\nResources: {T: {Type: T}}\n", "stack.yml:1:20: the parameter Size has no Type"),
    (
        "Parameters: {Sizes: {Type: CommaDelimitedList, Default: [a, b]}}\nResources: {T: {Type: T}}\n",
        "stack.yml:1:57: the Default of parameter Sizes is no text; write one, such as 'a,b' for a list",
    ),
    (
        "Parameters: {Size: {Type: Int}}\nResources: {T: {Type: T}}\n",
        "stack.yml:1:27: the parameter Size has the Type Int, which CloudFormation does not know; use String",
    ),
    (
        f"{TOPIC}Outptus: {{}}\n",
        "stack.yml:4:10: CloudFormation does not know the section Outptus; correct or remove it; did you mean Outputs?",
    ),
    (f"Conditions: [a]\n{TOPIC}", "stack.yml:1:13: Conditions must be a mapping"),
    ("Metadata: &a {a: *a}\n" + TOPIC, "this is neither YAML nor JSON: found unconstructable recursive node"),
    (f"{'{' * 5000}", "this is neither YAML nor JSON"),
    (f"{TOPIC}    P: {'[' * 3000}{']' * 3000}\n", "this is neither YAML nor JSON"),
]


@pytest.mark.parametrize(("text", "why"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_work_is_refused_at_its_line(tmp_path: Path, text: str | bytes, why: str) -> None:
    (fault,) = refusal(tmp_path, text)
    assert why in fault


EXPANDED = [
    (
        "Transform: AWS::Serverless-2016-10-31\n{}",
        "1:12",
        "Transform AWS::Serverless-2016-10-31",
        "AWS::Lambda::Function",
    ),
    ("Transform: [MyMacro]\n{}", "1:13", "Transform MyMacro", "Write what it expands to"),
    (
        "Transform: [{{Name: 'AWS::Include'}}]\n{}",
        "1:13",
        "Transform AWS::Include",
        "Write the included text in its place",
    ),
    ("{}    P: !Transform {{Name: 'AWS::Include'}}\n", "4:8", "!Transform AWS::Include", "Write the included text"),
    ("{}  Fn::Transform: {{Name: M}}\n", "4:3", "Fn::Transform M", "Write what it expands to"),
    ("{}  Fn::ForEach::Topics: [N, [a], {{}}]\n", "4:3", "Fn::ForEach", "build the template in Python with a loop"),
    ("{}    P: !Length [a]\n", "4:8", "!Length", "Write the number"),
    ("{}    P: {{'Fn::ToJsonString': {{a: b}}}}\n", "4:9", "Fn::ToJsonString", "Write the JSON text with !Sub"),
]


@pytest.mark.parametrize(("text", "place", "name", "instead"), EXPANDED, ids=[row[2] for row in EXPANDED])
def test_what_cloudformation_would_expand_is_refused_by_name(
    tmp_path: Path, text: str, place: str, name: str, instead: str
) -> None:
    (fault,) = refusal(tmp_path, text.format(TOPIC))
    assert fault.startswith(f"stack.yml:{place}: {name} is not supported. ")
    assert instead in fault
    assert "--template-stage Processed" in fault


def test_language_extensions_are_refused_with_all_that_they_bring(tmp_path: Path) -> None:
    text = f"Transform: [AWS::LanguageExtensions]\n{TOPIC}  Fn::ForEach::More: [N, [a], {{}}]\n"
    assert [fault.partition(" is not")[0] for fault in refusal(tmp_path, text)] == [
        "stack.yml:1:13: Transform AWS::LanguageExtensions",
        "stack.yml:5:3: Fn::ForEach",
    ]


def test_all_faults_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = f"{TOPIC}    Properties:\n      A: !Reff B\n      A:\n      C: 012345670123\n"
    places = [fault.split(": ")[0] for fault in refusal(tmp_path, text)]
    assert places == ["stack.yml:5:10", "stack.yml:6:7", "stack.yml:6:9", "stack.yml:7:10"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no\.yml: there is no such file; name a CloudFormation template"):
        read(tmp_path / "no.yml")
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        read(tmp_path)


def test_a_file_above_cloudformation_s_limit_is_refused(tmp_path: Path) -> None:
    filled = TOPIC + "#" * (1_000_000 - len(TOPIC))
    assert read_text(tmp_path, filled).text == filled
    (fault,) = refusal(tmp_path, filled + "#")
    assert fault.endswith("1,000,001 bytes; CloudFormation accepts at most 1,000,000: split it into several stacks")


def test_aliases_of_aliases_do_not_fill_the_memory(tmp_path: Path) -> None:
    levels = [f"  A{one}: &a{one} [{', '.join([f'*a{one - 1}'] * 9)}]" for one in range(1, 30)]
    text = "\n".join(["Metadata:", "  A0: &a0 [x]", *levels, TOPIC])
    (fault,) = refusal(tmp_path, text)
    assert "with its aliases expanded; CloudFormation accepts at most 1,000,000" in fault


values = st.recursive(
    st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcXY019:._-", min_size=1), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_pyyaml_or_json_writes_is_read_back(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    body = {"Resources": {"A": {"Type": "T", "Properties": {"P": value}}}}
    directory = tmp_path_factory.mktemp("written", numbered=True)
    for text in (json.dumps(body), yaml.safe_dump(body, allow_unicode=True)):
        if "Fn::" not in text and "&id" not in text:
            assert read_text(directory, text).body == body
