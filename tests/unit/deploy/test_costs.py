"""What a deployment costs while nobody uses it."""

import pytest

from wildrydes_ml.deploy import costs
from wildrydes_ml.workshop.deployments import PRESETS
from wildrydes_ml.workshop.settings import wild_rydes


def values(preset: str = "workshop", **overrides: str) -> dict[str, str]:
    return wild_rydes(preset=preset, overrides=overrides).parameter_values()


def dollars(**overrides: str) -> float:
    return costs.total(costs.idle(values(**overrides)))


def test_the_workshop_costs_about_190_dollars_a_month() -> None:
    assert costs.total(costs.idle(values("workshop"))) == pytest.approx(193, abs=5)


def test_lean_costs_a_dollar_a_month_at_most() -> None:
    assert 0 < costs.total(costs.idle(values("lean"))) <= 1


@pytest.mark.parametrize("preset", PRESETS)
def test_every_price_of_a_preset_is_known(preset: str) -> None:
    assert all(cost.dollars is not None for cost in costs.idle(values(preset)))


@pytest.mark.parametrize(
    ("overrides", "saved"),
    [
        ({"InternetEgress": "none"}, 0.05 * 730),
        ({"InternetEgress": "ipv6"}, 0.05 * 730),
        ({"ThroughputMode": "elastic"}, 90),
        ({"ThroughputMode": "bursting"}, 90),
        ({"ProvisionedThroughputInMibps": "5"}, 60),
        ({"BootstrapInstance": "stop"}, 0.09 * 730 + 0.64),
        ({"BootstrapInstance": "none"}, 0.09 * 730 + 0.64),
        ({"Architecture": "arm64"}, 0.0125 * 730),
        ({"BootstrapInstanceType": "c7g.large"}, 0.0125 * 730),
        ({"ProvisionedConcurrency": "2", "MemorySize": "1024"}, -2 * 0.015 * 730),
    ],
)
def test_what_each_choice_saves(overrides: dict[str, str], saved: float) -> None:
    assert dollars() - dollars(**overrides) == pytest.approx(saved, abs=0.05)


def test_the_dearest_stands_first_and_the_lines_add_up() -> None:
    lines = costs.idle(values())
    amounts = [cost.dollars or 0 for cost in lines]
    assert amounts == sorted(amounts, reverse=True)
    assert costs.total(lines) == pytest.approx(sum(amounts))
    assert "throughput" in lines[0].item


def test_the_sentence_names_sum_lines_and_date() -> None:
    sentence = costs.sentence(values())
    assert f"about {dollars():.2f} US$ a month" in sentence
    for cost in costs.idle(values()):
        assert f"{cost.item} {cost.dollars:.2f}" in sentence
    assert "us-east-1" in sentence
    assert "\n" not in sentence


def test_an_unknown_price_is_a_question_mark_and_adds_nothing() -> None:
    sentence = costs.sentence(values(BootstrapInstanceType="m9z.large"))
    assert "filling instance (m9z.large) ?" in sentence
    assert dollars(BootstrapInstanceType="m9z.large") == pytest.approx(dollars() - 0.085 * 730)
