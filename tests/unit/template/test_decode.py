"""A template's text read back: the same data, whether it was written here, by hand or as JSON."""

import json

import pytest

from wildrydes_ml.template.decode import decode
from wildrydes_ml.template.render import render
from wildrydes_ml.workshop import templates


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_what_was_rendered_is_read_back(name: str) -> None:
    template = templates.TEMPLATES[name]()
    plain = json.loads(json.dumps(template.to_dict()))
    assert decode(render(template)) == plain
    assert decode(json.dumps(plain)) == plain


@pytest.mark.parametrize(
    ("short", "spelt_out"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!GetAtt A.B.C", {"Fn::GetAtt": ["A", "B.C"]}),
        ("{'Fn::GetAtt': A.B.C}", {"Fn::GetAtt": ["A", "B.C"]}),
        ("!GetAtt [A, B]", {"Fn::GetAtt": ["A", "B"]}),
        ("!Sub '${A}'", {"Fn::Sub": "${A}"}),
        ("!Join ['', [!Ref A, b]]", {"Fn::Join": ["", [{"Ref": "A"}, "b"]]}),
        ("!If [C, !Ref A, !Ref 'AWS::NoValue']", {"Fn::If": ["C", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}),
        ("!Transform {Name: N, Of: {P: !Ref A}}", {"Fn::Transform": {"Name": "N", "Of": {"P": {"Ref": "A"}}}}),
        ("2012-10-17", "2012-10-17"),
    ],
)
def test_short_forms_are_spelt_out(short: str, spelt_out: object) -> None:
    body = decode(f"Resources: {{R: {{Type: T, Properties: {{P: {short}}}}}}}")
    assert body["Resources"]["R"]["Properties"]["P"] == spelt_out


@pytest.mark.parametrize("text", ["", "old", "- a list", "Resources: none", "{", "a: [", "!!python/object:os.x {}"])
def test_another_text_is_no_template(text: str) -> None:
    assert decode(text) == {}
