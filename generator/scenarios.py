"""How many people come at which moment: each scenario is a pure function of the elapsed seconds.

A scenario is a factor on the asked rate, given by points with straight lines between them, and repeats for ever.
The mean of every scenario over its period is 1, so `--rate` means the same in all of them.
It must not know of people, requests or clocks.
"""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]

# From 07:00, so that a viewer who starts it sees the house wake up instead of sleeping.
_OFFICE_HOURS = (
    0.4,
    1.2,
    2.0,
    2.4,
    2.2,
    1.2,
    1.8,
    2.3,
    2.1,
    1.7,
    1.2,
    0.9,
    0.8,
    0.7,
    0.5,
    0.3,
    0.15,
    0.1,
    0.05,
    0.05,
    0.05,
    0.05,
    0.1,
    0.2,
)
_SECONDS_AN_HOUR = 60.0


@dataclass(frozen=True)
class Scenario:
    """A named course of the rate. Two points at one second are a step: the second one holds from there on."""

    name: str
    summary: str
    points: tuple[Point, ...]

    @property
    def period(self) -> float:
        """Seconds after which it begins again."""
        return self.points[-1][0]

    @property
    def peak(self) -> float:
        """The highest factor it ever reaches."""
        return max(factor for _, factor in self.points)

    @property
    def mean(self) -> float:
        """The mean factor over a whole period."""
        areas = ((end - start) * (low + high) / 2 for (start, low), (end, high) in pairwise(self.points))
        return sum(areas) / self.period

    def factor(self, elapsed: float) -> float:
        """The factor on the asked rate `elapsed` seconds after the start."""
        moment = elapsed % self.period
        after = bisect_right(self.points, moment, key=lambda point: point[0])
        (start, low), (end, high) = self.points[after - 1], self.points[min(after, len(self.points) - 1)]
        return low if end <= start else low + (high - low) * (moment - start) / (end - start)


def _steps(*pieces: tuple[float, float]) -> tuple[Point, ...]:
    """Points of a course that holds each (seconds, factor) flat and jumps between them."""
    points: list[Point] = []
    at = 0.0
    for seconds, factor in pieces:
        points += [(at, factor), (at + seconds, factor)]
        at += seconds
    return tuple(points)


def _day(hours: tuple[float, ...]) -> tuple[Point, ...]:
    mean = sum(hours) / len(hours)
    return tuple((hour * _SECONDS_AN_HOUR, value / mean) for hour, value in enumerate((*hours, hours[0])))


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("steady", "the same rate all the time", _steps((60, 1))),
        Scenario(
            "office-day",
            "a working day in 24 minutes, an hour a minute, from seven in the morning",
            _day(_OFFICE_HOURS),
        ),
        Scenario(
            "spike",
            "every five minutes, thirty seconds of six times as many people",
            _steps((60, 2 / 3), (30, 4), (210, 2 / 3)),
        ),
        Scenario(
            "outage",
            "every five minutes nobody gets through for a minute, then all come back at once",
            _steps((90, 1), (60, 0), (60, 2), (90, 1)),
        ),
    )
}
