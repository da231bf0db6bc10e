"""What fills EFS, as a person hears of it: the part, how far, the last line that says something, each once."""

from datetime import datetime, timezone

from tests.unit.fakes import FakeAws
from wildrydes_ml.aws.facts import Unknown
from wildrydes_ml.aws.records import Console, StackResource
from wildrydes_ml.deploy.follower import MADE, Follower
from wildrydes_ml.errors import OutOfReach
from wildrydes_ml.local.progress import Filling
from wildrydes_ml.testing import Clock, Said, event

# Of a filling on this machine, with what TensorFlow says in between.
LOCAL = """\
populate: [  0 s] venv
populate: [  3 s] packages
populate: [  6 s] packages: Collecting tensorflow-cpu==2.21.0 (from -r requirements (line 1))
populate: [  8 s] packages: Downloading https://files.example/packages/7f/tensorflow_cpu-2.21.0-cp313.whl (253.1 MB)
populate: [ 11 s] packages: Downloading https://files.example/packages/7f/tensorflow_cpu-2.21.0-cp313.whl (253.1 MB)
populate: [ 14 s] packages: Downloading https://files.example/packages/7f/tensorflow_cpu-2.21.0-cp313.whl (253.1 MB)
populate: [ 20 s] packages: Installing collected packages: flatbuffers, astunparse, wrapt
populate: [ 30 s] bytecode
populate: [ 34 s] check
populate: [ 36 s] check: 2026-01-31 12:00:00.123456: I tensorflow/core/util/port.cc:153] oneDNN operations are on.
populate: [ 38 s] check: I0000 00:00:1761567 1234 cpu_feature_guard.cc] This TensorFlow binary is optimized
populate: [ 40 s] check: ...
populate: [ 41 s] prepare
populate: [ 48 s] filled: packages 1,115.2 MB, model 1.2 MB, 48 s
""".splitlines()


def test_each_part_and_each_line_that_says_something_is_told_once() -> None:
    filling = Filling()
    told = [said for line in LOCAL if (said := filling.take(line))]
    assert [text for text, _ in told] == [
        "creating a Python environment",
        "installing the packages",
        "installing the packages: Collecting tensorflow-cpu==2.21.0",
        "installing the packages: Downloading tensorflow_cpu-2.21.0-cp313.whl (253.1 MB)",
        "installing the packages: Installing 3 packages",
        "compiling the packages",
        "testing packages and model",
        "preparing the model for a fast start",
        "filled: packages 1,115.2 MB, model 1.2 MB, 48 s",
    ]
    percent = [record["filling"]["percent"] for _, record in told]
    assert percent == sorted(percent)
    assert percent[-1] == 100


def test_there_is_one_clock_and_no_noise() -> None:
    filling = Filling()
    text = "\n".join(said[0] for line in LOCAL if (said := filling.take(line)))
    assert "populate" not in text
    assert " s]" not in text
    assert "oneDNN" not in text
    assert "cpu_feature_guard" not in text


def test_a_line_of_somebody_else_is_none_of_it() -> None:
    assert Filling().take("dnf: installing") is None


# On AWS: recorded from the console of an instance.
NAME = "wildrydes-ml-mod5"
WAIT = "AWS::CloudFormation::WaitCondition"
NOON = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
BOOT = """\
[    0.000000] Linux version 6.1.0 (mockbuild@amazon) #1 SMP
[    9.812345] cloud-init[1650]: Cloud-init v. 22.2.2 running 'modules:final' at Sat, 31 Jan 2026 12:00:09 +0000. Up 9.81 seconds.
[   21.000001] cloud-init[1650]: bootstrap: installing the EFS mount helper and python3.13
[   41.100000] cloud-init[1650]: bootstrap: mounting fs-0123456789abcdef0
[   44.200000] cloud-init[1650]: populate: [  0 s] download
[   50.300000] cloud-init[1650]: populate: [  6 s] venv
[   54.400000] cloud-init[1650]: populate: [ 10 s] packages
[   58.500000] cloud-init[1650]: populate: [ 14 s] packages: Collecting tensorflow-cpu==2.21.0
"""  # noqa: E501
LATER = BOOT + "[  200.000000] cloud-init[1650]: populate: [155 s] copy\n"


class Booting(FakeAws):
    """A stack that waits for its instance, whose console says more at each look."""

    def __init__(self, *consoles: Console | Unknown | Exception | None) -> None:
        super().__init__()
        self.clock = Clock()
        self.looks = 0
        coming = list(consoles)
        instance = StackResource("EfsMountEC2Instance", "AWS::EC2::Instance", "i-1")
        self.stacks.put(NAME, "CREATE_IN_PROGRESS", resources=[instance])
        self.stacks.endings[NAME] = ["CREATE_IN_PROGRESS"] * len(coming) * 3 + ["CREATE_COMPLETE"]
        self.stacks.history[NAME] = [event(1, "CREATE_IN_PROGRESS", "EFSFilled", type=WAIT)]
        pause = self.stacks.pause

        def console(instance: str) -> Console | Unknown | None:
            self.looks += 1
            found = coming.pop(0) if len(coming) > 1 else coming[0]
            if isinstance(found, Exception):
                raise found
            return found

        def later() -> None:
            self.clock.sleep(5)
            pause()

        self.logs.console = console  # type: ignore[method-assign]
        self.stacks.pause = later  # type: ignore[method-assign]

    def followed(self) -> Said:
        said = Said()
        Follower(self.gateways, said, self.clock).follow(self.stacks.stacks[NAME], set(), MADE)
        return said


def test_an_instance_is_heard_of_while_its_stack_waits_for_it() -> None:
    aws = Booting(Console("", NOON), Console(BOOT, NOON), Console(LATER, NOON))
    told = [(text, record) for _, text, record in aws.followed().lines if "filling" in record]
    assert [text.removeprefix("EfsMountEC2Instance: ") for text, _ in told] == [
        "installing the EFS mount helper and python3.13",
        "mounting fs-0123456789abcdef0",
        "fetching the model",
        "creating a Python environment",
        "installing the packages",
        "installing the packages: Collecting tensorflow-cpu==2.21.0",
        "copying to EFS",
    ]
    facts = [record["filling"] for _, record in told]
    assert {one["source"] for one in facts} == {"console of the instance (ec2:GetConsoleOutput)"}
    percent = [one["percent"] for one in facts if "percent" in one]
    assert percent == sorted(percent)
    assert 0 < percent[-1] < 100


def test_the_console_is_looked_at_every_ten_seconds_and_only_while_it_matters() -> None:
    aws = Booting(Console(BOOT, NOON), Console(LATER, NOON))
    said = aws.followed()
    assert aws.looks <= aws.clock.now / 10 + 1
    aws = Booting(Console(BOOT, NOON))
    aws.stacks.history[NAME].append(event(2, "CREATE_COMPLETE", "EFSFilled", type=WAIT))
    assert not any("filling" in record for _, _, record in aws.followed().lines)
    assert any("filling" in record for _, _, record in said.lines)


def test_a_console_that_may_not_be_read_is_said_once_and_ends_nothing() -> None:
    said = Booting(Unknown("denied", "ec2:GetConsoleOutput")).followed()
    assert [text for text in said.texts("event") if "console" in text] == [
        "no permission to read the console of EfsMountEC2Instance: allow ec2:GetConsoleOutput"
    ]


def test_a_console_that_does_not_answer_ends_nothing() -> None:
    assert Booting(OutOfReach("no answer"), None).followed().texts("event")
