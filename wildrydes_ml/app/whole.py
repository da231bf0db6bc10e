"""Checks of the whole template: resources without a required property, and references to unknown names."""

from troposphere import Template

from ..template.references import references


def refuse_incomplete(template: Template) -> None:
    """Raises ValueError for a resource without a required property, and for a reference to an unknown name."""
    known = {*template.resources, *template.parameters}
    for title, one in (*template.resources.items(), *template.outputs.items()):
        for name in references(one.to_dict()):
            # AWS::Region and the like are CloudFormation's.
            if name not in known and not name.startswith("AWS::"):
                raise ValueError(f"{title} refers to {name!r}, which the App does not have: add it with app.add(...)")
