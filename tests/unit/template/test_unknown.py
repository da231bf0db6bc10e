"""Names that a template has not are told before a deploy: an emulator takes them, and CloudFormation refuses them."""

from pathlib import Path

import pytest

from wildrydes_ml.deployment import Stack
from wildrydes_ml.errors import SettingsError

TEMPLATE = """\
Parameters:
  Stage: {Type: String, Default: dev}
Mappings:
  Days: {dev: {Keep: 1}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsOther: !Not [!Condition IsProd]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Condition: IsProd
    Properties:
      QueueName: !Sub ["${Stage}-${Own}-${!Stays}-${AWS::Region}", {Own: x}]
      MessageRetentionPeriod: !If [IsProd, !FindInMap [Days, !Ref Stage, Keep], !Ref AWS::NoValue]
  Policy:
    Type: AWS::SQS::QueuePolicy
    DependsOn: [Queue]
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Statement: [{Effect: Allow, Condition: {StringEquals: {"aws:SourceAccount": !Ref AWS::AccountId}}}]
Outputs:
  Arn: {Value: !GetAtt Queue.Arn, Condition: IsProd}
"""

SLIPS = {
    "a reference": ("Queues: [!Ref Queue]", "Queues: [!Ref Quue]", "Policy refers to 'Quue'"),
    "an attribute": ("!GetAtt Queue.Arn", "!GetAtt Quue.Arn", "output Arn refers to 'Quue'"),
    "a text": ('"${Stage}-', '"${Stag.Name}-', "Queue refers to 'Stag'"),
    "an order": ("DependsOn: [Queue]", "DependsOn: Quue", "Policy refers to 'Quue'"),
    "a parameter": ("!Equals [!Ref Stage", "!Equals [!Ref Stag", "condition IsProd refers to 'Stag'"),
    "a choice": ("!If [IsProd,", "!If [IsPrd,", "Queue refers to the condition 'IsPrd'"),
    "a resource's condition": (
        "    Condition: IsProd",
        "    Condition: IsPrd",
        "Queue refers to the condition 'IsPrd'",
    ),
    "an output's condition": ("Arn, Condition: IsProd", "Arn, Condition: IsPrd", "output Arn refers to the condition"),
    "a condition of another": ("!Condition IsProd", "!Condition IsPrd", "condition IsOther refers to the condition 'I"),
    "a table": ("!FindInMap [Days", "!FindInMap [Day", "Queue refers to the mapping 'Day'"),
}


def test_a_template_in_order_has_none(tmp_path: Path) -> None:
    (tmp_path / "queue.yml").write_text(TEMPLATE)
    assert Stack.of(tmp_path / "queue.yml").source.text == TEMPLATE


@pytest.mark.parametrize(("right", "wrong", "said"), SLIPS.values(), ids=SLIPS)
def test_a_name_that_the_template_has_not(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert TEMPLATE.count(right) == 1
    (tmp_path / "queue.yml").write_text(TEMPLATE.replace(right, wrong))
    with pytest.raises(SettingsError) as error:
        Stack.of(tmp_path / "queue.yml")
    (fault,) = error.value.faults
    assert fault.startswith(f"queue.yml: {said}")
    assert fault.endswith("which the template does not have: correct the name, or add it")
