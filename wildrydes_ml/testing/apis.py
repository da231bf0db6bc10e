"""API Gateway in memory: APIs with their wiring, keys and usage plans."""

from collections.abc import Mapping
from dataclasses import replace

from ..aws.apis import Apis
from ..aws.facts import Unknown
from ..aws.keys import Tags, one_each, owned
from ..aws.records import Billable
from ..aws.wiring import Action, FoundMethod, FoundWiring, Wiring
from ..errors import WildrydesError

REST_API = "AWS::ApiGateway::RestApi"


class FakeApis(Apis):
    """APIs by id. Keys and usage plans are ids with their tags, by kind.

    `refusal` is an error to raise when they are listed. `loss` is the type of a resource that somebody deleted.
    """

    def __init__(self, journal: list[str]) -> None:
        self._journal = journal
        self.wirings: dict[str, FoundWiring] = {}
        self.loss: str | Unknown = ""
        self.stage = ""
        self.asked: list[str] = []
        self.keys: dict[str, Mapping[str, str]] = {}
        self.plans: dict[str, Mapping[str, str]] = {}
        self.refusal: WildrydesError | None = None

    def found(self, api: str, wanted: Wiring | None = None) -> FoundWiring | None:
        return None if self.loss == REST_API else self._found(api)

    def _found(self, api: str) -> FoundWiring:
        return self.wirings.get(api, FoundWiring())

    def lost(self, api: str, stage: str) -> str | Unknown:
        self.asked.append(api)
        if self.stage and stage not in ("", self.stage):
            return "AWS::ApiGateway::Stage"
        return self.loss

    def perform(self, api: str, action: Action, wiring: Wiring, found: FoundWiring) -> None:
        assert self.loss != REST_API, "AWS makes nothing in an API that is gone"
        self._journal.append(f"wire {action}")
        found = self._found(api)
        match action:
            case "method":
                found = replace(found, auth=wiring.auth, target=wiring.target)
            case "deployment":
                found = replace(found, description=wiring.description)
            case "throttle":
                found = replace(found, throttle=(wiring.rate, wiring.burst))
            case "page" | "no page":
                found = replace(found, get=FoundMethod("NONE", wiring.target, True) if action == "page" else None)
            case "tidy":
                found = replace(found, superseded=())
            case "key":
                assert found.has_stage, "a usage plan can name a stage only once there is one"
                self.keys["key1"], self.plans["plan1"] = wiring.tags, wiring.tags
                found = replace(found, has_key=True, owns_key=True)
            case "no key":
                self._remove(one_each(wiring.tags))
                found = self._found(api)
        self.wirings[api] = found

    def unwire(self, tags: Tags) -> None:
        if self._ours(self.keys, tags) or self._ours(self.plans, tags):
            self._journal.append("unwire")
        self._remove(tags)

    def keys_and_plans(self, tags: Tags) -> list[Billable]:
        if self.refusal:
            raise self.refusal
        kinds = {"API key": self.keys, "usage plan": self.plans}
        return [Billable(kind, id) for kind, made in kinds.items() for id in self._ours(made, tags)]

    def _ours(self, made: Mapping[str, Mapping[str, str]], tags: Tags) -> list[str]:
        return [str(item["id"]) for item in owned([{"id": id, "tags": labels} for id, labels in made.items()], tags)]

    def _remove(self, tags: Tags) -> None:
        for made in (self.keys, self.plans):
            for id in self._ours(made, tags):
                del made[id]
        self.wirings = {
            api: replace(found, has_key=False, owns_key=False) if found.owns_key else found
            for api, found in self.wirings.items()
        }

    def key(self, api: str, stage: str = "prod") -> str:
        return "the-key" if self._found(api).has_key else ""

    def signed_headers(self, url: str, body: bytes, headers: dict[str, str], method: str = "POST") -> dict[str, str]:
        return {**headers, "Authorization": "signed"}
