"""Pictures by the thousand, most of them damaged: each is decoded or is a problem of the table, and nothing else.

Pillow's own test images, which hold what once crashed or overfilled it, come with its source. That is fetched from
the package index once and kept in pytest's cache.
"""

import multiprocessing
import random
import re
import subprocess
import sys
import tarfile
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import PIL
import pytest
from handler_helpers import encoded
from picture import MOST_PIXELS, decode
from PIL import Image
from problems import Problem

CUTS = 32
SEEDS = 200
CHANGES = 10
MOST_SECONDS = 5.0
"""For one picture: a damaged one may claim millions of pixels."""
MOST_MEMORY = 600 * 2**20

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
    begin = time.perf_counter()
    try:
        image = decode(data)
    except Problem as problem:
        return problem.code
    finally:
        assert time.perf_counter() - begin < MOST_SECONDS
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
    print(counts.total(), dict(counts))
    assert not seen
    return counts


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_ends_early_is_refused_wherever_it_ends(kind: str) -> None:
    data = SAMPLES[kind]
    assert outcome(data) == "picture"
    counts = quiet_outcomes(data[: len(data) * cut // CUTS] for cut in range(CUTS))
    assert set(counts) <= REFUSALS
    assert counts.total() == CUTS


def changed(seed: int) -> Iterator[bytes]:
    """A picture with one byte changed, two, and so on; every second change is where the headers are."""
    chance = random.Random(seed)
    data = bytearray(SAMPLES[KINDS[seed % len(KINDS)]])
    for change in range(CHANGES):
        data[chance.randrange(100 if change % 2 else len(data))] = chance.randrange(256)
        yield bytes(data)


def test_changed_bytes_make_a_picture_or_a_problem() -> None:
    counts = quiet_outcomes(data for seed in range(SEEDS) for data in changed(seed))
    assert counts.total() == SEEDS * CHANGES
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
        result = subprocess.run(command, capture_output=True, text=True, timeout=100)
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


def decode_all(source: Path) -> tuple[Counter[str], int]:
    """Outcomes, and the most memory that this process ever had, in bytes."""
    counts = outcomes(images(source))
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert peak
    return counts, int(peak[1]) * 1024


def test_pillows_own_test_images(pillow_source: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
        counts, memory = alone.submit(decode_all, pillow_source).result(timeout=60)
    printed = capfd.readouterr()
    print(counts.total(), dict(counts), f"{memory / 2**20:.0f} MiB")
    assert (printed.out, printed.err) == ("", "")
    assert counts.total() > 1000
    assert min(counts["picture"], counts["unsupported-image"]) > 400
    assert memory < MOST_MEMORY
