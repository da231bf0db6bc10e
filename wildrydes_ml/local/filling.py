"""Fills the local directory that stands for EFS, with the same script that the instance runs."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from .. import packaging
from ..errors import WildrydesError
from ..reporting import Reporter
from .progress import Filling

# The end of the path of the model that comes with the package, wherever that is installed.
_SHIPPED = ("wildrydes_ml", "workshop", "detector")
# Of its log, after it has failed.
_LAST_LINES = 15


def environment(values: Mapping[str, str], model: str, base: Mapping[str, str], samples: str = "") -> dict[str, str]:
    """The script's settings, from the parameters' values, in addition to the user's own environment."""
    return {
        **base,
        "PYTHON": sys.executable,
        "PACKAGES": values["Packages"],
        "MODEL": model,
        "MODEL_SHA256": values.get("ModelSha256", ""),
        "SIGNATURE": values.get("Signature", ""),
        "MODEL_WEIGHTS": values.get("ModelWeights", ""),
        "SAMPLES": samples,
        "SAMPLES_KEY": "",
    }


def fill(directory: Path, settings: Mapping[str, str], reporter: Reporter) -> None:
    """Runs populate.sh and tells what it does; while another one fills the directory, it waits.

    Raises WildrydesError with the reason in one sentence, and the path of the log.
    """
    directory.mkdir(parents=True, exist_ok=True)
    earlier = _written(log_file(directory))
    with tempfile.TemporaryFile("w+") as errors, tempfile.TemporaryDirectory() as scratch:
        # Keras, which TensorFlow imports, writes its settings into the home of a person, if it has no other place:
        # https://keras.io/api/utils/config_utils/
        with _running(_command(directory), {**settings, "KERAS_HOME": scratch}, errors) as process:
            assert process.stdout is not None
            progress = Filling()
            for line in process.stdout:
                if told := progress.take(line):
                    reporter.event(told[0], **told[1])
        errors.seek(0)
        said = errors.read()
    if process.returncode:
        _tell_last_lines(log_file(directory), earlier, reporter)
        raise WildrydesError(f"{directory} was not filled: {_reason(said)}\nSee the log: {log_file(directory)}")


@contextmanager
def alone(directory: Path, reporter: Reporter) -> Iterator[None]:
    """Whoever else fills the directory in such a block waits for its end: what is read in the block is what was filled.

    Without it, another command may fill the directory with another model as soon as `fill` has returned.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".alone.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            reporter.event(f"another command prepares a model in {directory}: waiting for its end")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _running(command: list[str], settings: Mapping[str, str], errors: IO[str]) -> Iterator["subprocess.Popen[str]"]:
    """The script, in a group of its own: it ends with all that it started when it is not waited for any more."""
    with subprocess.Popen(
        command, env=dict(settings), stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            raise


def log_file(directory: Path) -> Path:
    """The log of the last filling of the directory."""
    return directory / "populate.log"


def _tell_last_lines(log: Path, earlier: int, reporter: Reporter) -> None:
    """Reports the end of the log, if it was written after the time `earlier`."""
    if _written(log) == earlier:
        return
    reporter.event(f"the last lines of {log}:")
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]:
        reporter.event(f"  {line}", log=str(log), message=line)


def _written(path: Path) -> int:
    """When a file was last written, in nanoseconds; 0 if it does not exist."""
    return path.stat().st_mtime_ns if path.exists() else 0


def missing(directory: Path, settings: Mapping[str, str]) -> tuple[str, ...]:
    """Which of the parts `tensorflow`, `model` and `prepared` fill() would make; none when all are up to date.

    While another process fills the directory, these are the parts that it has not made yet. Raises WildrydesError.
    """
    if not directory.exists():
        return ("tensorflow", "model", "prepared")
    shown = subprocess.run(
        _command(directory), env={**settings, "ONLY_LOOK": "1"}, capture_output=True, text=True, check=False
    )
    if shown.returncode:
        raise WildrydesError(f"{directory} cannot be checked: {_reason(shown.stderr)}")
    return tuple(shown.stdout.split())


def _reason(errors: str) -> str:
    """The script's own error line; the lines before it are in the log."""
    *_, last = ["populate.sh ended without an error message", *errors.strip().splitlines()]
    return last.removeprefix("populate: error: ")


def _command(directory: Path) -> list[str]:
    return ["bash", str(packaging.source_directory() / "filling" / "populate.sh"), str(directory)]


def manifest(directory: Path) -> str:
    """The content of the directory according to populate.sh; empty while it is not filled."""
    path = directory / "manifest.json"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def samples_location(directory: Path) -> str:
    """The folder of the user's own pictures on which the model in the directory was compared; empty for none."""
    try:
        weights_digest_folder = str(json.loads(manifest(directory))["inputs"]["preparation"]).split(" ", 2)
    except (ValueError, LookupError, TypeError):
        return ""
    return weights_digest_folder[2] if len(weights_digest_folder) == 3 else ""


def model_location(directory: Path) -> str:
    """Where the model in the directory came from; empty for the package's own model."""
    try:
        location = str(json.loads(manifest(directory))["inputs"]["model"])
    except (ValueError, LookupError, TypeError):
        return ""
    return "" if Path(location).parts[-3:] == _SHIPPED else location
