"""The heat map of latency: pure."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.analytics.heat_map import EDGES_MS, FIRST_BINS, MOST_COLUMNS, draw, step_of
from auth.analytics.window import DAY, HOUR, Window, window_of
from common.sketch import bin_of

NOW = datetime(2026, 11, 22, 13, 37, 21, tzinfo=UTC)


def day() -> Window:
    return window_of(None, None, NOW)


def test_columns_are_the_hours_of_a_day_and_rows_begin_with_the_slowest() -> None:
    found = draw(day(), [])
    assert found.is_empty
    assert len(found.starts) == 24
    assert [row.label for row in found.rows][:3] == ["over 10 s", "5 to 10 s", "2 to 5 s"]
    assert [row.label for row in found.rows][-3:] == ["1 to 2 ms", "0.5 to 1 ms", "up to 0.5 ms"]
    assert "500 ms to 1 s" in [row.label for row in found.rows]


def test_a_cell_is_its_part_of_its_hour() -> None:
    first = day().first
    found = draw(day(), [(first, 0, 30), (first, 3, 10), (first + 5 * HOUR, 14, 2), (first - HOUR, 2, 9)])
    assert not found.is_empty
    by_label = {row.label: row for row in found.rows}
    assert by_label["up to 0.5 ms"].shares[0] == 0.75
    assert by_label["2 to 5 ms"].counts[0] == 10
    assert by_label["over 10 s"].shares[5] == 1
    assert sum(sum(row.counts) for row in found.rows) == 42


@pytest.mark.parametrize("days", [1, 2, 7, 30, 90, 365, 3600])
def test_a_long_span_has_no_more_columns_than_a_screen(days: int) -> None:
    window = window_of(NOW - days * DAY, None, NOW)
    found = draw(window, [])
    assert 20 < len(found.starts) <= MOST_COLUMNS + 1
    assert found.step == step_of(window)
    assert found.starts[0] <= window.since


@given(st.floats(0.001, 60_000))
def test_an_amount_falls_between_the_edges_of_its_row(milliseconds: float) -> None:
    place = bin_of(milliseconds)
    row = sum(place >= first for first in FIRST_BINS)
    if row > 0:
        assert milliseconds > EDGES_MS[row - 1] * 0.99
    if row < len(EDGES_MS):
        assert milliseconds <= EDGES_MS[row] * 1.021
