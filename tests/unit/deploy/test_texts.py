"""What a deploy asks of templates: CloudFormation where it must, the note in the bucket where that is sure."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml.aws.records import Stack as FoundStack
from wildrydes_ml.aws.records import StackResource
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import Deployed, deploy
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deploy.texts import key
from wildrydes_ml.deployment import Code, Deployment, Stack
from wildrydes_ml.destroy.destroyer import destroy
from wildrydes_ml.destroy.uploads import is_upload
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.template.source import Source
from wildrydes_ml.testing import FakeAws, FakeBuckets, FakeStacks, Said, event

BUCKET = "jobs-123456789012-eu-west-1"
FUNCTION = "AWS::Lambda::Function"
NOTE = "template/jobs-stacks.json"


class Stacks(FakeStacks):
    """Which also tell whose template was asked for. The next editor is faster than the look at a finished update."""

    asked: list[str]
    looked: list[str]
    made: Mapping[str, list[StackResource]]
    next_editor: Callable[[], None] | None = None

    def describe(self, name: str) -> FoundStack | None:
        found, edit = super().describe(name), self.next_editor
        if edit and found and found.status == "UPDATE_COMPLETE":
            self.next_editor = None
            edit()
        return super().describe(name)

    def template(self, name: str) -> str:
        self.asked.append(name)
        return super().template(name)

    def resources(self, name: str) -> list[StackResource]:
        self.looked.append(name)
        return self.made.get(name.removeprefix("id:"), [])


class Buckets(FakeBuckets):
    """In which notes cannot be written or read while that is denied."""

    denied = ""

    def note(self, bucket: str, key: str, text: str, labels: Any = None) -> None:
        if self.denied == "write":
            raise WildrydesError("allow s3:PutObject")
        super().note(bucket, key, text, labels or {})

    def noted(self, bucket: str, key: str) -> str | None:
        if self.denied == "read":
            raise WildrydesError("allow s3:GetObject")
        return super().noted(bucket, key)


class Account(FakeAws):
    """An account with those."""

    stacks: Stacks
    buckets: Buckets

    def __init__(self) -> None:
        super().__init__()
        self.stacks, self.buckets = Stacks(self.journal, self.outputs), Buckets(self.journal)
        self.stacks.read, self.stacks.asked, self.stacks.looked = self.buckets.at, [], []
        self.stacks.made = {}

    @property
    def note(self) -> dict[str, Any]:
        return dict(json.loads(self.buckets.objects[BUCKET][NOTE]))


@pytest.fixture
def aws() -> Account:
    return Account()


def queue(number: int, seconds: int, kind: str = "AWS::SQS::Queue") -> Stack:
    properties = {"Seconds": seconds, "In": {"Ref": "DataBucket"}}
    body = {
        "Parameters": {name: {"Type": "String"} for name in ("DataBucket", "CodeKey")},
        "Resources": {"It": {"Type": kind, "Properties": properties}},
    }
    return Stack(Source(f"{number}.json", json.dumps(body, separators=(",", ":")), body), str(number))


Run = Callable[..., tuple[Deployed, list[str]]]


@pytest.fixture
def run(aws: Account, tmp_path: Path) -> Run:
    """Deploys so many queues, the last with that delay; tells the stacks whose templates were asked for."""
    (tmp_path / "app.py").write_text("")

    def run(
        number: int = 3, seconds: int = 1, kind: str = "AWS::SQS::Queue", **options: Any
    ) -> tuple[Deployed, list[str]]:
        aws.stacks.asked.clear()
        aws.stacks.looked.clear()
        stacks = (*(queue(one, 1, kind) for one in range(1, number)), queue(number, seconds, kind))
        whole = Deployment("jobs", stacks, code=(Code(tmp_path),))
        done = deploy(aws.gateways, Settings((whole,), **options), Target(), Said())
        return done, list(aws.stacks.asked)

    return run


def edited(aws: Account, name: str, **more: Any) -> None:
    """Somebody else changes a stack's template."""
    there = aws.stacks.stacks[name]
    text = re.sub('"Seconds":.', '"Seconds":9', aws.stacks.templates[name])
    aws.stacks.put(name, "UPDATE_COMPLETE", text, parameters=there.parameters, tags=there.tags, **more)


@pytest.mark.parametrize("number", [2, 5, 8])
def test_a_deploy_that_changes_nothing_asks_for_no_template(run: Run, number: int) -> None:
    assert run(number)[0].changed
    for _ in range(2):
        done, asked = run(number)
        assert (done.changed, asked) == (False, [])


@pytest.mark.parametrize("number", [2, 8])
def test_functions_that_no_output_names_are_listed_once(run: Run, aws: Account, number: int) -> None:
    aws.stacks.made = {f"jobs-{one}": [StackResource("It", FUNCTION, f"made-up-{one}")] for one in range(1, number + 1)}
    run(number, kind=FUNCTION)
    assert sorted(aws.stacks.looked) == [f"id:jobs-{one}" for one in range(1, number + 1)]
    for _ in range(2):
        assert (run(number, kind=FUNCTION)[0].changed, aws.stacks.looked) == (False, [])
    aws.functions.gone = {"made-up-2"}
    assert run(number, kind=FUNCTION)[0].changed
    assert aws.journal[-1].endswith("update jobs-2"), "only the stack that has lost it"


def test_the_note_of_one_stack_would_spare_nothing(run: Run, aws: Account) -> None:
    run(1)
    done, asked = run(1)
    assert (done.changed, asked) == (False, ["jobs-1"])
    assert NOTE not in aws.buckets.objects[BUCKET]


def test_what_a_deploy_changes_is_noted_by_it(run: Run, aws: Account) -> None:
    run()
    assert run(seconds=2)[0].changed
    assert '"Seconds":2' in aws.note["jobs-3"]["template"]
    done, asked = run(seconds=2)
    assert (done.changed, asked) == (False, [])


def test_a_template_that_somebody_changed_since_is_asked_for_and_put_back(run: Run, aws: Account) -> None:
    run()
    edited(aws, "jobs-2")
    done, asked = run()
    assert (done.changed, set(asked)) == (True, {"jobs-2"})
    assert aws.stacks.templates["jobs-2"] == aws.stacks.templates["jobs-1"]
    assert not run()[0].changed


def test_a_stack_that_was_deleted_and_made_again_is_not_the_one_of_the_note(run: Run, aws: Account) -> None:
    run()
    note = aws.note
    note["jobs-1"]["id"] = "id:of-the-one-before"
    aws.buckets.objects[BUCKET][NOTE] = json.dumps(note).encode()
    assert run()[1] == ["jobs-1"]


def test_a_deploy_that_was_killed_before_its_note_costs_one_more_look(run: Run, aws: Account) -> None:
    run()
    older = aws.buckets.objects[BUCKET][NOTE]
    run(seconds=2)
    aws.buckets.objects[BUCKET][NOTE] = older
    done, asked = run(seconds=2)
    assert (done.changed, asked) == (False, ["jobs-3"])
    assert run(seconds=2)[1] == []


@pytest.mark.parametrize("denied", ["write", "read"])
def test_without_the_permission_all_is_asked_and_nothing_fails(run: Run, aws: Account, denied: str) -> None:
    aws.buckets.denied = denied
    assert run()[0].changed
    done, asked = run()
    assert (done.changed, asked) == (False, ["jobs-1", "jobs-2", "jobs-3"])


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '{"jobs-1": 3}', '{"jobs-1": {"template": "text"}}'])
def test_what_is_no_note_tells_nothing(run: Run, aws: Account, text: str) -> None:
    run()
    aws.buckets.objects[BUCKET][NOTE] = text.encode()
    done, asked = run()
    assert (done.changed, asked) == (False, ["jobs-1", "jobs-2", "jobs-3"])
    assert run()[1] == []


def test_another_deployer_s_update_that_follows_ours_at_once_is_not_noted_as_ours(run: Run, aws: Account) -> None:
    run()
    aws.stacks.next_editor = lambda: edited(aws, "jobs-3", changed=event(3000, "").time)
    run(seconds=2)
    assert "jobs-3" not in aws.note
    done, asked = run(seconds=2)
    assert (done.changed, asked[0]) == (True, "jobs-3")
    assert '"Seconds":2' in aws.stacks.templates["jobs-3"]


def test_in_a_given_bucket_the_note_is_found_and_goes_with_the_rest(run: Run, aws: Account, tmp_path: Path) -> None:
    aws.buckets.put("given", {}, "template/notes.txt", "template/theirs-stacks.json")
    run(bucket="given")
    assert key("jobs") in aws.buckets.objects["given"]
    assert run()[1] == [], "the stacks remember the bucket"
    whole = Deployment("jobs", tuple(queue(one, 1) for one in (1, 2, 3)), code=(Code(tmp_path),))
    destroy(aws.gateways, Settings((whole,), bucket="given"), Target(), Said(), lambda found: None)
    assert set(aws.buckets.objects["given"]) == {"template/notes.txt", "template/theirs-stacks.json"}


def test_destroy_knows_the_note_as_ours() -> None:
    assert is_upload(key("jobs"))
    assert not is_upload("template/notes.json")
