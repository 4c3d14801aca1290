"""The schedule of arrivals: who comes when, fixed by seed and scenario alone.

Arrivals are a Poisson process, not evenly spaced: people do not wait for one another, and the small crowds this makes
are what a queue has to bear. Evenly spaced requests flatter every percentile.
It must not know what becomes of an arrival: the schedule never waits for an answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from generator.scenarios import Scenario


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request that is to begin `at` seconds after the start, whatever happened before it.

    `luck` (0 to 1) decides what the person does, `grain` (32 bits) everything smaller.
    """

    at: float
    person: int
    luck: float
    grain: int


def arrivals(scenario: Scenario, *, rate: float, people: int, seed: int, duration: float = 0) -> Iterator[Arrival]:
    """Every arrival in order of time; without end when `duration` is 0.

    Candidates come at the scenario's peak rate and thinned to the rate of their moment: exact for any course.
    """
    chance = Random(f"{seed}:{scenario.name}:arrivals")  # noqa: S311  # a schedule, no secret
    peak = scenario.peak
    at = 0.0
    while True:
        at += chance.expovariate(rate * peak)
        if duration and at >= duration:
            return
        if chance.random() * peak < scenario.factor(at):
            yield Arrival(at, chance.randrange(people), chance.random(), chance.getrandbits(32))
