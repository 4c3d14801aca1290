"""Every scenario: never negative, the asked mean over its period, the same again after it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.scenarios import SCENARIOS, Scenario

every_scenario = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
moments = st.floats(0, 1e7, allow_nan=False)


@every_scenario
@given(moment=moments)
def test_factor_is_never_negative_nor_over_the_peak(scenario: Scenario, moment: float) -> None:
    assert 0 <= scenario.factor(moment) <= scenario.peak


@every_scenario
def test_mean_is_one_by_its_areas_and_by_sampling(scenario: Scenario) -> None:
    steps = 20_000
    sampled = sum(scenario.factor((step + 0.5) * scenario.period / steps) for step in range(steps)) / steps
    assert scenario.mean == pytest.approx(1)
    assert sampled == pytest.approx(1, rel=1e-3)


@every_scenario
@given(whole=st.integers(0, 10_000), eighth=st.integers(0, 1000))
def test_it_repeats_after_its_period(scenario: Scenario, whole: int, eighth: int) -> None:
    moment = eighth / 8
    assert scenario.factor(moment + whole * scenario.period) == pytest.approx(scenario.factor(moment))


@given(moment=moments)
def test_steady_is_steady(moment: float) -> None:
    assert SCENARIOS["steady"].factor(moment) == 1


@pytest.mark.parametrize(
    ("name", "moment", "factor"),
    [
        ("outage", 89.9, 1),
        ("outage", 90, 0),
        ("outage", 149.9, 0),
        ("outage", 150, 2),
        ("outage", 210, 1),
        ("spike", 59.9, 2 / 3),
        ("spike", 60, 4),
        ("spike", 89.9, 4),
        ("spike", 90, 2 / 3),
    ],
)
def test_steps_hold_from_their_second_on(name: str, moment: float, factor: float) -> None:
    assert SCENARIOS[name].factor(moment) == pytest.approx(factor)


def test_office_day_is_busiest_before_noon_and_quietest_at_night() -> None:
    day = SCENARIOS["office-day"]
    by_hour = [day.factor(60 * hour) for hour in range(24)]
    assert by_hour.index(max(by_hour)) + 7 == 10
    assert min(by_hour) < by_hour[0] / 4
