"""The schedule: fixed by seed and scenario, in order of time, as many as the scenario says."""

import math
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.arrivals import arrivals
from generator.scenarios import SCENARIOS

names = st.sampled_from(sorted(SCENARIOS))
seeds = st.integers(0, 2**31)
rates = st.floats(0.1, 500)


@given(name=names, seed=seeds, rate=rates)
def test_same_seed_and_scenario_give_the_same_schedule(name: str, seed: int, rate: float) -> None:
    one, two = (list(islice(arrivals(SCENARIOS[name], rate=rate, people=7, seed=seed), 50)) for _ in range(2))
    assert one == two


@given(name=names, seed=seeds, rate=rates, people=st.integers(1, 500))
def test_arrivals_come_in_order_to_people_who_exist(name: str, seed: int, rate: float, people: int) -> None:
    some = list(islice(arrivals(SCENARIOS[name], rate=rate, people=people, seed=seed), 50))
    assert all(earlier.at <= later.at for earlier, later in pairwise(some))
    assert all(0 <= arrival.person < people and 0 <= arrival.luck < 1 for arrival in some)


@given(seed=seeds, duration=st.floats(0.1, 60))
def test_none_comes_after_the_end(seed: int, duration: float) -> None:
    some = list(arrivals(SCENARIOS["steady"], rate=5, people=3, seed=seed, duration=duration))
    assert all(arrival.at < duration for arrival in some)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_a_whole_period_has_the_asked_number_within_chance(name: str) -> None:
    scenario = SCENARIOS[name]
    duration = scenario.period * 2
    number = sum(1 for _ in arrivals(scenario, rate=20, people=5, seed=1, duration=duration))
    assert abs(number - 20 * duration) < 5 * math.sqrt(20 * duration)


def test_nobody_comes_during_an_outage() -> None:
    all_of_it = arrivals(SCENARIOS["outage"], rate=50, people=5, seed=4, duration=300)
    assert [arrival for arrival in all_of_it if 90 <= arrival.at < 150] == []


def test_another_seed_is_another_schedule() -> None:
    one, two = (list(islice(arrivals(SCENARIOS["steady"], rate=5, people=9, seed=seed), 5)) for seed in (1, 2))
    assert one != two


def test_gaps_are_those_of_a_poisson_process() -> None:
    some = islice(arrivals(SCENARIOS["steady"], rate=10, people=9, seed=5), 20_000)
    gaps = [later.at - earlier.at for earlier, later in pairwise(some)]
    mean = sum(gaps) / len(gaps)
    deviation = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert mean == pytest.approx(0.1, rel=0.05)
    assert deviation == pytest.approx(mean, rel=0.05)
