"""The templates' parameters out of the table of `rows`: what a template offers, and what the deployer must know."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from troposphere import Parameter, Template

from ..template.interface import interface
from ..template.parameters import constraint, fits
from .efs_rows import MODEL_URL, PACKAGES, REFILL
from .function_rows import BUCKET
from .row import BATCH, DUAL_STACK, EFS, FUNCTION, MOUNT, PACKED, SOURCE, WORKSHOP_COMMAND
from .rows import ROWS

__all__ = [
    "BATCH",
    "DERIVED",
    "DUAL_STACK",
    "EFS",
    "FUNCTION",
    "IN_THE_ZIP",
    "MODEL_URL",
    "MOUNT",
    "ON_EXISTING_EFS",
    "OPENINGS",
    "PACKAGES",
    "PACKED",
    "REFILLS",
    "SOURCE",
    "TABLE",
    "WITHOUT_FUNCTION",
    "WORKSHOP_COMMAND",
    "add_parameters",
    "asked",
    "of",
    "with_defaults",
]

TABLE: dict[str, dict[str, Any]] = {name: row.properties for name, row in ROWS.items()}
REFILLS = tuple(name for name, row in ROWS.items() if row.refills)
DERIVED = {name: row.derived for name, row in ROWS.items() if row.derived}
OPENINGS = {name: row.opens for name, row in ROWS.items() if row.opens}


def of(*parts: str) -> tuple[str, ...]:
    """The names of the parameters of some parts, in the order of the parts and of the rows."""
    return tuple(dict.fromkeys(name for part in parts for name, row in ROWS.items() if part in row.parts))


# Beside a file system of its own these two say how to fill it; on an existing one they must agree with it.
ON_EXISTING_EFS = {
    "PythonRuntime": {"Description": "Python version of the function: the one that the packages on EFS are for."},
    "Architecture": {"Description": "Processor of the function: the one that the packages on EFS are for."},
}
# Without EFS the packages are in the zip, which deploy makes for these two.
IN_THE_ZIP = {
    "PythonRuntime": {
        "Description": "Python version of the function: the one that the packages in its zip are for.",
    },
    "Architecture": {"Description": "Processor of the function: the one that the packages in its zip are for."},
}
# Without a function, its zip is only needed for what it holds beside the handler.
WITHOUT_FUNCTION = {
    "DataBucket": {
        "Default": "",
        "Description": "S3 bucket in this region with the function's zip. Empty: the function starts slowly." + REFILL,
        "AllowedPattern": f"^$|{BUCKET}",
        "ConstraintDescription": "must be the name of an S3 bucket, or empty",
    },
}


def add_parameters(
    template: Template, names: Iterable[str], own: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Parameter]:
    """Adds the named parameters of the table, each once, in the order given; some with properties of their own, where
    None removes one: a parameter without `Default` is required.

    Raises ValueError for a name that is not in the table, and for a default that its parameter does not allow.
    """
    chosen = tuple(dict.fromkeys(names))
    _refuse_unknown("parameter", chosen, TABLE)
    merged = {name: {**TABLE[name], **(own or {}).get(name, {})} for name in chosen}
    rows = {name: {key: item for key, item in row.items() if item is not None} for name, row in merged.items()}
    for name, row in rows.items():
        if "Default" in row and not fits(str(row["Default"]), row):
            raise ValueError(f"default of parameter {name} is {row['Default']!r}: it {constraint(row)}")
    return {name: template.add_parameter(Parameter(name, **row)) for name, row in rows.items()}


def asked(names: Iterable[str]) -> dict[str, Any]:
    """A template's `Metadata` by which the console groups and labels these parameters, the required ones first."""
    rows = {name: ROWS[name] for name in sorted(names, key=lambda name: "Default" in TABLE[name])}
    groups = {name: row.group for name, row in rows.items()}
    return interface(groups, {name: row.label for name, row in rows.items()})


def with_defaults(
    names: Iterable[str], defaults: Mapping[str, Any] | None, own: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, dict[str, Any]]:
    """The properties for `add_parameters` in which these defaults take the place of the table's.

    Raises ValueError for a default of a parameter that is not among the names.
    """
    _refuse_unknown("default", defaults or {}, tuple(names))
    merged = {name: dict(properties) for name, properties in (own or {}).items()}
    for name, default in (defaults or {}).items():
        merged.setdefault(name, {})["Default"] = default
    return merged


def _refuse_unknown(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"{kind} {', '.join(unknown)}: there is none of that name, but {', '.join(sorted(known))}")
