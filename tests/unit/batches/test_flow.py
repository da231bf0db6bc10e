"""A run from its sample to its results, and whatever ends the command in between."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml.aws.pictures import Stored
from wildrydes_ml.batches import manifest, places
from wildrydes_ml.batches.results import Results
from wildrydes_ml.errors import InterruptedWork, OutOfReach, SettingsError, WildrydesError
from wildrydes_ml.terminal.course import Course
from wildrydes_ml.testing import Clock, Said

from .account import Account, Killed, flow, unreachable

RUN = places.run("s3://pics/p/", "", "ours", "rides")


def filled(pictures: int = 250) -> Account:
    """An account with pictures, one in three of a horse, one in ten spoilt."""
    account = Account()
    for number in range(pictures):
        body = b"poison" if number % 10 == 9 else b"horse" if number % 3 == 0 else b"cow"
        account.objects["pics", f"p/{number:05}.jpg"] = Stored(body, {})
    return account


def complete(
    account: Account, *, resume: bool = False, said: Said | None = None, size: int = 5
) -> tuple[Results, list[str]]:
    """A run as the command does it."""
    steps = flow(account, RUN, said)
    keys = steps.runner.keys()
    return steps.go(keys, size, lambda lines: None, resume=resume, is_new=False), keys


def written(account: Account, results: Results, keys: list[str], place: Path) -> list[dict[str, Any]]:
    flow(account, RUN).write(results, keys, place / "out.jsonl", "")
    return [json.loads(line) for line in (place / "out.jsonl").read_text(encoding="utf-8").splitlines()]


def test_every_picture_has_one_line(tmp_path: Path) -> None:
    account = filled()
    lines = written(account, *complete(account), tmp_path)
    assert [line["key"] for line in lines] == [f"p/{number:05}.jpg" for number in range(250)]
    assert sum("problem" in line for line in lines) == 25
    assert [one.name for one in account.executions.values()] == [f"batch-{RUN.id}-1"]


class Watched(Said):
    """Remembers what the sign of life says at each event."""

    def __init__(self, course: Course) -> None:
        super().__init__()
        self.course, self.shown = course, list[str]()

    def event(self, text: str, **record: Any) -> None:
        self.course.event(text, **record)
        self.shown.append(self.course.words())


def test_the_sign_of_life_names_the_sample_and_not_the_stack_that_was_made_before() -> None:
    course = Course(Clock())
    course.event("create stack ours", step=1, steps=1, doing="create stack ours")
    said = Watched(course)
    complete(filled(), said=said)
    assert said.shown[0] == "asking about 5 of 250 pictures first"
    assert not [words for words in said.shown if "create stack" in words]


def test_the_estimate_is_shown_before_anything_starts() -> None:
    account, shown = filled(), list[str]()

    def refuse(lines: list[str]) -> None:
        shown.extend(lines)
        raise SettingsError(["only the sample was asked about"])

    steps = flow(account, RUN)
    with pytest.raises(SettingsError, match="only the sample was asked about"):
        steps.go(steps.runner.keys(), 20, refuse, resume=False, is_new=False)
    assert shown[0].startswith("250 pictures in 3 batches, 2 at a time: about ")
    assert "US$" in shown[-1]
    assert account.executions == {}
    assert complete(account)[0].missing(["p/00000.jpg"]) == [], "the sample's answers do not count as a run"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", [Killed, unreachable], ids=["killed", "lost reply"])
def test_a_run_that_ends_at_any_call_goes_on_to_one_line_for_each_key(when: str, fault: Any, tmp_path: Path) -> None:
    whole = filled()
    complete(whole)
    assert whole.calls > 10
    for last in range(1, whole.calls + 1):
        account = filled()

        def strike(number: int, moment: str, last: int = last) -> None:
            if (number, moment) == (last, when):
                raise fault()

        account.fault = strike
        with pytest.raises((Killed, OutOfReach)):
            complete(account)
        results, keys = complete(account, resume=True)
        lines = written(account, results, keys, tmp_path)
        assert [line["key"] for line in lines] == [f"p/{number:05}.jpg" for number in range(250)], last
        assert sum("problem" in line for line in lines) == 25
        assert len(account.executions) == 1, "what was started is followed, and not started again"


def test_killed_again_and_again_it_comes_to_an_end(tmp_path: Path) -> None:
    account, starts = filled(), 0
    for lives in range(1, 200):
        account.calls = 0

        def strike(number: int, moment: str, lives: int = lives) -> None:
            if number > lives // 4 + 3:
                raise Killed

        account.fault = strike
        try:
            results, keys = complete(account, resume=True)
        except Killed:
            starts += 1
            continue
        break
    assert starts > 5
    assert len({line["key"] for line in written(account, results, keys, tmp_path)}) == 250


def test_a_second_run_needs_to_be_told_to_go_on() -> None:
    account = filled()
    complete(account)
    with pytest.raises(SettingsError, match="add --resume to go on, or --to for another place"):
        complete(account)
    calls = len(account.executions)
    complete(account, resume=True)
    assert len(account.executions) == calls, "nothing was left to ask"


def test_ctrl_c_leaves_it_running_and_says_how_to_come_back() -> None:
    account = filled()

    def stop(number: int, moment: str) -> None:
        if account.looks[begun.arn] < 4:  # while it is followed
            raise KeyboardInterrupt

    account.looks_until_over = 5
    steps = flow(account, RUN)
    keys = steps.runner.keys()
    begun = steps.runner.start(keys, 100)
    account.fault = stop
    with pytest.raises(KeyboardInterrupt, match=r"the batches go on; .*run: wildrydes-ml batch s3://pics/p/ --resume"):
        steps.go(keys, 5, lambda lines: None, resume=True, is_new=False)
    account.fault = lambda number, moment: None
    said = Said()
    results, _ = complete(account, resume=True, said=said)
    assert f"{begun.name} is still running: following it" in said.texts("event")
    assert results.missing(keys) == []
    assert len(account.executions) == 1


def test_what_batches_left_comes_again() -> None:
    """A batch that was not done in time, and a batch whose child was ended."""
    account, seen = filled(2500), list[int]()

    def half(account: Account, event: dict[str, Any]) -> dict[str, Any]:
        keys = event["batch"]["keys"]
        seen.append(len(keys))
        some = {"batch": {**event["batch"], "keys": keys[: max(len(keys) // 2, 1)]}}
        return {**account.answer(some), "left": len(keys) // 2}

    account.batch = half
    results, keys = complete(account, resume=True)
    assert results.missing(keys) == []
    assert len(account.executions) >= 2
    assert 1 in seen, "the last ones were asked alone"


def test_a_picture_that_ends_the_function_takes_no_other_with_it(tmp_path: Path) -> None:
    account = filled()

    def deadly(account: Account, event: dict[str, Any]) -> dict[str, Any]:
        if "p/00107.jpg" in event["batch"]["keys"]:
            raise WildrydesError("function judge: Runtime.ExitError: signal: killed")
        return account.answer(event)

    account.batch, account.tolerated = deadly, 50
    results, keys = complete(account)
    lines = written(account, results, keys, tmp_path)
    assert [line["key"] for line in lines if line.get("problem") == "no-answer"] == ["p/00107.jpg"]
    assert len(lines) == 250


def test_too_many_failed_batches_end_it_with_the_reason() -> None:
    account = filled()
    calls = 0

    def broken(account: Account, event: dict[str, Any]) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        if calls > 2:  # the sample is answered
            raise WildrydesError("function judge: Failed: model-unavailable")
        return account.answer(event)

    account.batch = broken
    with pytest.raises(WildrydesError, match=r"250 pictures without an answer: .*model-unavailable.*--resume"):
        complete(account)
    account.batch = Account.answer
    assert complete(account, resume=True)[0].missing([f"p/{number:05}.jpg" for number in range(250)]) == []


def test_pictures_that_are_deleted_or_added_meanwhile_have_their_line(tmp_path: Path) -> None:
    account = filled()
    steps = flow(account, RUN)
    keys = steps.runner.keys()
    steps.runner.pictures.write(  # the manifest of a run that was stopped at once
        "ours", f"{RUN.at('manifests').prefix}{manifest.digest(_text(keys))}.jsonl", _text(keys)
    )
    del account.objects["pics", "p/00003.jpg"]
    account.objects["pics", "p/new.jpg"] = Stored(b"horse", {})
    found = {line["key"]: line for line in written(account, *complete(account, resume=True), tmp_path)}
    assert found["p/00003.jpg"]["problem"] == "picture-missing"
    assert found["p/new.jpg"]["message"] == "Unicorn is validated"
    assert len(found) == 251


def _text(keys: list[str]) -> bytes:
    return manifest.text(manifest.batches(keys, 100)).encode()


def test_a_manifest_that_was_cut_short_is_not_believed() -> None:
    account, said = filled(), Said()
    body = _text(list(flow(account, RUN).runner.keys()))
    name = f"{RUN.at('manifests').prefix}{manifest.digest(body)}.jsonl"
    account.objects["ours", name] = Stored(body[: len(body) // 2], {})
    results, keys = complete(account, resume=True, said=said)
    assert len(keys) == 250
    assert results.missing(keys) == []
    assert any(
        "was changed since it was written; the pictures are listed again" in text for text in said.texts("warning")
    )


def test_a_result_that_was_cut_short_is_asked_again() -> None:
    account = filled()
    complete(account)
    place = RUN.at("results")
    name = next(key for bucket, key in account.objects if key.startswith(place.prefix))
    whole = account.objects["ours", name]
    account.objects["ours", name] = Stored(whole.body[: len(whole.body) // 2], whole.labels)
    results, keys = complete(account, resume=True)
    assert results.missing(keys) == []


@pytest.mark.parametrize(("keys", "lanes", "speed"), [(20, 1, 0.1), (21, 2, 0.1), (2, 2, 3.0), (1, 1, 3.0)])
def test_the_speed_is_that_of_instances_that_have_started(keys: int, lanes: int, speed: float) -> None:
    """An instance takes three seconds for its first picture, whatever it does then."""
    account, started = filled(), list[str]()

    def slow_at_first(account: Account, event: dict[str, Any]) -> dict[str, Any]:
        number = len(event["batch"]["keys"])
        is_first = len(started) < lanes
        started.append("")
        return {**account.answer(event), "seconds": 3.0 * number if is_first else 0.1 * number}

    account.batch = slow_at_first
    runner = flow(account, RUN).runner
    asked = runner.sample([f"p/{number:05}.jpg" for number in range(keys)], lanes, is_new=False)
    assert asked.picture == pytest.approx(speed)


def test_a_function_that_may_not_read_is_told_before_anything_starts() -> None:
    account = filled()

    def denied(account: Account, event: dict[str, Any]) -> dict[str, Any]:
        for key in event["batch"]["keys"]:
            account.objects.pop(("pics", key), None)
        answer = account.answer(event)
        for name in [name for name in account.objects if "/sample/" in name[1]]:
            body = account.objects[name].body.replace(b"picture-missing", b"picture-denied")
            account.objects[name] = Stored(body, {})
        return answer

    account.batch = denied
    with pytest.raises(WildrydesError, match=r"the function may not read s3://pics/p/"):
        complete(account)
    assert account.executions == {}


def test_a_function_of_an_earlier_version_is_told() -> None:
    account = filled()
    account.batch = lambda account, event: {"statusCode": 400, "body": "{}"}
    with pytest.raises(WildrydesError, match="does not answer batches: deploy this version's code first"):
        complete(account)


def test_a_folder_is_uploaded_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.png", "sub/b.png"):
        (tmp_path / name).write_bytes(b"horse")
    run = places.run(str(tmp_path), "", "ours", "rides")
    account = Account()
    steps = flow(account, run)
    names = [str(tmp_path / "a.png"), str(tmp_path / "sub" / "b.png")]
    steps.upload(tmp_path, names)
    steps.upload(tmp_path, names)
    keys = steps.runner.keys()
    assert keys == [f"{run.input.prefix}a.png", f"{run.input.prefix}sub/b.png"]
    results = steps.go(keys, 5, lambda lines: None, resume=False, is_new=False)
    counts = steps.write(results, keys, tmp_path / "out.jsonl", run.input.prefix)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["key"] for line in lines] == ["a.png", "sub/b.png"]
    assert counts == {"Unicorn is validated": 2}


def test_files_with_odd_names_are_called_as_the_folder_calls_them_and_none_is_uploaded(tmp_path: Path) -> None:
    for name in ("a.png", "new\nline.png"):
        (tmp_path / name).write_bytes(b"horse")
    account = Account()
    steps = flow(account, places.run(str(tmp_path), "", "ours", "rides"))
    told = r"^names with control characters, or not in UTF-8 \(1\): 'new\\nline.png': rename these files$"
    with pytest.raises(SettingsError, match=told):
        steps.upload(tmp_path, [str(one) for one in tmp_path.iterdir()])
    assert account.objects == {}


def test_a_picture_that_has_changed_is_uploaded_anew_and_gets_no_answer_of_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"horse")
    run, account = places.run(str(tmp_path), "", "ours", "rides"), Account()
    steps, key = flow(account, run), f"{run.input.prefix}a.png"
    steps.upload(tmp_path, [str(tmp_path / "a.png")])
    (tmp_path / "a.png").write_bytes(b"dcows")  # before anybody asked, and as long as before
    steps.upload(tmp_path, [str(tmp_path / "a.png")])
    assert account.objects["ours", key].body == b"dcows"
    steps.go(steps.runner.keys(), 5, lambda lines: None, resume=False, is_new=False)
    (tmp_path / "a.png").write_bytes(b"no cow")
    with pytest.raises(SettingsError, match=r"^a\.png: changed since the answer was written; use --to for another"):
        steps.upload(tmp_path, [str(tmp_path / "a.png")])
    assert account.objects["ours", key].body == b"dcows"


def test_nothing_starts_on_a_machine_that_is_for_other_pictures_now() -> None:
    """Another command changed it while the sample was asked, or a person thought about the estimate."""
    account = filled()

    def changed() -> None:
        raise InterruptedWork("stack rides-batch: another command has changed it")

    steps = replace(flow(account, RUN), ready=changed)
    with pytest.raises(InterruptedWork, match=r"another command has changed it.* to go on, run: wildrydes-ml batch "):
        steps.go(steps.runner.keys(), 5, lambda lines: None, resume=False, is_new=False)
    assert account.executions == {}


def test_two_commands_at_once_ask_the_pictures_once() -> None:
    account = filled()

    def meanwhile(lines: list[str]) -> None:
        steps = flow(account, RUN)
        steps.runner.start(steps.runner.keys(), 100)

    steps = flow(account, RUN)
    keys = steps.runner.keys()
    results = steps.go(keys, 5, meanwhile, resume=False, is_new=False)
    assert (results.missing(keys), len(account.executions)) == ([], 1)


def test_pictures_that_were_denied_are_asked_again_when_somebody_may_have_allowed_them(tmp_path: Path) -> None:
    account = filled()
    complete(account)
    for name in [name for name in account.objects if name[1].startswith(RUN.at("results").prefix)]:
        told = account.objects[name].body.decode().splitlines()
        denied = [json.dumps({"key": json.loads(line)["key"], "problem": "picture-denied"}) for line in told[:3]]
        account.objects[name] = Stored("\n".join([*denied, *told[3:]]).encode(), {})
    asked = list[str]()

    def allowed(account: Account, event: dict[str, Any]) -> dict[str, Any]:
        asked.extend(event["batch"]["keys"] if "/results/" in event["batch"]["output"]["prefix"] else [])
        return account.answer(event)

    account.batch = allowed
    lines = written(account, *complete(account, resume=True), tmp_path)
    assert len(asked) == 9
    assert not [line for line in lines if line.get("problem") == "picture-denied"]
    assert len(lines) == 250


def test_credentials_that_expire_while_it_is_followed_say_how_to_go_on() -> None:
    account = filled()

    def expire(number: int, moment: str) -> None:
        if account.executions:
            raise InterruptedWork("execution: the credentials have expired or are invalid; renew them and run again")

    account.fault = expire
    with pytest.raises(InterruptedWork, match=r"have expired .*run: wildrydes-ml batch s3://pics/p/ --resume"):
        complete(account)
    account.fault = lambda number, moment: None
    results, keys = complete(account, resume=True)
    assert results.missing(keys) == []


def test_a_function_without_a_way_to_s3_is_told_apart_from_a_slow_one() -> None:
    account = filled()
    account.batch = lambda account, event: {"done": 0, "left": 20, "keys": [], "problems": 0, "seconds": 85.0}
    with pytest.raises(WildrydesError, match=r"needs a way to S3, such as a gateway endpoint; .*Timeout=300"):
        complete(account)
