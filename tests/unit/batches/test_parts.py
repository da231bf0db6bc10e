"""Places, manifests, results and estimates of runs, as data."""

import json
import math
import re

import pytest

from wildrydes_ml.aws.machines import Counts
from wildrydes_ml.batches import manifest, places, results
from wildrydes_ml.batches.estimate import Speed, estimate, spent
from wildrydes_ml.batches.places import Location, Run
from wildrydes_ml.batches.results import Results
from wildrydes_ml.batches.runner import Told, lines
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.testing import Said

# Places


def asked(pictures: str, to: str = "", own_bucket: str = "ours", name: str = "rides") -> Run:
    return places.run(pictures, to, own_bucket, name)


def test_the_same_request_has_the_same_places() -> None:
    one, again = asked("s3://pictures/a/", "", "ours"), asked("s3://pictures/a/", "", "ours")
    assert one == again
    assert one.input == Location("pictures", "a/")
    assert str(one.at("results")) == f"s3://ours/batches/{one.id}/results/"
    assert one.root == Location("ours", "batches/")
    assert len(one.name) + 3 <= 80, (
        "https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"
    )


def test_other_requests_have_other_places() -> None:
    runs = [
        asked("s3://pictures/a/"),
        asked("s3://pictures/b/"),
        asked("s3://pictures/a/", "s3://mine/r"),
        asked("s3://pictures/a/", name="room-anna"),
        asked("s3://others/a/", "s3://mine/r"),
    ]
    assert len({run.id for run in runs}) == len(runs)
    assert len({run.at("results") for run in runs}) == len(runs), "a key of two buckets is two pictures"


def test_results_go_where_they_are_asked_to() -> None:
    run = asked("s3://pictures/a/", "s3://mine/runs/1")
    assert (run.root, run.output) == (Location("mine", "runs/1/"), Location("mine", f"runs/1/{run.id}/"))


def test_a_folder_s_path_may_be_no_utf_8() -> None:
    assert asked("/home/rider/\udcff").id != asked("/home/rider/\udcfe").id


def test_a_folder_lies_in_our_bucket() -> None:
    run = asked("/home/rider/pictures")
    assert run.input == run.at("pictures")


@pytest.mark.parametrize(
    ("pictures", "to", "said"),
    [
        ("s3://NoBucket/a", "", "write s3://BUCKET/PREFIX"),
        ("s3://", "", "write s3://BUCKET/PREFIX"),
        ("s3://pictures/a/", "results", "--to results: write s3://BUCKET/PREFIX"),
        ("s3://pictures/a/", "s3://mine/what?*/", "use folders of letters"),
        ("s3://pictures/a/", "s3://pictures/a/results", "results would count as pictures"),
        ("s3://ours", "", "results would count as pictures"),
    ],
)
def test_places_that_cannot_be_used_are_refused(pictures: str, to: str, said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        asked(pictures, to)


# Manifests


def test_a_manifest_has_a_batch_of_keys_a_line() -> None:
    keys = [f"k{number}" for number in range(250)]
    text = manifest.text(manifest.batches(keys, 100))
    assert [len(json.loads(line)["keys"]) for line in text.splitlines()] == [100, 100, 50]
    assert list(manifest.keys_of(text.encode())) == keys


@pytest.mark.parametrize("key", ["é 文 'quoted' \"double\" + & % #.jpg", "a/../b", "🦄.png", "x\u2028y\u2029z.png"])
def test_unusual_keys_pass(key: str) -> None:
    manifest.refuse_odd([key])
    text = manifest.text(manifest.batches([key], 100))
    assert list(manifest.keys_of(text.encode())) == [key]


@pytest.mark.parametrize("key", ["a\nb", "a\x00b", "tab\t.png", "\ud800"])
def test_keys_with_control_characters_are_refused(key: str) -> None:
    with pytest.raises(SettingsError, match=r"keys with control characters, .* \(1\): .* rename these objects"):
        manifest.refuse_odd(["fine", key])


def test_long_keys_make_smaller_batches() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: 256 KiB for an event."""
    keys = ["é" * 500 + str(number) for number in range(200)]
    found = list(manifest.batches(keys, 100))
    assert [key for batch in found for key in batch] == keys
    assert max(len(json.dumps(batch)) for batch in found) < 240_000
    assert len(found) > 2
    kilobytes = ["k" * 996] * 250  # with quotes, comma and space
    assert [len(json.dumps(batch)) for batch in manifest.batches(kilobytes, 1000)] == [manifest.MOST_BYTES, 50_000]


def test_a_batch_fits_into_the_functions_time() -> None:
    assert manifest.size(1000, 0.1, 90) == 100
    assert manifest.size(1000, 2.0, 29) == 10
    assert manifest.size(1000, 100.0, 29) == 1
    assert manifest.size(20_000_000, 0.1, 900) == 200, "no more than 100,000 batches"


# Results


def stored(*found: dict[str, object]) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in found).encode()


def test_a_key_in_several_batches_has_one_line_and_an_answer_wins() -> None:
    both = Results()
    both.add(stored({"key": "a", "problem": "internal"}, {"key": "b", "message": "yes"}), {"seconds": "1.5"})
    both.add(stored({"key": "a", "message": "no"}, {"key": "b", "message": "other"}), {"seconds": "0.5"})
    found = list(results.merged(both, ["a", "b", "c", "a"]))
    assert found == [
        {"key": "a", "message": "no"},
        {"key": "b", "message": "yes"},
        {"key": "c", "problem": "no-answer"},
    ]
    assert (both.seconds, both.missing(["a", "c", "c"])) == (2.0, ["c"])


def test_what_is_no_line_is_none() -> None:
    found = Results()
    found.add(b'{"key": "a"}\n[1]\n{"key": 7}\nnull\n{"key": "b", "mess', {"seconds": "many"})
    assert list(found.lines) == ["a"]


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "many", ""])
def test_a_label_that_is_no_time_counts_as_none(seconds: str) -> None:
    found = Results()
    found.add(stored({"key": "a"}), {"seconds": seconds})
    assert found.seconds == 0.0


def test_lines_are_counted_by_verdict_and_problem() -> None:
    found: list[results.Line] = [{"message": "yes"}, {"message": "yes"}, {"problem": "internal"}, {"length": 5}]
    assert results.counted(found) == {"yes": 2, "problem: internal": 1, "answered": 1}


# Estimates


def test_a_million_pictures_cost_what_was_computed_by_hand() -> None:
    """0.1 s each, 200 cold starts of 10 s with 3008 MB: 102,000 s * 2.9375 GB * 0.0000166667 = 5.00 US$, 10,000
    batches of two transitions 0.50, 1,010,000 reads 0.40, 11,000 writes 0.06, 15.2 GB of EFS 0.46."""
    found = estimate(10**6, 100, 200, Speed(0.1, cold=10, efs_elastic=True, start_mib=78))
    assert found.dollars == pytest.approx(6.41, abs=0.02)
    assert found.costs["transitions"] == pytest.approx(0.50)
    assert found.costs["EFS"] == pytest.approx(0.457, abs=0.01)
    assert found.seconds == pytest.approx(10 + 50 * 10.3)


def test_a_thousand_cold_starts_from_slow_storage_take_half_an_hour() -> None:
    found = estimate(10**6, 100, 1000, Speed(0.1, efs_mibps=45, start_mib=78))
    assert found.start == pytest.approx(29 * 60, rel=0.01)
    assert found.limit == "EFS, from which all instances load at the start"
    assert found.costs["EFS"] == 0


@pytest.mark.parametrize(
    ("pictures", "concurrency", "speed", "limit"),
    [
        (50, 100, Speed(0.5), "one batch, since all run at the same time"),
        (50, 100, Speed(0.01), "the cold start"),
        (10**6, 100, Speed(0.1), "the batches, of which 100 run at a time"),
        (10**7, 10_000, Speed(0.01), "Step Functions, which starts at most 100 batches a second"),
    ],
)
def test_the_limit_that_binds_is_named(pictures: int, concurrency: int, speed: Speed, limit: str) -> None:
    assert estimate(pictures, 100, concurrency, speed).limit == limit


def test_nothing_costs_nothing_and_more_costs_more() -> None:
    assert estimate(0, 100, 10, Speed(0.1)).dollars == 0
    costs = [estimate(10**power, 100, 100, Speed(0.1)).dollars for power in range(3, 8)]
    assert costs == sorted(costs)
    whole = estimate(10**5, 100, 100, Speed(0.1))
    assert spent(whole, Speed(0.1), 10**4, 1000, 10**5) == pytest.approx(whole.dollars)
    assert spent(whole, Speed(0.1), 5000, 500, 50_000) < whole.dollars


def test_the_estimate_in_words() -> None:
    told = lines(estimate(10**6, 100, 200, Speed(0.1, cold=10)), is_local=False)
    assert told[0] == "1,000,000 pictures in 10,000 batches, 200 at a time: about 9 min"
    assert told[2].startswith("about 5.95 US$ (Lambda 5.00, transitions 0.50, S3 0.4")
    assert not any(
        "US$" in line for line in lines(estimate(10, 100, 2, Speed(0.1, dispatched=math.inf)), is_local=True)
    )


@pytest.mark.parametrize(
    ("keys", "before", "met", "succeeded", "total", "done"),
    [
        (100, 0, 0, 2, 5, 200),
        (100, 0, 0, 5, 5, 450),  # the last batch is a short one
        (0, 200, 20, 25, 45, 250),  # batches of ten, which another command has made
        (0, 200, 20, 20, 45, 200),
        (0, 0, 0, 0, 0, 0),
    ],
)
def test_a_run_tells_how_far_it_is(keys: int, before: int, met: int, succeeded: int, total: int, done: int) -> None:
    said = Said()
    told = Told(450, keys, before, estimate(450, 100, 2, Speed(0.1)), Speed(0.1), True, 0.0, met)
    told.tell(Counts(total, succeeded), 10.0, said)
    ((_, text, record),) = said.lines
    assert (record["done"], record["pictures"]) == (done, 450)
    assert text.startswith(f"{done} of 450 pictures, {(done - before) / 10:.1f} a second")
