"""Pictures by the thousand, most of them damaged: each is decoded or is a problem of the table, and nothing else.

Pillow's own test images, which hold what once crashed or overfilled it, come with its source. That is fetched from
the package index once and kept in pytest's cache.
"""

import base64
import contextlib
import io
import multiprocessing
import random
import re
import subprocess
import sys
import tarfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import PIL
import pytest
from corpus_pictures import GOOD as ODD
from corpus_pictures import HEAVY, NOT_ACCEPTED, TOO_LARGE, UNDECODABLE
from detector import Detection, Loaded, SharedDetector
from handler_helpers import HORSE, FakeDetector, context, encoded, understood
from lambda_function import respond
from numpy.typing import NDArray
from picture import MOST_PIXELS, decode
from PIL import Image
from problems import PROBLEMS, Problem
from service import Service
from settings import Settings
from tensors import image_tensor

CUTS = 32
SEEDS = 200
CHANGES = 10
MOST_SECONDS = 5.0
"""For one picture: a damaged one may claim millions of pixels."""
MOST_MEMORY = 640 * 2**20
ENGINE_MEMORY = 100 * 2**20
"""What LiteRT and a model take before the first picture."""

KINDS = ("JPEG", "progressive JPEG", "PNG", "WebP", "lossless WebP", "GIF")
REFUSALS = {"unsupported-image", "undecodable-image", "image-too-large"}
GOOD = encoded(Image.radial_gradient("L").resize((24, 16)))


def sample(kind: str) -> bytes:
    """A small picture with much detail and a turn in its EXIF, where the format has one."""
    pixels = np.random.default_rng(1).integers(0, 256, (48, 40, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    options = {"progressive": kind.startswith("progressive"), "lossless": kind.startswith("lossless"), "exif": exif}
    return encoded(Image.fromarray(pixels), kind.split()[-1], **options)


SAMPLES = {kind: sample(kind) for kind in KINDS}


def outcome(data: bytes) -> str:
    """`picture`, or the code of a problem; any other exception is the test's failure."""
    begin = time.process_time()
    try:
        image = decode(data)
    except Problem as problem:
        return problem.code
    finally:
        assert time.process_time() - begin < MOST_SECONDS
    assert image.dtype == np.uint8
    assert (image.ndim, image.shape[2]) == (3, 3)
    assert 0 < image.shape[0] * image.shape[1] <= MOST_PIXELS
    return "picture"


def outcomes(pictures: Iterable[bytes]) -> Counter[str]:
    """How many have which outcome. After each of them a good picture must be as before."""
    counts: Counter[str] = Counter()
    good = decode(GOOD)
    for data in pictures:
        counts[outcome(data)] += 1
        assert np.array_equal(decode(GOOD), good)
    assert set(counts) <= {"picture", *REFUSALS}
    return counts


def quiet_outcomes(pictures: Iterable[bytes]) -> Counter[str]:
    """Outcomes without a single warning, which would be a line of its own in the function's log."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        counts = outcomes(pictures)
    assert not seen
    return counts


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_ends_early_is_refused_wherever_it_ends(kind: str, count: Callable[..., None]) -> None:
    data = SAMPLES[kind]
    assert outcome(data) == "picture"
    counts = quiet_outcomes(data[: len(data) * cut // CUTS] for cut in range(CUTS))
    assert set(counts) <= REFUSALS
    assert counts.total() == CUTS
    count("pictures that end early", cases=CUTS)


def changed(seed: int) -> Iterator[bytes]:
    """A picture with one byte changed, two, and so on; every second change is where the headers are."""
    chance = random.Random(seed)
    data = bytearray(SAMPLES[KINDS[seed % len(KINDS)]])
    for change in range(CHANGES):
        data[chance.randrange(100 if change % 2 else len(data))] = chance.randrange(256)
        yield bytes(data)


def test_changed_bytes_make_a_picture_or_a_problem(count: Callable[..., None]) -> None:
    counts = quiet_outcomes(data for seed in range(SEEDS) for data in changed(seed))
    assert counts.total() == SEEDS * CHANGES
    count("pictures with changed bytes", cases=counts.total(), **counts)
    assert min(counts["picture"], counts["undecodable-image"]) > SEEDS


@pytest.fixture
def pillow_source(pytestconfig: pytest.Config) -> Path:
    """Pillow's source of the version that runs, as the index has it. pip reads its metadata and builds nothing."""
    assert pytestconfig.cache
    directory = pytestconfig.cache.mkdir("pillow-source")
    source = directory / f"pillow-{PIL.__version__}.tar.gz"
    if not source.exists():
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--retries=0", "--timeout=5"]
        options = ["--no-deps", "--no-binary=pillow", f"--dest={directory}"]
        command = [*pip, "download", *options, f"pillow=={PIL.__version__}"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if result.returncode:
            pytest.skip(f"Pillow's source is out of reach: {result.stderr.strip()[-200:]}")
    return source


def images(source: Path) -> Iterator[bytes]:
    """Pillow's test images, most of them of formats that are not accepted."""
    with tarfile.open(source) as archive:
        for member in archive:
            file = archive.extractfile(member) if "/Tests/images/" in member.name else None
            if file is not None:
                yield file.read()


class EngineLike(FakeDetector):
    """Takes the memory that an engine takes for a picture: as numbers, and a copy that the model gets."""

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        tensor = image_tensor(image, None)
        assert np.array_equal(tensor.copy()[:, 0], tensor[:, 0])
        return [HORSE]


HERE = Path(__file__).parent
SERVICE = Service(Settings(HERE, HERE, HERE), SharedDetector(lambda: Loaded(EngineLike())))


def answered(data: bytes) -> str:
    """`picture`, or the code of the problem that the function answers with; checks the answer and the log line."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        answer = respond(lambda: SERVICE, {"image": base64.b64encode(data).decode()}, context(), cold=False)
    (line,) = printed.getvalue().splitlines()
    found = understood(answer, line)
    if found.status == 200:
        assert found.body["validated"] is True
        return "picture"
    code: str = found.body["code"]
    assert found.body["detail"] == PROBLEMS[code].detail
    assert found.status == found.body["status"] == found.log["status"] == PROBLEMS[code].status
    return code


def answer_all(source: Path) -> tuple[Counter[str], int]:
    """What is answered to each picture of an archive or a directory, and the most memory that this took, in bytes."""
    pictures = images(source) if source.is_file() else (file.read_bytes() for file in sorted(source.iterdir()))
    counts: Counter[str] = Counter()
    for data in pictures:
        begin = time.process_time()
        counts[answered(data)] += 1
        assert time.process_time() - begin < MOST_SECONDS
        assert answered(GOOD) == "picture"
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert peak
    return counts, int(peak[1]) * 1024


@pytest.fixture
def alone(capfd: pytest.CaptureFixture[str], count: Callable[..., None]) -> Callable[[str, Path], Counter[str]]:
    """Has a process of its own answer all pictures, in the memory that there is and printing nothing else."""
    return lambda what, source: _alone(what, source, capfd, count)


def _alone(what: str, source: Path, capfd: pytest.CaptureFixture[str], count: Callable[..., None]) -> Counter[str]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        counts, memory = process.submit(answer_all, source).result(timeout=900)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")
    assert memory + ENGINE_MEMORY < MOST_MEMORY
    count(what, cases=counts.total(), **counts, MiB=memory >> 20)
    return counts


def test_pillows_own_test_images(pillow_source: Path, alone: Callable[[str, Path], Counter[str]]) -> None:
    counts = alone("Pillow's own pictures", pillow_source)
    assert set(counts) <= {"picture", *REFUSALS}
    assert counts.total() > 1000
    assert min(counts["picture"], counts["unsupported-image"]) > 400


def test_the_pictures_that_cost_the_most(tmp_path: Path, alone: Callable[[str, Path], Counter[str]]) -> None:
    for name, made in HEAVY.items():
        (tmp_path / name).write_bytes(made())
    assert alone("pictures that cost the most", tmp_path) == {"picture": len(HEAVY)}


@pytest.mark.parametrize(("data", "pixel"), ODD.values(), ids=ODD)
def test_a_picture_that_is_odd_but_good(data: bytes, pixel: tuple[int, int, int]) -> None:
    assert np.abs(decode(data)[0, 0].astype(int) - pixel).max() < 5


REFUSED = {
    **dict.fromkeys(NOT_ACCEPTED, "unsupported-image"),
    **dict.fromkeys(TOO_LARGE, "image-too-large"),
    **dict.fromkeys(UNDECODABLE, "undecodable-image"),
}


@pytest.mark.parametrize(("name", "code"), REFUSED.items())
def test_a_picture_that_is_refused(name: str, code: str) -> None:
    begin = time.process_time()
    assert answered({**NOT_ACCEPTED, **TOO_LARGE, **UNDECODABLE}[name]) == code
    assert time.process_time() - begin < 1
