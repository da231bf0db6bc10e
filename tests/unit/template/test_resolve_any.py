"""Whatever is nested in whatever: what is found without an account is what CloudFormation finds with one."""

import re
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from wildrydes_ml.template.resolve import resolve

NO_VALUE = {"Ref": "AWS::NoValue"}
KNOWN = {"Size": "3", "Name": "a${Size}", "Names": "x,3,z", "Empty": ""}
# What only CloudFormation knows.
LATER = {"Stored": "ami-1", "Needed": "3", "AWS::Region": "us-east-1", "Subnets": ["s-1", "s-2", "s-3"]}
BODY: dict[str, Any] = {
    "Parameters": {
        "Size": {"Type": "Number"},
        "Name": {"Type": "String"},
        "Empty": {"Type": "String", "Default": ""},
        "Names": {"Type": "CommaDelimitedList"},
        "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/ami"},
        "Needed": {"Type": "String"},
        "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
    },
    "Mappings": {"M": {"3": {"k": "deep", "3": "three"}, "us-east-1": {"k": "east", "3": "${Size}"}}},
}


class CloudFormation:
    """Knows all, and reads each function by the reference."""

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self.rules = rules
        self.values: dict[str, Any] = {**KNOWN, "Names": KNOWN["Names"].split(","), **LATER}

    def holds(self, rule: Any) -> bool:
        ((name, argument),) = rule.items()
        if name == "Condition":
            return self.holds(self.rules[argument])
        if name == "Fn::Equals":
            one, other = map(self.value, argument)
            return bool(one == other)
        held = [self.holds(one) for one in argument]
        return {"Fn::And": all(held), "Fn::Or": any(held), "Fn::Not": not held[0]}[str(name)]

    def value(self, item: Any) -> Any:
        if isinstance(item, list):
            return [value for one in item if (value := self.value(one)) != NO_VALUE]
        if not isinstance(item, dict) or item == NO_VALUE:
            return item
        ((name, argument),) = item.items()
        if name == "AWS::SSM::Parameter::Value<String>":
            assert argument == "/ami"
            return LATER["Stored"]
        return getattr(self, name.removeprefix("Fn::").lower())(argument)

    def ref(self, name: str) -> Any:
        return self.values[name]

    def sub(self, argument: Any) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument
        values = {**self.values, **{key: self.value(item) for key, item in own.items()}}
        return re.sub(r"\$\{([^}]+)\}", lambda at: f"${{{at[1][1:]}}}" if at[1][0] == "!" else values[at[1]], text)

    def join(self, argument: Any) -> str:
        return str(argument[0].join(self.value(argument[1])))

    def split(self, argument: Any) -> list[str]:
        return list(self.value(argument[1]).split(argument[0]))

    def select(self, argument: Any) -> Any:
        return self.value(argument[1])[int(argument[0])]

    def findinmap(self, argument: Any) -> Any:
        first, second = map(self.value, argument[1:])
        return BODY["Mappings"]["M"].get(first, {}).get(second, "none")

    def importvalue(self, argument: Any) -> str:
        return f"imported {self.value(argument)}"

    def base64(self, argument: Any) -> str:
        return f"encoded {self.value(argument)}"

    def getatt(self, argument: Any) -> str:
        return f"attribute {'.'.join(self.value(argument))}"

    # Named as Python needs it.
    def __getattr__(self, name: str) -> Any:
        return {"if": self.chosen}[name]

    def chosen(self, argument: Any) -> Any:
        return self.value(argument[1] if self.holds({"Condition": argument[0]}) else argument[2])


def function(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(*arguments).map(lambda found: {name: list(found)})


conditions = st.sampled_from(["C0", "C1", "C2"])
words = st.sampled_from(["", "a", "3", "us-east-1", "k", "ami-1", "${!Size}", "x,3", "one-two"])
refs = st.sampled_from(["Size", "Name", "Empty", "Stored", "Needed", "AWS::Region"]).map(lambda name: {"Ref": name})
patterns = st.lists(
    st.sampled_from(
        ["-", "${Size}", "${Name}", "${Stored}", "${Needed}", "${AWS::Region}", "${!Size}", "${!x.y}", "$"]
    ),
    max_size=4,
).map("".join)
separators = st.sampled_from([",", "-", ""])


def deeper(texts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    perhaps = texts | function("Fn::If", conditions, texts, st.just(NO_VALUE))
    lists = (
        st.lists(perhaps, max_size=3).map(lambda items: ["first", "second", *items])
        | st.lists(perhaps, max_size=2).map(lambda items: [*items, "a", "b", "c"])
        | st.sampled_from([{"Ref": "Names"}, {"Ref": "Subnets"}])
    )
    own = st.fixed_dictionaries({"One": texts, "Size": texts})
    long = patterns.map(lambda text: f"{text}${{One}}")
    return st.one_of(
        function("Fn::Join", separators, lists),
        function("Fn::Join", separators, texts.map(lambda text: {"Fn::Split": [",", text]})),
        patterns.map(lambda text: {"Fn::Sub": text}),
        function("Fn::Sub", long, own),
        function("Fn::If", conditions, texts, texts),
        function("Fn::Select", st.sampled_from(["0", 0, 1]), lists),
        function("Fn::FindInMap", st.just("M"), texts, texts),
        texts.map(lambda text: {"Fn::ImportValue": text}),
        texts.map(lambda text: {"Fn::Base64": text}),
        texts.map(lambda text: {"Fn::GetAtt": ["Other", text]}),
    )


texts = st.recursive(words | refs, deeper, max_leaves=12)


def rules(earlier: tuple[str, ...]) -> st.SearchStrategy[Any]:
    leaves = function("Fn::Equals", texts, texts)
    if earlier:
        leaves |= st.sampled_from(earlier).map(lambda name: {"Condition": name})
    return st.recursive(
        leaves,
        lambda inner: function("Fn::And", inner, inner) | function("Fn::Or", inner, inner) | function("Fn::Not", inner),
        max_leaves=4,
    )


# Those that the conditions' own texts choose by are fixed, so that none refers to itself.
FIXED = {
    "C0": {"Fn::Equals": [{"Ref": "Size"}, "3"]},
    "C1": {"Fn::Equals": [{"Ref": "Needed"}, "3"]},
    "C2": {"Fn::Equals": [{"Ref": "Stored"}, "/ami"]},
}
chains = st.tuples(rules(("C0", "C1", "C2")), rules(("C1", "D0")), rules(("C2", "D0", "D1")))


def named(chain: tuple[Any, ...]) -> dict[str, Any]:
    return {**FIXED, **{f"D{index}": rule for index, rule in enumerate(chain)}}


@settings(max_examples=150, deadline=None)
@given(texts, chains)
def test_what_is_found_early_is_what_is_found_at_last(written: Any, chain: tuple[Any, ...]) -> None:
    rules = named(chain)
    cloudformation = CloudFormation(rules)
    chosen = {"Fn::If": ["D2", written, {"Fn::If": ["D1", "b", {"Fn::Join": ["-", ["c", written]]}]}]}
    written_at = {"Plain": [written], "Chosen": [chosen]}
    body = {**BODY, "Conditions": rules, "Resources": {"R": {"Type": "T", "Properties": written_at}}}
    try:
        last = {name: cloudformation.value(one) for name, one in written_at.items()}
    except (IndexError, KeyError, TypeError, AttributeError, ValueError):
        return  # no template that CloudFormation takes
    early = resolve(body, KNOWN)["Resources"]["R"]["Properties"]
    assert {name: cloudformation.value(one) for name, one in early.items()} == last
