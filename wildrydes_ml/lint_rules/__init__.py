"""The checks of `wildrydes_ml.checks` as rules for cfn-lint: `cfn-lint TEMPLATE -a wildrydes_ml.lint_rules`.

cfn-lint makes a rule of every class that it finds in a module. It reads the template, so findings have line numbers,
and its ways to ignore a rule hold. Parameters have their defaults.
"""

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from ..checks import CHECKS, Check, findings_of


def _rule(check: Check) -> type[CloudFormationLintRule]:
    def match(self: CloudFormationLintRule, cfn: Template) -> list[RuleMatch]:
        return [RuleMatch(list(finding.path), finding.message) for finding in findings_of(check, cfn.template)]

    about = {
        "__doc__": check.title,
        "id": check.id,
        "shortdesc": check.title,
        "description": check.why,
        "source_url": check.source,
        "tags": ["resources", "lambda", "efs"],
        "match": match,
    }
    return type(check.name, (CloudFormationLintRule,), about)


globals().update({check.name: _rule(check) for check in CHECKS})
