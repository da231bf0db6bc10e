"""Loads an application, an App or a Deployment, from the user's file or module, for `--app`.

The user's code may do anything while it is loaded, and may fail in any way. Its output to stdout goes to stderr, since
stdout is for the command's own result. It can import files from its own directory; these modules are forgotten
afterwards, so that the next App may have others with the same names.
"""

import contextlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from ..deployment import Deployment
from ..errors import SettingsError
from .app import App
from .calls import advice

_PACKAGE = Path(__file__).resolve().parents[1]
_IMPORTLIB = Path(importlib.__file__).parent
_MODULE = "wildrydes_ml_loaded_app"


def load(spec: str) -> App | Deployment:
    """The App or Deployment in `FILE.py[:NAME]` or `package.module[:NAME]`; NAME chooses one of several.

    Raises SettingsError, with file and line, when the code does not load, and when it has no App, or more than one.
    """
    source, _, name = spec.partition(":") if ".py:" not in spec else spec.rpartition(":")
    if not source:
        raise SettingsError([f"--app {spec!r}: name a file such as app.py, or a module such as package.module"])
    with contextlib.redirect_stdout(sys.stderr):
        module = _file(spec, Path(source)) if source.endswith(".py") else _module(spec, _module_name(spec, source))
    app = _chosen(spec, module, name)
    if isinstance(app, Deployment):
        return app
    try:
        app.template()
    except (ValueError, TypeError) as error:  # what only the whole App shows
        raise SettingsError([f"--app {spec}: {error}"]) from error
    return app


def told(error: BaseException, spec: str) -> str:
    """The error text when the user's own code raised the error while a command ran; otherwise empty."""
    source = spec.rpartition(":")[0] if ".py:" in spec else spec
    directory = Path(source).expanduser().resolve().parent if source.endswith(".py") else Path.cwd()
    files = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    ours = max((place for place, file in enumerate(files) if _PACKAGE in file.parents), default=-1)
    if not any(directory in file.parents and "site-packages" not in file.parts for file in files[ours + 1 :]):
        return ""
    what = f"{type(error).__name__}: {error}; fix this line and run the same command again"
    return f"--app {spec}: {_where(error, directory)}{what}"


def _file(spec: str, path: Path) -> ModuleType:
    file = path.expanduser().resolve()
    if not file.is_file():
        raise SettingsError([f"--app {spec}: there is no file {file}"])
    found = importlib.util.spec_from_file_location(_MODULE, file)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    with _importing_from(file.parent, forget=True), _explained(spec, file.parent):
        sys.modules[_MODULE] = module
        found.loader.exec_module(module)
    return module


def _module_name(spec: str, source: str) -> str:
    """The source, if it can be a module's name."""
    if all(part.isidentifier() for part in source.split(".")) and not Path(source).exists():
        return source
    kind = "a directory" if Path(source).expanduser().is_dir() else "neither a file that ends in .py nor a module"
    raise SettingsError([f"--app {spec}: {source} is {kind}: name a file such as app.py, or a module (package.module)"])


def _module(spec: str, name: str) -> ModuleType:
    here = Path.cwd()
    with _importing_from(here, forget=False), _explained(spec, here):
        return importlib.import_module(name)


@contextlib.contextmanager
def _importing_from(directory: Path, forget: bool) -> Iterator[None]:
    """Modules are searched in the directory first. Those found there are forgotten afterwards, if `forget` is set."""
    path, modules = list(sys.path), set(sys.modules)
    sys.path.insert(0, str(directory))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = path
        for name in [one for one in set(sys.modules) - modules if forget and _is_beside(one, directory)]:
            del sys.modules[name]


def _is_beside(name: str, directory: Path) -> bool:
    """Whether a module is a file in the directory, or in a package there."""
    if name == _MODULE:
        return True
    top = sys.modules.get(name.partition(".")[0])
    places = [getattr(top, "__file__", None), *getattr(top, "__path__", ())]
    return any(place and directory in (Path(place).parent, Path(place).parent.parent) for place in places) and not any(
        place and "site-packages" in Path(place).parts for place in places
    )


@contextlib.contextmanager
def _explained(spec: str, directory: Path) -> Iterator[None]:
    """Turns any error of the code into an error of the option: where, what, and what to do."""
    try:
        yield
    except SyntaxError as error:
        at = f"{error.filename}, line {error.lineno}: " if error.filename else ""
        raise SettingsError([f"--app {spec}: {at}{error.msg}"]) from error
    except ImportError as error:
        raise SettingsError([f"--app {spec}: {_where(error, directory)}{error}; {_remedy(error)}"]) from error
    except SettingsError as error:
        raise SettingsError([f"--app {spec}: {_where(error, directory)}{fault}" for fault in error.faults]) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a file may end the process, too
        what = str(error) if isinstance(error, (ValueError, TypeError)) else f"{type(error).__name__}: {error}"
        help = advice(what) if isinstance(error, TypeError) else ""
        raise SettingsError([f"--app {spec}: {_where(error, directory)}{what}{help}"]) from error


def _remedy(error: ImportError) -> str:
    if "relative import" in str(error):
        return "remove the first dot: files in the same directory are imported as `from names import NAME`"
    return "install the missing module, or correct the name"


def _where(error: BaseException, directory: Path) -> str:
    """File and line of the user's code that failed; empty if it never ran."""
    frames = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    outside = [
        one
        for one in frames
        if not {_PACKAGE, _IMPORTLIB} & {*one[0].parents} and not one[0].name.startswith("<frozen")
    ]
    near = [one for one in outside if directory in one[0].parents and "site-packages" not in one[0].parts]
    if not outside:
        return ""
    file, line = (near or outside)[-1]
    return f"{file}, line {line}: "


def _chosen(spec: str, module: ModuleType, name: str) -> App | Deployment:
    """The chosen App or Deployment. Apps come first: code with both has made the Deployment from the App."""
    named = {key: value for key, value in vars(module).items() if isinstance(value, (App, Deployment))}
    if name:
        if name in named:
            return named[name]
        known = f"it has {', '.join(sorted(named))}" if named else "it has none"
        raise SettingsError([f"--app {spec}: there is no App {name}; {known}"])
    apps = {key: value for key, value in named.items() if isinstance(value, App)} or named
    different = {id(app): key for key, app in reversed(apps.items())}
    if not different:
        raise SettingsError(
            [f"--app {spec}: it defines no App and no Deployment; write app = App('name', ...) at its top level"]
        )
    if len(different) > 1:
        names, kind = ", ".join(sorted(different.values())), type(next(iter(apps.values()))).__name__
        raise SettingsError(
            [f"--app {spec}: it defines {len(different)} {kind}s; choose one with {spec}:NAME, of {names}"]
        )
    return next(iter(apps.values()))
