"""YAML text: the bytes that reviewers read, the same on every machine, and the same template when read again."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from troposphere import Base64, Equals, GetAtt, If, Join, Output, Parameter, Ref, Sub, Tags, Template
from troposphere.cloudformation import WaitConditionHandle
from troposphere.sqs import Queue

import wildrydes_ml
from wildrydes_ml import blocks
from wildrydes_ml.blocks.dashboard import Alarms
from wildrydes_ml.template import render
from wildrydes_ml.template.headings import OWN, under
from wildrydes_ml.workshop import templates

TEXTS = render.render_all(templates.TEMPLATES)
BODIES = {name: build().to_dict() for name, build in templates.TEMPLATES.items()}


class Loader(yaml.SafeLoader):
    """Reads a template as CloudFormation does: short forms become long ones."""


def _intrinsic(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _intrinsic)


def read(text: str) -> Any:
    return yaml.load(text, Loader)


def written(value: Any) -> str:
    """How a property's value is written, from its first line's own indentation on."""
    template = Template(Metadata={"Value": value})
    text = render.render(template)
    assert read(text) == template.to_dict()
    block = text.removeprefix("Metadata:\n").split("\nResources:", 1)[0]
    return textwrap.dedent(block).removeprefix("Value:").strip()


@pytest.mark.parametrize("name", TEXTS)
def test_reading_it_gives_the_template_again(name: str) -> None:
    assert read(TEXTS[name]) == BODIES[name]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.just("\n")))
def test_any_text_is_read_as_it_was(text: str) -> None:
    written([text, {"text": text}, {"Fn::Sub": text}])


@pytest.mark.parametrize(
    "text", ["true", "no", "1001", "0755", "1e3", "2012-10-17", "null", "~", "", "a: b", "!Ref A", "*"]
)
def test_text_that_looks_like_something_else_stays_text(text: str) -> None:
    assert written(text)


@pytest.mark.parametrize("name", TEXTS)
def test_order_of_the_sections(name: str) -> None:
    sections = list(read(TEXTS[name]))
    assert sections == [section for section in render.SECTIONS if section in sections]
    assert sections[:2] == ["AWSTemplateFormatVersion", "Description"]
    *_, resources, outputs = [section for section in sections if section != "Mappings"]
    assert (resources, outputs) == ("Resources", "Outputs")
    assert sections.index("Mappings" if "Mappings" in sections else "Outputs") == len(sections) - 1, "scripts are last"


@pytest.mark.parametrize("name", TEXTS)
def test_parameters_stand_before_what_uses_them(name: str) -> None:
    sections = list(read(TEXTS[name]))
    assert sections.index("Parameters") < sections.index("Conditions") < sections.index("Resources")


def test_one_change_is_one_line_of_a_diff() -> None:
    before, after = (render.render(templates.complete(defaults={"MemorySize": size})) for size in (2048, 4096))
    lines = zip(before.splitlines(), after.splitlines(), strict=True)
    assert [pair for pair in lines if pair[0] != pair[1]] == [("  Default: 2048", "  Default: 4096")]


@pytest.mark.parametrize("name", TEXTS)
def test_a_resource_begins_with_its_type_and_ends_with_its_metadata(name: str) -> None:
    for resource in read(TEXTS[name])["Resources"].values():
        keys = list(resource)
        assert keys[0] == "Type"
        assert "Metadata" not in keys[:-1]


@pytest.mark.parametrize("name", TEXTS)
def test_functions_are_in_their_short_form(name: str) -> None:
    long_forms = re.findall(r"^.*(?:Fn::\w+|\bRef): .*$", TEXTS[name], re.MULTILINE)
    # A short form may not hold another one directly.
    assert [line.strip() for line in long_forms if "Fn::Base64: !Sub" not in line] == []


@pytest.mark.parametrize("name", TEXTS)
def test_text_has_no_aliases_no_trailing_space_and_one_final_newline(name: str) -> None:
    assert not re.search(r"(: |- )[&*]id\d", TEXTS[name])
    assert not re.search(r"[ \t]+$", TEXTS[name], re.MULTILINE)
    assert TEXTS[name].endswith("\n")
    assert not TEXTS[name].endswith("\n\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Ref("A"), "!Ref A"),
        (GetAtt("A", "B.C"), "!GetAtt A.B.C"),
        (Sub("${A}-b"), "!Sub ${A}-b"),
        (If("C", Ref("A"), "b"), "!If [C, !Ref A, b]"),
        (Join("-", ["a", Ref("B")]), "!Join ['-', [a, !Ref B]]"),
        (Sub("a\nb ${C}\n"), "!Sub |\n a\n b ${C}"),
        (Base64("plain"), "!Base64 plain"),
        (Base64(Ref("A")), "Fn::Base64: !Ref A"),
        ([{"A": Ref("B"), "C": 1}], "[{A: !Ref B, C: 1}]"),
        ({"A": Ref("B")}, "A: !Ref B"),
        ("a\nb\n", "|\n a\n b"),
        ("  a\nb\n", "|1\n   a\n b"),
        ("a |", "a |"),
        ([{"A": [["b\n"], "c\n d"]}, "e"], "- A:\n  - - |\n     b\n  - |-\n   c\n    d\n- e"),
        ({"A": {"B": {"C": ["x" * 200]}}, "D": "e"}, f"A:\n  B:\n   C:\n   - {'x' * 200}\n D: e"),
    ],
)
def test_short_forms(value: Any, text: str) -> None:
    assert written(value) == text


def test_a_long_list_stands_on_lines_of_its_own() -> None:
    text = written(Join(",", [f"a-rather-long-entry-number-{number}" for number in range(9)]))
    assert len(text.splitlines()) > 9


@pytest.mark.parametrize("name", TEXTS)
def test_a_reviewer_can_read_many_lined_text(name: str) -> None:
    for line in TEXTS[name].splitlines():
        assert "\\n" not in line or len(line) < 160, line


# Headings


@under("First: water")
def add_first(template: Template, *titles: str) -> None:
    template.add_resource([WaitConditionHandle(title) for title in titles])


@under("Second: fire")
def add_second(template: Template, *titles: str) -> None:
    template.add_resource([WaitConditionHandle(title) for title in titles])
    add_first(template, *(f"{title}Water" for title in titles))


def below_resources(template: Template) -> list[str]:
    """The titles and comments."""
    text = render.render(template)
    assert read(text) == template.to_dict()
    lines = text[text.index("Resources:\n") :].splitlines()
    return [line.strip(" :") for line in lines if re.match(" [^ ]", line)]


def test_the_resources_of_a_block_stand_under_its_heading() -> None:
    template = Template()
    add_first(template, "A", "B")
    add_second(template)
    add_first(template, "C")
    add_second(template, "D", "E")
    first, second = "# First: water", "# Second: fire"
    assert below_resources(template) == [first, "A", "B", "C", second, "D", "E", first, "DWater", "EWater"]


def test_what_no_block_has_made_is_told_from_what_one_has() -> None:
    template = Template()
    template.add_resource(WaitConditionHandle("Mine"))
    add_first(template, "A")
    template.add_resource(WaitConditionHandle("Alsomine"))
    assert below_resources(template) == [f"# {OWN}", "Mine", "# First: water", "A", f"# {OWN}", "Alsomine"]


@pytest.mark.parametrize("name", [name for name in blocks.__all__ if name.startswith("add_")])
def test_every_block_has_a_heading(name: str) -> None:
    assert getattr(blocks, name).__wrapped__.__doc__ == getattr(blocks, name).__doc__


def test_a_dashboard_has_a_heading_of_its_own() -> None:
    text = render.render(templates.complete(dashboard=Alarms()))
    assert re.findall(r"^ # (\w+)", text, re.MULTILINE)[-2:] == ["API", "Dashboard"]


def test_a_template_without_blocks_has_no_comments() -> None:
    template = Template()
    template.add_resource([WaitConditionHandle(title) for title in ("A", "123", "On")])
    assert below_resources(template) == ["A", "'123'", "'On'"]


def test_a_title_that_yaml_must_quote_has_its_heading_too() -> None:
    template = Template(Description="A")
    template.add_parameter(Parameter("A", Type="String"))
    template.add_condition("A", Equals(Ref("A"), ""))
    add_first(template, "123")
    template.add_output(Output("A", Value="a"))
    assert render.render(template).count("# First: water\n '123':\n") == 1
    assert render.render(template).count("#") == 1


def test_a_resource_with_a_long_title_is_read_again_as_it_was() -> None:
    """YAML writes a key of more than 128 characters over two lines, with ? and :."""
    template = Template()
    add_first(template, "First")
    for title in ("A" * 200, "B"):
        template.add_resource(Queue(title, QueueName=Sub("${AWS::StackName}-x"), Tags=Tags(a="b")))
    text = render.render(template)
    assert yaml.load(text, Loader)["Resources"] == template.to_dict()["Resources"]
    assert (text.count(f"# {OWN}\n ? AAA"), text.count("# ")) == (1, 2)


def test_a_block_says_what_is_no_template() -> None:
    with pytest.raises(AttributeError, match="resource"):
        add_first({}, "A")


DIGEST_OF_ALL = """
import hashlib
from wildrydes_ml.template import render
from wildrydes_ml.workshop import templates
print(hashlib.sha256("".join(render.render_all(templates.TEMPLATES).values()).encode()).hexdigest())
"""
WITHOUT_LIBYAML = """
import yaml
yaml.__with_libyaml__ = False
try:
    from wildrydes_ml import render
except ImportError as error:
    print(error)
"""


def test_bytes_do_not_depend_on_the_hash_seed() -> None:
    assert len({said(DIGEST_OF_ALL, seed) for seed in "012"}) == 1


def test_without_libyaml_there_are_other_bytes_and_so_none() -> None:
    assert "--only-binary :all: PyYAML" in said(WITHOUT_LIBYAML, "0")


def test_the_package_is_there_before_troposphere_is_needed() -> None:
    loaded = said("import sys, wildrydes_ml; print('troposphere' in sys.modules, wildrydes_ml.complete.__name__)", "0")
    assert loaded == "False complete\n"


def test_what_the_package_has_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'rendr'"):
        wildrydes_ml.rendr  # type: ignore[attr-defined]  # noqa: B018


def test_rendering_waits_for_nothing_that_talks_to_aws(tmp_path: Path) -> None:
    program = "import sys; from wildrydes_ml.cli import main; main(['render', '--out', sys.argv[-1]])"
    loaded = said(f"{program}; print({{'boto3', 'http.client'}} & set(sys.modules))", "0", str(tmp_path))
    assert loaded.splitlines()[-1] == "set()"


def said(program: str, seed: str, *arguments: str) -> str:
    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(wildrydes_ml.__file__).parents[1])}
    command = [sys.executable, "-c", program, *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_write_touches_only_what_differs(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "templates"
    assert render.write({"a.yml": "A: 1\n", "b.yml": "B: ü\n"}, directory) == [
        directory / "a.yml",
        directory / "b.yml",
    ]
    before = (directory / "a.yml").stat().st_mtime_ns
    assert render.write({"a.yml": "A: 1\n", "b.yml": "B: 2\n"}, directory) == [directory / "b.yml"]
    assert (directory / "a.yml").stat().st_mtime_ns == before
    assert (directory / "b.yml").read_bytes() == b"B: 2\n"
    assert render.write({"a.yml": "A: 1\n", "b.yml": "B: 2\n"}, directory) == []


def test_differences_show_what_write_would_change(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("A: 1\nZ: 0\n", encoding="utf-8")
    diff = render.differences({"a.yml": "A: 2\nZ: 0\n", "b.yml": "B: 1\n"}, tmp_path)
    changed = [line for line in diff.splitlines() if re.match(r"[-+](?![-+])", line)]
    assert changed == ["-A: 1", "+A: 2"]
    assert diff.startswith(f"--- {tmp_path / 'a.yml'}\n")
    assert diff.endswith(f"{tmp_path / 'b.yml'} is missing\n")
    assert not (tmp_path / "b.yml").exists()
    render.write({"a.yml": "A: 2\nZ: 0\n", "b.yml": "B: 1\n"}, tmp_path)
    assert render.differences({"a.yml": "A: 2\nZ: 0\n", "b.yml": "B: 1\n"}, tmp_path) == ""
