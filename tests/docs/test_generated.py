"""What is written by tools is what the code says: tables, pictures and reasons of the documentation, scripts."""

import re
from pathlib import Path

import pytest

from tools import diagram, diagram_narrow, scripts, tables, topology
from tools.drawing import LIGHT
from tools.reasons import GONE, NEW, REASONS
from wildrydes_ml.workshop import templates
from wildrydes_ml.workshop.deployments import PRESETS

from .documents import ROOT, Document

COMPLETE = templates.complete().to_dict()


@pytest.mark.parametrize("page", tables.pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_tables_are_as_the_code_tells_them(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == tables.filled(text), "run python tools/tables.py"


def test_there_is_a_script_for_each_verb_and_no_other() -> None:
    made = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "bin").glob("*.py")}
    assert made == scripts.texts(), "run python tools/scripts.py"


def test_scripts_are_written_and_those_of_no_verb_removed(tmp_path: Path) -> None:
    (tmp_path / "fly.py").touch()
    (tmp_path / "deploy.py").write_text("stale")
    said: list[str] = []
    scripts.main(tmp_path, said.append)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == scripts.texts()
    assert said[:1] == ["removed fly.py"]
    assert sorted(said[1:]) == sorted(f"wrote {name}" for name in scripts.texts())
    scripts.main(tmp_path, said.append)
    assert len(said) == 1 + len(scripts.texts()), "what is as it should be is left alone"


def test_every_table_stands_on_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in tables.pages())
    assert set(re.findall(r"<!-- table: (\w+) -->", text)) == set(tables.TABLES)


def test_the_lines_of_the_same_service_in_each_tool_are_counted_right() -> None:
    page = Document(ROOT / "docs" / "coming-from.md")
    (told,) = re.findall(r"^\| lines above, without blank ones \|(.*)\|$", page.path.read_text(encoding="utf-8"), re.M)
    shown = [sum(bool(line.strip()) for line in block.text.splitlines()) for block in page.blocks()]
    assert [int(re.findall(r"\d+", cell)[0]) for cell in told.split("|")] == shown


def test_every_resource_has_a_reason_and_every_reason_a_resource() -> None:
    titles = {tables.row_name(title) for body in tables.templates().values() for title in body["Resources"]}
    assert set(REASONS) == titles
    assert not titles & set(GONE)
    assert all(reason.why and reason.change and reason.cost for reason in REASONS.values())


def test_what_bills_by_the_hour_says_so() -> None:
    billed = {name for name, reason in REASONS.items() if "a month" in reason.cost and not reason.cost.startswith("no")}
    assert billed == {"NatPublicIP", "NatGateway", "FileSystemResource", "EfsMountEC2Instance"}
    assert REASONS["EFSFilled"].change.startswith(NEW)


@pytest.mark.parametrize("name", diagram.pictures())
def test_pictures_are_as_the_template_has_it(name: str) -> None:
    text = (ROOT / "docs" / "pictures" / name).read_text(encoding="utf-8")
    assert text == diagram.pictures()[name], "run python tools/diagram.py"


def picture(**parameters: str) -> str:
    return diagram.draw(topology.read(COMPLETE, parameters)).svg(LIGHT, "")


def test_what_is_not_in_the_template_is_not_in_the_picture() -> None:
    assert "NatGateway" in picture()
    assert "NatGateway" not in picture(InternetEgress="none")
    assert "EgressOnlyInternetGateway" in picture(InternetEgress="ipv6")
    assert "EfsMountEC2Instance" in picture()
    assert "EfsMountEC2Instance" not in picture(BootstrapInstance="none")


@pytest.mark.parametrize("preset", PRESETS)
def test_the_drawing_for_phones_has_the_same_parts(preset: str) -> None:
    template = topology.read(COMPLETE, PRESETS[preset])
    wide, narrow = (drawn(template).svg(LIGHT, "") for drawn in (diagram.draw, diagram_narrow.draw))
    parts = {one: set(re.findall(r'class="id"[^>]*>([^<]+)<', one)) for one in (wide, narrow)}
    assert parts[narrow] == parts[wide]
    assert len(parts[narrow]) > 8


def test_text_on_a_phone_is_not_smaller_than_12_pixels() -> None:
    drawn = diagram_narrow.draw(topology.read(COMPLETE, {})).svg(LIGHT, "")
    assert 'viewBox="0 0 360 ' in drawn
    assert min(map(int, re.findall(r"font-size: (\d+)px", drawn))) >= 12


def test_an_arrow_goes_when_a_security_group_closes() -> None:
    shut = topology.read(COMPLETE, {})
    assert len(shut.mounts()) == 3
    group = shut.resources["MountTargetSecurityGroup"]["Properties"]
    group["SecurityGroupIngress"] = [
        rule for rule in group["SecurityGroupIngress"] if "Instance" in str(rule["SourceSecurityGroupId"])
    ]
    assert shut.mounts() == {("EfsMountEC2Instance", "MountTargetResource1"): 2049}
    assert "reads, NFS 2049" not in diagram.draw(shut).svg(LIGHT, "")


@pytest.mark.parametrize(("preset", "way_out"), [("workshop", "NatGateway"), ("lean", "EgressOnlyInternetGateway")])
def test_the_way_out_is_read_from_the_routes(preset: str, way_out: str) -> None:
    template = topology.read(COMPLETE, PRESETS[preset])
    assert template.ways_out("ModelInferenceFunction") == [way_out]
    assert set(template.callers("ModelInferenceFunction")) == {"ModelInferenceApi"}
