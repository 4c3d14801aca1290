"""Percentiles of a sketch: within one per cent, merged by adding, bounded in memory."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.sketch import RELATIVE_ERROR
from generator.latency import HIGHEST, LOWEST, Sketch, merged

values = st.lists(st.floats(LOWEST, HIGHEST), min_size=1, max_size=200)


def sketch_of(seconds: list[float]) -> Sketch:
    sketch = Sketch()
    for value in seconds:
        sketch.add(value)
    return sketch


@given(seconds=values, share=st.floats(0, 1))
def test_percentile_is_within_one_per_cent_of_the_exact_one(seconds: list[float], share: float) -> None:
    exact = sorted(seconds)[max(1, math.ceil(share * len(seconds))) - 1]
    assert sketch_of(seconds).percentile(share) == pytest.approx(exact, rel=RELATIVE_ERROR * 1.001)


@given(one=values, two=values)
def test_merging_is_the_same_as_adding_everything_to_one(one: list[float], two: list[float]) -> None:
    both, whole = merged((sketch_of(one), sketch_of(two))), sketch_of(one + two)
    assert (both.bins, both.count, both.longest) == (whole.bins, whole.count, whole.longest)


@given(seconds=st.lists(st.floats(-1e9, 1e9), max_size=100))
def test_whatever_is_put_in_its_bins_stay_few(seconds: list[float]) -> None:
    bounds = sketch_of([LOWEST, HIGHEST]).bins
    assert all(min(bounds) <= place <= max(bounds) for place in sketch_of(seconds).bins)
    assert max(bounds) - min(bounds) < 850


def test_nothing_has_no_percentile() -> None:
    assert Sketch().percentile(0.5) is None
