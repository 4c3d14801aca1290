"""How slow answers were over time, as a heat map: how many requests of each time took about how long. Pure."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.analytics.window import DAY, HOUR, Window, floor, starts_of
from common.sketch import bin_of

MOST_COLUMNS = 62
STEPS = tuple(hours * HOUR for hours in (1, 2, 3, 4, 6, 8, 12)) + tuple(days * DAY for days in (1, 2, 4, 7, 14, 28, 60))
# A row holds what took longer than the edge below it and not longer than its own, in milliseconds; the last has no end.
EDGES_MS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
# A bin belongs to the row of how many of these it reaches.
FIRST_BINS = tuple(bin_of(edge) + 1 for edge in EDGES_MS)

Cell = tuple[datetime, int, int]  # the beginning of its step, its row from the fastest on, how many requests


@dataclass(frozen=True)
class HeatRow:
    """One span of latency over all steps: how many requests, and what part of their step's, from 0 to 1."""

    label: str
    counts: list[int]
    shares: list[float]


@dataclass(frozen=True)
class HeatMap:
    """Columns are steps in order, rows spans of latency, the slowest on top."""

    starts: list[datetime]
    step: timedelta
    rows: list[HeatRow]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked in all of it."""
        return not any(any(row.counts) for row in self.rows)


def step_of(window: Window) -> timedelta:
    """The finest step that gives no more columns than a screen can show."""
    fitting = (window.until - window.first) / MOST_COLUMNS
    return STEPS[min(bisect_left(STEPS, fitting), len(STEPS) - 1)]


def draw(window: Window, cells: Iterable[Cell]) -> HeatMap:
    """The map of a window from the cells that are not empty."""
    step = step_of(window)
    starts = starts_of(floor(window.first, step), window.until, step)
    column_of = {start: number for number, start in enumerate(starts)}
    counts = [[0] * len(starts) for _ in range(len(EDGES_MS) + 1)]
    for start, row, requests in cells:
        if start in column_of:
            counts[row][column_of[start]] += requests
    totals = [sum(column) for column in zip(*counts, strict=True)]
    rows = [HeatRow(_label(number), found, _shares(found, totals)) for number, found in enumerate(counts)]
    return HeatMap(starts, step, rows[::-1])


def _shares(counts: list[int], totals: list[int]) -> list[float]:
    return [count / total if total else 0.0 for count, total in zip(counts, totals, strict=True)]


def _label(row: int) -> str:
    """A row in words: `2 to 5 ms`."""
    if row == 0:
        return f"up to {_words(EDGES_MS[0])}"
    if row == len(EDGES_MS):
        return f"over {_words(EDGES_MS[-1])}"
    low, high = EDGES_MS[row - 1], EDGES_MS[row]
    if (low >= 1000) == (high >= 1000):
        return f"{_words(low).split()[0]} to {_words(high)}"
    return f"{_words(low)} to {_words(high)}"


def _words(milliseconds: float) -> str:
    return f"{milliseconds / 1000:g} s" if milliseconds >= 1000 else f"{milliseconds:g} ms"
