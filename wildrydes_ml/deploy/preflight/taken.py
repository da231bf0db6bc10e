"""Whether names are free, or exist, as they must: functions, logs, exports, stored parameters, runtimes."""

from collections.abc import Iterator

from ...aws.records import Billable
from ...checks.stack import FUNCTION
from .case import Case, Problem, choice
from .needs import LOG_GROUP, NAMES, Part, exported, imported, stored

_WORDS = {FUNCTION: "function", LOG_GROUP: "log group"}


def name_problems(case: Case) -> Iterator[Problem]:
    """A stack cannot take over an existing function or log group: another stack may have one with the same name."""
    for kind, (key, question) in NAMES.items():
        for part in case.whole:
            for title, properties in part.view.of(kind).items():
                name = properties.get(key)
                maker = case.fact(question, name) if isinstance(name, str) else None
                if maker is not None and maker != part.stack.name:
                    yield _taken(case, part, title, kind, str(name), maker)


def _taken(case: Case, part: Part, title: str, kind: str, name: str, maker: str) -> Problem:
    key, what = NAMES[kind][0], _WORDS[kind]
    why = f"stack {maker} already has one with this name" if maker else "it already exists, and no stack created it"
    removal = case.remedies.removal(Billable(what, name))
    instead = "delete that stack if it is not needed" if maker else f"if nobody needs it, delete it with `{removal}`"
    setting = part.setting(title, key)
    other = choice(setting, "NAME", f"another {key} for {title}")
    return case.problem(f"{what} {name}", why, f"Use another --name or {other}, or {instead}")


def export_problems(case: Case) -> Iterator[Problem]:
    """A name of an export can exist only once in a region.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html
    """
    there = case.fact("exports") or {}
    for part in case.whole:
        wanted = {*exported(part.sections)}
        makers = {name: arn.split("/")[1] for name, arn in sorted(there.items()) if name in wanted}
        for maker in sorted(set(makers.values()) - {part.stack.name}):
            names = ", ".join(name for name in makers if makers[name] == maker)
            remedy = f"Use another --name, or delete stack {maker} if it is not needed"
            yield case.problem("exports", f"stack {maker} already uses the names {names}", remedy)


def import_problems(case: Case) -> Iterator[Problem]:
    """What a template imports from another stack must exist first, unless the deployment itself exports it."""
    if not case.knows("exports"):
        return
    own = {name for part in case.whole for name in exported(part.sections)}
    for part in case.parts:
        for name, title in imported(part).items():
            if name not in case.fact("exports") and name not in own:
                why = f"{title} of stack {part.stack.name} imports it, and no stack in the region exports it"
                yield case.problem(f"export {name}", why, "Deploy the stack that exports it first, or correct the name")


def stored_problems(case: Case) -> Iterator[Problem]:
    """Parameters whose values come from Systems Manager."""
    for part in case.parts:
        for name, parameter in stored(part).items():
            if case.fact("stored", name) is False:
                remedy = f"Create it, or name another with --set {parameter}=NAME"
                yield case.problem(f"parameter {name}", "Systems Manager has no such parameter in the region", remedy)


def runtime_problems(case: Case) -> Iterator[Problem]:
    """Runtimes that Lambda does not have, or that the packages are not made for."""
    if not case.knows("runtimes"):
        return
    told = set[str]()
    for part in case.whole:
        for title, properties in part.view.of(FUNCTION).items():
            runtime = properties.get("Runtime")
            if isinstance(runtime, str) and runtime not in told:
                told.add(runtime)
                yield from _runtime(case, part.setting(title, "Runtime"), title, runtime)


def _runtime(case: Case, setting: str, title: str, runtime: str) -> Iterator[Problem]:
    packages, locked = _locked(case)
    newest = locked[-1] if locked else ""
    other = choice(setting, newest or "RUNTIME", f"another Runtime for {title}")
    if runtime not in case.fact("runtimes"):
        why = "the installed boto3 does not know a Lambda runtime with this name"
        yield case.problem(f"runtime {runtime}", why, f"Use {other}, or `pip install --upgrade boto3`")
    elif locked and runtime not in locked:
        why = f"the packages that go on EFS are locked for {', '.join(locked)}"
        yield case.problem(f"runtime {runtime}", why, f"Use {other}, or other --set {packages}=PINS")


def _locked(case: Case) -> tuple[str, tuple[str, ...]]:
    """The parameter with locked packages, and the runtimes that these are made for."""
    for part in case.whole:
        for name, value in part.stack.parameters.items():
            if value in case.locked:
                return name, case.locked[value][bool(case.desired.fill)]
    return "", ()
