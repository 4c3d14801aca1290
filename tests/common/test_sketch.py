"""Sketches made here and in PostgreSQL are one: the same bins, the same values."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.sketch import RELATIVE_ERROR, bin_of, value_of
from tests.support.databases import query

amounts = st.floats(0, 1e12) | st.integers(0, 2**40).map(lambda duration_us: duration_us / 1000)
BINS = "SELECT array_agg(sketch_bin(amount) ORDER BY place) FROM unnest(%s::float8[]) WITH ORDINALITY u (amount, place)"
VALUES = "SELECT array_agg(sketch_value(bin) ORDER BY place) FROM unnest(%s::int[]) WITH ORDINALITY u (bin, place)"
OF_TIMES = (
    "SELECT array_agg(sketch_bin(us / 1000.0) ORDER BY place) FROM unnest(%s::bigint[]) WITH ORDINALITY u (us, place)"
)


@pytest.fixture(scope="module")
def url(server: Any) -> str:
    """Some database that has the functions."""
    return str(server.superuser_url("metrics"))


@settings(max_examples=20)
@given(some=st.lists(amounts, min_size=1, max_size=500))
def test_an_amount_falls_into_the_same_bin(url: str, some: list[float]) -> None:
    assert query(url, BINS, some) == [([bin_of(amount) for amount in some],)]


@settings(max_examples=20)
@given(some=st.lists(st.integers(0, 2**40), min_size=1, max_size=500))
def test_a_time_in_microseconds_does_too(url: str, some: list[int]) -> None:
    assert query(url, OF_TIMES, some) == [([bin_of(duration_us / 1000) for duration_us in some],)]


def test_a_bin_stands_for_the_same_value(url: str) -> None:
    bins = list(range(-400, 1500))
    [(values,)] = query(url, VALUES, bins)
    assert values == pytest.approx([value_of(place) for place in bins], rel=1e-13)


@given(amount=st.floats(0.001, 1e12))
def test_a_value_is_within_one_per_cent_of_what_it_stands_for(amount: float) -> None:
    assert value_of(bin_of(amount)) == pytest.approx(amount, rel=RELATIVE_ERROR * (1 + 1e-9))


def test_bins_follow_from_the_error_that_is_allowed() -> None:
    assert bin_of(1.0) == 0
    assert bin_of((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR) * 0.999) == 1
    assert math.isclose(value_of(1) / value_of(0), (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR))
