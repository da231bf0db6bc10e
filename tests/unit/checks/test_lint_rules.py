"""The checks as rules of cfn-lint: their names, their lines in the file, and silence on our own templates."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.checks.templates import SOUND, WORKSHOP_LIKE, load
from wildrydes_ml.checks import CHECKS, Check, check

CHECKOUT = Path(__file__).parents[3]
OURS = sorted((CHECKOUT / "templates").glob("*.yml"))


def lint(*arguments: str | Path) -> list[tuple[str, str]]:
    """What cfn-lint says with our rules and no others: each finding's rule, and the text of its line."""
    program = Path(sys.executable).with_name("cfn-lint")
    options = ["--append-rules", "wildrydes_ml.lint_rules", "--format", "parseable"]
    done = subprocess.run([program, *options, *arguments], capture_output=True, text=True, cwd=CHECKOUT)
    assert not done.stderr, done.stderr
    found = re.findall(r"^(.+?):(\d+):\d+:\d+:\d+:(\w99\d\d):", done.stdout, re.M)
    return [
        (rule, Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1].strip()) for path, line, rule in found
    ]


def test_every_check_is_a_rule_that_points_at_its_line() -> None:
    nfs = "SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}]"
    mounted = "FileSystemConfigs: [{Arn: !Ref AccessPointResource, LocalMountPath: !Ref EFSpath}]"
    assert sorted(lint(WORKSHOP_LIKE, SOUND)) == [
        ("E9901", "SubnetIds: [!Ref PrivateSubnetOne, !Ref PrivateSubnetTwo]"),
        ("E9902", nfs),
        ("E9902", nfs),
        ("E9903", mounted),
        ("E9904", "RootDirectory:"),
        ("E9905", "Variables: {EFS_PATH: /mnt/python, PY_PKG_PATH: tensorflow/lib/python3.8/site-packages}"),
        ("E9906", "UserData: !Base64 |"),
        ("E9906", "Variables: {EFS_PATH: /mnt/python, PY_PKG_PATH: tensorflow/lib/python3.8/site-packages}"),
        ("E9908", "SnapStart: {ApplyOn: PublishedVersions}"),
        ("E9910", "ImageId: ami-0123456789abcdef0"),
        ("E9911", "SubnetId: !Ref PrivateSubnetOne"),
        ("E9912", mounted),
        ("W9907", "Timeout: 90"),
        ("W9909", "SubnetIds: [!Ref PrivateSubnetOne, !Ref PrivateSubnetTwo]"),
        ("W9909", "SubnetIds: [!Ref PrivateSubnetOne, !Ref PrivateSubnetTwo]"),
        ("W9913", mounted),
        ("W9914", "ApiGateway:"),
        ("W9920", "SubnetIds: [!Ref PrivateSubnetOne, !Ref PrivateSubnetTwo]"),
    ]


def test_our_templates_pass() -> None:
    assert OURS
    assert lint(*OURS) == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_templates_pass_without_cfn_lint(path: Path) -> None:
    assert check(load(path)) == []


def test_ids_are_of_the_range_for_own_rules_and_titles_are_told() -> None:
    assert len({one.id for one in CHECKS}) == len({one.name for one in CHECKS}) == len(CHECKS)
    assert all(re.fullmatch(r"[EW]99\d\d", one.id) for one in CHECKS)


def test_the_checks_need_no_linter() -> None:
    program = "import sys, wildrydes_ml.checks; print(sorted({'cfnlint', 'boto3', 'tensorflow'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("one", CHECKS, ids=lambda one: one.id)
def test_the_page_tells_of_every_rule_and_its_source(one: Check) -> None:
    page = (CHECKOUT / "docs" / "checks.md").read_text(encoding="utf-8")
    section = next(text for text in page.split("\n## ") if text.startswith(f"{one.id} "))
    assert one.source in section
    assert "```yaml" in section
    anchor = re.sub(r"[^a-z0-9 ]", "", section.splitlines()[0].lower()).replace(" ", "-")
    assert f"| [{one.id}](#{anchor}) |" in page
