"""A deploy or destroy as a process, ended as the commands end: it can be killed."""

import signal
import sys
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import FrameType

from wildrydes_ml.aws.session import connect
from wildrydes_ml.deploy import deployer
from wildrydes_ml.destroy import destroyer
from wildrydes_ml.errors import WildrydesError

from ..forked import PROCESSES
from .place import Address, Silent, Subject

# A run takes a second or two, and the proof of an API that is being removed a minute; what takes longer hangs.
SECONDS = 75
# The first deploy of all fills EFS.
FILLING_SECONDS = 900
# What stands for an end with a traceback, and for none: no command may end so.
TRACEBACK, HANGS = 70, 71


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code (negative: the signal that killed it), and its message."""

    code: int
    message: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.message}".strip()


class Process:
    """The verb in a process of its own."""

    def __init__(self, subject: Subject, address: Address, verb: str, seconds: int = SECONDS) -> None:
        self._ear, mouth = PROCESSES.Pipe(duplex=False)
        self._process: BaseProcess = PROCESSES.Process(target=_main, args=(subject, address, verb, seconds, mouth))
        self._process.start()
        mouth.close()

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process.pid
        return self._process.pid

    def wait(self) -> Ended:
        """Its end."""
        self._process.join()
        with self._ear:
            try:
                message = str(self._ear.recv())
            except EOFError:
                message = ""
        return Ended(self._process.exitcode or 0, message)


class _Hanging(BaseException):
    """Nothing but this module catches it."""


def run(subject: Subject, address: Address, verb: str, seconds: int = SECONDS) -> Ended:
    """Runs the verb to its end."""
    return Process(subject, address, verb, seconds).wait()


def _where() -> str:
    """The exception and the last calls of the package before it."""
    kind, error, trace = sys.exc_info()
    ours = [one for one in traceback.extract_tb(trace) if "wildrydes_ml" in one.filename]
    told = traceback.format_exception_only(kind, error)
    return "".join([*traceback.format_list(ours[-4:]), *told]).rstrip()


def _ring(number: int, frame: FrameType | None) -> None:
    raise _Hanging


def _main(subject: Subject, address: Address, verb: str, seconds: int, mouth: Connection) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGALRM, _ring)
    signal.alarm(seconds)
    code, message = 0, ""
    try:
        settings = subject()
        target = address.target(settings.name)
        aws = connect(target, address.pause())
        if verb == "deploy":
            deployer.deploy(aws, settings, target, Silent())
        else:
            destroyer.destroy(aws, settings, target, Silent(), lambda found: None)
    except WildrydesError as error:
        code, message = error.exit_code, str(error)
    except KeyboardInterrupt as stopped:
        code, message = 130, str(stopped) or "stopped"
    except _Hanging:
        code, message = HANGS, f"no end after {seconds} s:\n{_where()}"
    except Exception:
        code, message = TRACEBACK, _where()
    mouth.send(message)
    sys.exit(code)
