"""Writes the tables of the documentation that are told by the code, between their markers in docs/*.md.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`, a message between `<!-- said: PLACE -->` and
`<!-- end -->`. `--check` writes nothing and fails when one is stale.
"""

import argparse
import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools import batch_growth, growth, messages
from tools import library_tables as library
from tools.markdown import table
from tools.reasons import GONE, NEW, REASONS, SAME, Reason
from wildrydes_ml import costs
from wildrydes_ml.cli.examples import EXAMPLES
from wildrydes_ml.cli.parser import PROGRAM, build_parser
from wildrydes_ml.cli.usage import verbs
from wildrydes_ml.deploy.states import TABLE as STATES
from wildrydes_ml.policy import grants
from wildrydes_ml.policy.participant import STEPS
from wildrydes_ml.policy.rights import CALLS, MADE
from wildrydes_ml.policy.rows import ROLE, VERBS, WIRING, Right
from wildrydes_ml.policy.scopes import SCOPES
from wildrydes_ml.template.effective import effective
from wildrydes_ml.workshop import templates as workshop
from wildrydes_ml.workshop.deployments import PRESETS
from wildrydes_ml.workshop.names import PACKAGED
from wildrydes_ml.workshop.settings import wild_rydes

ROOT = Path(__file__).resolve().parent.parent
SHORT = {
    "efs_99.yml": "EFS",
    "5_lambda_function.yml": "function",
    "99_complete.yml": "complete",
    "packaged.yml": "packaged",
    "batch.yml": "batch",
}
FILE = {short: file for file, short in SHORT.items()}
_MARKED = re.compile(r"<!-- table: (\w+) -->\n.*?<!-- end -->", re.DOTALL)
_SAID = re.compile(r"<!-- said: ([\w/:. -]+?) -->\n.*?<!-- end -->", re.DOTALL)
_DIGEST = re.compile(r"(?<=Deployment)[0-9a-f]{8}$")


def templates() -> dict[str, dict[str, Any]]:
    """The templates as plain data, by their short name."""
    return {SHORT[file]: build().to_dict() for file, build in workshop.TEMPLATES.items()}


def row_name(title: str) -> str:
    """A resource's name in the table of reasons."""
    return _DIGEST.sub("", title)


def parameters() -> str:
    """Each parameter: default, what it takes, which templates have it."""
    rows = []
    for name, places in _places("Parameters").items():
        entries = list(places.values())
        entry = entries[-1]
        required = ", ".join(place for place, one in places.items() if "Default" not in one)
        default = _code(entry["Default"]) if "Default" in entry else ""
        default += f"{'; ' if default else ''}required in {required}" if required else ""
        told = dict.fromkeys(str(one["Description"]) for one in entries)
        rows.append((f"`{name}`", default, _takes(entry), ", ".join(places), " / ".join(told)))
    return table(("parameter", "default", "takes", "templates", "what it does"), rows)


def outputs() -> str:
    """Each output and its export."""
    rows = []
    for name, places in _places("Outputs").items():
        entry = next(iter(places.values()))
        exported = "yes" if "Export" in entry else ""
        rows.append((f"`{name}`", ", ".join(places), exported, entry["Description"]))
    return table(("output", "templates", "exported", "what it is"), rows)


def resources() -> str:
    """Each resource, by the templates that have it: type, why it is there, what it costs."""
    groups: dict[str, list[tuple[str, ...]]] = {}
    for name, places in _resources().items():
        kind = next(iter(places.values()))["Type"].removeprefix("AWS::")
        *others, last = [f"`{FILE[place]}`" for place in places]
        heading = "### In " + (f"{', '.join(others)} and {last}" if others else last)
        groups.setdefault(heading, []).append((f"`{name}`", kind, REASONS[name].why, REASONS[name].cost))
    head = ("resource", "type", "why", "costs while idle")
    return "\n\n".join(f"{heading}\n\n{table(head, _joined(rows))}" for heading, rows in groups.items())


def differences() -> str:
    """Each resource that is not as in the workshop's templates, and why."""
    rows = []
    for name in _resources():
        reason = REASONS[name]
        if reason.change != SAME:
            rows.append((f"`{name}`", _kind(reason), reason.change.removeprefix(NEW).strip() or reason.why))
    gone = [(f"`{name}`", "removed", why) for name, why in GONE.items()]
    return table(("resource", "change", "what and why"), [*_joined(rows), *gone])


def unchanged() -> str:
    """The resources that are as in the workshop's templates."""
    return ", ".join(f"`{name}`" for name in _resources() if REASONS[name].change == SAME) + "."


def presets() -> str:
    """Where the presets differ in a new deployment, and what each costs while idle, item by item."""
    values = {name: wild_rydes(preset=name).parameter_values() for name in PRESETS}
    chosen = sorted({name for preset in PRESETS.values() for name in preset})
    names = [name for name in chosen if len({row[name] for row in values.values()}) > 1]
    rows: list[tuple[str, ...]] = [
        (f"`{name}`", *(f"`{values[preset][name]}`" for preset in PRESETS), "") for name in names
    ]
    bodies = {preset: workshop.complete().to_dict() for preset in PRESETS} | {PACKAGED: workshop.packaged().to_dict()}
    values[PACKAGED] = wild_rydes(preset=PACKAGED).parameter_values()
    idle: dict[str, dict[str, float]] = {preset: defaultdict(float) for preset in bodies}
    for preset, body in bodies.items():
        for cost in costs.idle([effective(body, values[preset])]):
            idle[preset][cost.item] += cost.dollars or 0
    for item in dict.fromkeys(item for costed in idle.values() for item in costed):
        rows.append((item, *(f"{idle[preset][item]:.2f}" if item in idle[preset] else "" for preset in bodies)))
    sums = (f"**{sum(idle[preset].values()):.2f}**" for preset in bodies)
    rows.append(("**US$ a month, idle**", *sums))
    return table(("setting or cost", *(f"`{preset}`" for preset in bodies)), rows)


def commands() -> str:
    """The options of each verb, as its `--help` has them."""
    os.environ.pop("WILDRYDES_HOME", None)
    parts = []
    for verb, parser in verbs(build_parser()).items():
        rows = [_option(action) for action in parser._actions if action.dest != "help"]
        examples = "\n".join(f"{PROGRAM} {verb} {example}".rstrip() for example in EXAMPLES[verb])
        about = f"## {verb}\n\n{parser.description}\n\n```text\n{examples}\n```\n"
        parts.append(about + "\n" + table(("option", "what it does"), rows))
    return "\n\n".join(parts)


def policy_sizes() -> str:
    """How many policies who needs, and how long they are."""
    settings = wild_rydes(account="123456789012")
    rows = []
    for who in grants.WHO:
        sizes = [grants.size(document) for document in grants.policies(who, settings, "eu-west-1")]
        rows.append((f"`--for {who}`", len(sizes), " and ".join(f"{size:,}" for size in sizes)))
    return table(("who", "policies", "characters"), rows)


# What a row of the table of rights is only for.
_ONLY = {"": "", WIRING: " (who connects the API)", ROLE: " (with `--role-arn`)"}


def called_rights() -> str:
    """The rights for what the deployer calls itself, by what they are for and on what."""
    groups: dict[tuple[str, ...], dict[str, None]] = {}
    for right in (*CALLS, *STEPS):
        verbs = [verb for verb in VERBS if verb in right.when]
        only = f" (`ApiAuth` {right.auth})" if right.auth else _ONLY[right.only]
        groups.setdefault((", ".join(verbs) + only, right.scope), {}).update(dict.fromkeys(right.actions))
    rows = [(verbs, scope, _codes(actions)) for (verbs, scope), actions in groups.items() if actions]
    return table(("verbs", "on", "permissions"), rows)


def made_rights() -> str:
    """The rights for what CloudFormation makes, by type and on what."""
    groups: dict[tuple[str, str], list[Right]] = {}
    for right in MADE:
        groups.setdefault((right.source, right.scope), []).append(right)
    rows = [
        (f"`{source}`", scope, _codes(dict.fromkeys(action for right in rights for action in right.actions)))
        for (source, scope), rights in sorted(groups.items())
    ]
    return table(("type", "on", "permissions"), rows)


def right_scopes() -> str:
    """On what the rights are, with their conditions."""
    rows = []
    for name, scope in SCOPES.items():
        entries = [
            f"`{key}` is {' or '.join(f'`{value}`' for value in values)}"
            for found in scope.condition.values()
            for key, values in found.items()
        ]
        rows.append((name, _codes(scope.arns), "; ".join(entries)))
    return table(("on", "resources", "only where"), rows)


def stack_states() -> str:
    """Every status that a stack can have: what it means, what each command does, what people do."""
    rows = [
        (f"`{status}`", row.meaning, row.deploy.value, row.status.value, row.destroy.value, row.advice)
        for status, row in STATES.items()
    ]
    return table(("status", "means", "deploy", "status says", "destroy", "you"), rows)


TABLES: dict[str, Callable[[], str]] = {
    one.__name__: one
    for one in (
        parameters,
        outputs,
        resources,
        differences,
        unchanged,
        presets,
        commands,
        policy_sizes,
        called_rights,
        made_rights,
        right_scopes,
        stack_states,
        growth.waits,
        batch_growth.growth,
        messages.messages,
        messages.api_messages,
        *library.TABLES,
    )
}


def filled(text: str) -> str:
    """The page with its tables as the code tells them now."""
    told = _SAID.sub(lambda found: f"<!-- said: {found[1]} -->\n{messages.said(found[1])}\n<!-- end -->", text)
    return _MARKED.sub(lambda found: f"<!-- table: {found[1]} -->\n{TABLES[found[1]]()}\n<!-- end -->", told)


def pages() -> Iterable[Path]:
    """The pages of the documentation."""
    return sorted((ROOT / "docs").rglob("*.md"))


def _places(section: str) -> dict[str, dict[str, Any]]:
    """The entries of a section of all templates: name, then template, then entry."""
    found: dict[str, dict[str, Any]] = {}
    for place, body in templates().items():
        for name, entry in body[section].items():
            found.setdefault(name, {})[place] = entry
    return found


def _resources() -> dict[str, dict[str, Any]]:
    return {row_name(title): places for title, places in _places("Resources").items()}


def _joined(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Rows of which all but the name is the same become one."""
    names: dict[tuple[str, ...], list[str]] = {}
    for name, *rest in rows:
        names.setdefault(tuple(rest), []).append(name)
    return [(" ".join(joined), *rest) for rest, joined in names.items()]


def _kind(reason: Reason) -> str:
    return "same" if reason.change == SAME else "new" if reason.change.startswith(NEW) else "changed"


def _takes(entry: dict[str, Any]) -> str:
    if "AllowedValues" in entry:
        values = [str(value) for value in entry["AllowedValues"]]
        return ", ".join(values if len(values) < 8 else [*values[:3], "…", values[-1]])
    if "MinValue" in entry:
        return f"{entry['MinValue']} to {entry['MaxValue']}"
    constraint = str(entry.get("ConstraintDescription", "")).removeprefix("must be ")
    return constraint or ("ids, separated by commas" if str(entry["Type"]).startswith("List") else "text")


def _option(action: argparse.Action) -> tuple[str, str]:
    value = action.metavar or (f"{{{','.join(map(str, action.choices))}}}" if action.choices else "")
    if not value and action.option_strings and action.nargs != 0:
        value = action.dest.upper()
    name = " ".join([*action.option_strings, str(value)] if action.option_strings else [str(value)]).strip()
    text = (action.help or "") % {"default": action.default}
    return f"`{name}`", text


def _codes(names: Iterable[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


def _code(value: Any) -> str:
    return f"`{value}`" if str(value) else "empty"


def main(show: Callable[[str], None] = print) -> int:
    """Fills the tables, or with --check only tells which pages are stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a table is stale")
    options = parser.parse_args()
    stale = [page for page in pages() if filled(page.read_text(encoding="utf-8")) != page.read_text(encoding="utf-8")]
    for page in stale:
        show(f"{'stale' if options.check else 'wrote'} {page.relative_to(ROOT)}")
        if not options.check:
            page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 1 if stale and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
