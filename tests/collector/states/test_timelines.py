"""Ten thousand timelines: intervals, uptime and days against an oracle that asks every moment anew."""

import json
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from collector.states.days import DAY, days_of, midnight
from collector.states.intervals import Interval, closed, faults, overlay, segments_of
from collector.states.steps import Step, advance_all, fold
from collector.states.track import Track
from collector.states.uptime import Uptime, uptime
from common.maintenance import Calendar
from common.states import DEGRADED, MAINTENANCE, MAJOR_OUTAGE, OPERATIONAL, UNKNOWN
from tests.collector.states.timelines import Oracle, Timeline, make_timeline
from tests.support.long_runs import IS_LONG

CHUNKS = 100 if IS_LONG else 10
IN_A_CHUNK = 1000
ZERO = timedelta(0)
ENDPOINT = 7


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_states_uptime_and_days_are_those_of_the_oracle(chunk: int) -> None:
    for seed in range(chunk * IN_A_CHUNK, (chunk + 1) * IN_A_CHUNK):
        timeline = make_timeline(seed)
        assert problems(timeline, random.Random(seed)) == [], f"timeline {seed}: {timeline}"


def problems(timeline: Timeline, chance: random.Random) -> list[Any]:
    """Where what we say of a timeline differs from what the oracle says."""
    oracle = Oracle(timeline)
    whole = advance_all(None, timeline.observations)
    history = fold(timeline.observations, timeline.now)
    begin = timeline.now - abs(timeline.now - timeline.begin) * chance.uniform(0, 1.5)
    calendar = Calendar(timeline.plans, min(begin, timeline.begin) - 3 * DAY, max(timeline.now, timeline.begin) + DAY)
    tail, valid_until = (whole.tail or (), whole.track.valid_until) if whole else ((), timeline.now)
    segments = overlay(segments_of(tail, valid_until), calendar.of(ENDPOINT))
    found = faults(history) + faults(tail)
    found += [one for one in history if (oracle.state_at(middle(one)), True) != (one.state, one.ended_at is not None)]
    found += differences(oracle, history, timeline)
    if chance.random() < 0.3:
        found += [] if stored_in_chunks(timeline, chance) == list(tail) else ["chunks"]
    found += [] if uptime(segments, begin, timeline.now) == spent(oracle, begin, timeline.now) else ["uptime"]
    return found + day_problems(oracle, segments, timeline)


def differences(oracle: Oracle, history: list[Interval], timeline: Timeline) -> list[Any]:
    """The moments at which the intervals give another state than the oracle."""
    found = []
    for moment, _ in oracle.pieces(timeline.begin - DAY, timeline.now):
        states = [one.state for one in history if one.ended_at and one.began_at <= moment < one.ended_at]
        if states != ([oracle.state_at(moment)] if oracle.state_at(moment) else []):
            found.append((moment, states, oracle.state_at(moment)))
    return found


def stored_in_chunks(timeline: Timeline, chance: random.Random) -> list[Interval]:
    """The intervals as they stand in the end when checks come in batches, the track stored as text in between."""
    stored: list[Interval] = []
    track: Track | None = None
    rest = timeline.observations
    while rest:
        size = chance.randrange(1, 5)
        step = advance_all(track, rest[:size]) or Step(track or pytest.fail("no step"))
        track = Track.from_dict(json.loads(json.dumps(step.track.to_dict())))
        assert track == step.track
        if step.tail is not None:
            stored = [*stored[:-1], *step.tail]
        rest = rest[size:]
    return stored


def day_problems(oracle: Oracle, segments: Any, timeline: Timeline) -> list[Any]:
    first = timeline.begin.date() - DAY
    days = days_of(segments, first, max(timeline.now, timeline.begin))
    return [
        (first + DAY * number, day)
        for number, day in enumerate(days)
        if day != spent(oracle, midnight(first + DAY * number), end_of_day(first, number, timeline))
    ]


def end_of_day(first: Any, number: int, timeline: Timeline) -> datetime:
    return min(midnight(first + DAY * (number + 1)), max(timeline.now, timeline.begin))


def spent(oracle: Oracle, begin: datetime, until: datetime) -> Uptime:
    """The oracle's sums."""
    sums: Counter[Any] = Counter()
    for moment, length in oracle.pieces(begin, until):
        state = MAINTENANCE if oracle.is_maintained(moment) else oracle.state_at(moment) or UNKNOWN
        sums[state] = sums.get(state, ZERO) + length
    kinds = (OPERATIONAL, DEGRADED, MAJOR_OUTAGE, MAINTENANCE, UNKNOWN)
    return Uptime(*(sums.get(state, ZERO) for state in kinds))


def middle(interval: Interval) -> datetime:
    assert interval.ended_at is not None
    return interval.began_at + (interval.ended_at - interval.began_at) / 2


def test_looking_at_a_history_later_changes_only_its_end() -> None:
    for seed in range(200):
        timeline = make_timeline(seed)
        whole = advance_all(None, timeline.observations)
        if whole and whole.tail:
            later = closed(whole.tail, whole.track.valid_until, timeline.now + 9 * DAY)
            before = fold(timeline.observations, timeline.now)
            assert later[: max(len(before) - 1, 0)] == before[:-1]
