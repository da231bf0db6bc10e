"""Checks of the whole template: resources without a required property, and references to unknown names."""

from troposphere import Template

from ..template.references import references

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_LONGEST = 255


def refuse_incomplete(template: Template) -> None:
    """Raises ValueError for a resource without a required property, for a reference to an unknown name or condition,
    and for a logical id that is too long."""
    for title in (*template.resources, *template.outputs):
        if len(title) > _LONGEST:
            raise ValueError(f"{title[:30]}… has {len(title)} characters: a logical id has at most {_LONGEST}")
    for title, resource in template.resources.items():
        condition = resource.resource.get("Condition")
        if condition is not None and condition not in template.conditions:
            raise ValueError(f"{title} has the condition {condition!r}, which the App does not have: remove it")
    known = {*template.resources, *template.parameters}
    for title, one in (*template.resources.items(), *template.outputs.items()):
        for name in references(one.to_dict()):
            # AWS::Region and the like are CloudFormation's.
            if name not in known and not name.startswith("AWS::"):
                raise ValueError(
                    f"{title} refers to {name!r}, which the App does not have: "
                    "add it with app.add(...) or app.parameter(...)"
                )
