"""An App's template before its author adds to it, and a copy of it before the API comes to it."""

from typing import get_args

from troposphere import Parameter, Template

from ..blocks import arguments
from ..blocks.access import Access
from ..blocks.agreement import RUNTIME, Architecture
from ..template.headings import headings
from . import parameters

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_DESCRIPTION_BYTES = 1024


def begun(about: str, runtime: str, architecture: Architecture) -> Template:
    """A template with the parameters that every App has. Raises TypeError and ValueError for a wrong argument."""
    arguments.kind("App.about", about, str, "pass text")
    if (size := len(about.encode())) > _DESCRIPTION_BYTES:
        raise ValueError(f"App.about has {size} bytes: use at most {_DESCRIPTION_BYTES}")
    template = Template(Description=about)
    template.set_version("2010-09-09")
    arguments.text("App.runtime", runtime, RUNTIME, "use a Lambda runtime such as python3.13")
    arguments.one_of("App.architecture", architecture, get_args(Architecture))
    for name, more in (
        ("DataBucket", {}),
        ("PythonRuntime", {"Default": runtime}),
        ("Architecture", {"Default": architecture}),
        ("PermissionsBoundary", {}),
        ("Revision", {}),
    ):
        template.add_parameter(parameters.known(name, **more))
    return template


def limits(access: Access | None) -> list[Parameter]:
    """The parameters that say who may call, and how often."""
    said = (access.auth, access.rate, access.burst) if access else ()
    return [limit for limit in said if isinstance(limit, Parameter)]


def copied(template: Template) -> Template:
    """Another template with the same content, to which more can be added."""
    copy = Template(Description=template.description, Metadata=dict(template.metadata))
    copy.set_version(template.version)
    for section in ("parameters", "mappings", "conditions", "resources", "outputs"):
        getattr(copy, section).update(getattr(template, section))
    headings(copy).update(headings(template))
    return copy
