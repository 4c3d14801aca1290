"""The last 24 hours in steps of ten minutes: uptime, response time, error rate and host use.

Pure: counts in, figures out. A time without data is None, never zero; a figure of several steps comes from the sums
of their counts, never from their figures.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from auth.http.numbers import round_down

STEP = timedelta(minutes=10)
STEP_SECONDS = STEP.total_seconds()
STEPS = 144
ALL_STEPS = range(STEPS)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
FIGURES = ("uptime", "response_ms", "error_rate", "cpu", "memory")

Counts = list[float]


@dataclass(frozen=True)
class Ratio:
    """A figure as what it is made of, by step: `part` of `whole`, times `scale`."""

    part: Counts
    whole: Counts
    scale: float

    def over(self, steps: Iterable[int]) -> float | None:
        """The figure over some steps together."""
        chosen = list(steps)
        whole = sum(self.whole[step] for step in chosen)
        return round_down(sum(self.part[step] for step in chosen) / whole * self.scale) if whole > 0 else None

    @cached_property
    def series(self) -> list[float | None]:
        """The figure in each step."""
        return [
            round_down(part / whole * self.scale) if whole > 0 else None
            for part, whole in zip(self.part, self.whole, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Day:
    """A day's figures from `since` on."""

    since: datetime
    ratios: dict[str, Ratio]

    def average(self, figure: str) -> float | None:
        """A figure over the whole day."""
        return self.ratios[figure].over(ALL_STEPS)

    def series(self, figure: str) -> list[float | None]:
        """A figure in each step."""
        return self.ratios[figure].series

    def hours(self) -> list[tuple[datetime, dict[str, float | None]]]:
        """Each figure by hour of the clock, the newest first."""
        steps: dict[datetime, list[int]] = {}
        for step in ALL_STEPS:
            hour = (self.since + step * STEP).replace(minute=0)
            steps.setdefault(hour, []).append(step)
        return [(hour, {name: self.ratios[name].over(steps[hour]) for name in FIGURES}) for hour in reversed(steps)]


def since_of(now: datetime) -> datetime:
    """Where the day's steps begin: on the clock, so that they stay where they are while time goes on."""
    return EPOCH + ((now - EPOCH) // STEP - STEPS + 1) * STEP


def day_of(since: datetime, read: dict[str, Any]) -> Day:
    """The day from what `read_status_series` counted."""
    up, down = watched_seconds(read["watched"])
    requests, errors, seconds = _columns(read["requests"])
    samples, cpu, memory = _columns(read["hosts"])
    return Day(
        since,
        {
            "uptime": Ratio(up, [u + d for u, d in zip(up, down, strict=True)], 100),
            "response_ms": Ratio(seconds, requests, 1000),
            "error_rate": Ratio(errors, requests, 100),
            "cpu": Ratio(cpu, samples, 1),
            "memory": Ratio(memory, samples, 1),
        },
    )


def watched_seconds(groups: Iterable[Sequence[Any]]) -> tuple[Counts, Counts]:
    """Seconds up and seconds down in each step.

    A group: whether up, the steps in which its spans begin and end, how many they are, and the sums of the seconds
    into those steps at which they do.
    """
    up, down = [0.0] * STEPS, [0.0] * STEPS
    for is_up, first, last, spans, begins, ends in groups:
        into = up if is_up else down
        for step in range(first, min(last, STEPS - 1) + 1):
            into[step] += (ends if step == last else spans * STEP_SECONDS) - (begins if step == first else 0)
    return up, down


def _columns(rows: Iterable[Sequence[float]]) -> tuple[Counts, Counts, Counts]:
    """The rows' three values by step, a list for each; zero where there is no row."""
    first, second, third = [0.0] * STEPS, [0.0] * STEPS, [0.0] * STEPS
    for step, *values in rows:
        if 0 <= step < STEPS:
            first[int(step)], second[int(step)], third[int(step)] = values
    return first, second, third
