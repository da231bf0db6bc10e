"""The packaged route: what is in its stack and what is not, what it costs, and the packages of its zip."""

import re
from collections.abc import Callable
from typing import Any

from tests.unit.fakes import there
from wildrydes_ml import costs, packaging
from wildrydes_ml.code import requirements
from wildrydes_ml.template.effective import effective
from wildrydes_ml.workshop.deployments import deployment
from wildrydes_ml.workshop.packaged import RUNTIME, UNNEEDED
from wildrydes_ml.workshop.packaged import requirements as chosen

PACKAGED = deployment("packaged")
PACKED = there(PACKAGED.packed)
(STACK,) = PACKAGED.stacks


def test_there_is_no_network_no_file_system_and_no_instance(stack: Callable[..., dict[str, Any]]) -> None:
    left = stack("packaged.yml", DataBucket="my-bucket")
    kinds = {entry["Type"].split("::")[1] for entry in left["Resources"].values()}
    assert kinds == {"ApiGateway", "IAM", "Lambda", "Logs"}
    function = left["Resources"]["ModelInferenceFunction"]["Properties"]
    assert not {"VpcConfig", "FileSystemConfigs"} & function.keys()
    assert function["Environment"]["Variables"].items() >= {"EFS_PATH": "packed", "PY_PKG_PATH": "packages"}.items()
    (role,) = (entry for entry in left["Resources"].values() if entry["Type"] == "AWS::IAM::Role")
    assert [policy["PolicyName"] for policy in role["Properties"]["Policies"]] == ["WriteLogs"]


def test_it_costs_nothing_while_nobody_uses_it() -> None:
    values = {name: str(row.get("Default", "my-bucket")) for name, row in STACK.rows.items()}
    assert costs.total(costs.idle([effective(STACK.source.body, values)])) == 0


def test_only_the_bucket_must_be_given() -> None:
    assert [name for name, row in STACK.rows.items() if "Default" not in row] == ["DataBucket"]


def test_the_zip_s_packages_are_those_of_the_lock_with_their_digests() -> None:
    lock = packaging.filling("packages.lock")
    lines = PACKED.packages.splitlines()
    assert sorted(line.partition("==")[0] for line in lines) == sorted(RUNTIME)
    for line in lines:
        pin, *digests = line.split(" --hash=sha256:")
        (locked,) = (one for one in lock.splitlines() if one.startswith(f"{pin} "))
        assert digests == [word for word in locked.split()[1:] if word != "local"]
        assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in digests)
    assert requirements.are_everywhere(PACKED.packages.encode())  # so that they are kept for the next deploy


def test_a_comment_and_a_marker_of_the_lock_are_no_packages() -> None:
    lock = "tensorflow==1;platform_machine=='aarch64' aa\n# What these need:\nnumpy==2 bb local cc\nnumpy-more==1 dd\n"
    assert chosen(lock) == "numpy==2 --hash=sha256:bb --hash=sha256:cc\n"


def test_what_is_left_out_is_what_serving_does_not_read() -> None:
    out = [
        "numpy/linalg/tests/test_linalg.py",
        "numpy/_core/_multiarray_umath.pyi",
        "ai_edge_litert/libLiteRtWebGpuAccelerator.so",
        "ai_edge_litert/libLiteRt.so",
        "ai_edge_litert/tools/flatbuffer_utils.py",
        "numpy/f2py/crackfortran.py",
    ]
    kept = ["numpy/_core/numeric.py", "ai_edge_litert/interpreter.py", "PIL/Image.py", "requests/help.py"]
    assert [name for name in (*out, *kept) if re.search(UNNEEDED, name)] == out
