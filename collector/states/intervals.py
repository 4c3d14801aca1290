"""Intervals: how an endpoint was, and from when until when. Knows nothing of checks."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from common.maintenance import Occurrence
from common.states import MAINTENANCE, UNKNOWN, State


class Interval(NamedTuple):
    """A state from `began_at` until just before `ended_at`; without an end it is open: as far as evidence reaches."""

    state: State
    began_at: datetime
    ended_at: datetime | None = None


class Segment(NamedTuple):
    """A piece of time that has an end, and what to count it as."""

    state: State
    began_at: datetime
    ended_at: datetime


def closed(intervals: Iterable[Interval], valid_until: datetime, now: datetime) -> list[Interval]:
    """The intervals up to `now`: an open one ends where its evidence does, and what follows is unknown."""
    result: list[Interval] = []
    for interval in intervals:
        if interval.began_at >= now:
            break
        result.append(interval._replace(ended_at=min(interval.ended_at or valid_until, now)))
    if result and valid_until < now and result[-1].ended_at == valid_until:
        result.append(Interval(UNKNOWN, valid_until, now))
    return result


def segments_of(intervals: Iterable[Interval], valid_until: datetime) -> list[Segment]:
    """The intervals as far as there is evidence of them."""
    return [
        Segment(interval.state, interval.began_at, interval.ended_at or max(valid_until, interval.began_at))
        for interval in intervals
    ]


def overlay(segments: list[Segment], occurrences: Sequence[Occurrence]) -> list[Segment]:
    """What is known, in order: `occurrences` (merged ones) as maintenance, and of the segments what they leave."""
    if not occurrences:
        return segments
    ends = [occurrence.ends_at for occurrence in occurrences]
    pieces = [Segment(MAINTENANCE, *occurrence) for occurrence in occurrences]
    for segment in segments:
        pieces += _outside(segment, occurrences, bisect_right(ends, segment.began_at))
    return sorted(pieces, key=attrgetter("began_at"))


def _outside(segment: Segment, occurrences: Sequence[Occurrence], first: int) -> Iterator[Segment]:
    """The pieces of a segment that no occurrence covers; those before the `first` end before it."""
    begin = segment.began_at
    for position in range(first, len(occurrences)):
        occurrence = occurrences[position]
        if occurrence.begins_at >= segment.ended_at:
            break
        if begin < occurrence.begins_at:
            yield Segment(segment.state, begin, occurrence.begins_at)
        begin = occurrence.ends_at
    if begin < segment.ended_at:
        yield Segment(segment.state, begin, segment.ended_at)


def faults(intervals: Sequence[Interval]) -> list[str]:
    """What is wrong with them as a history: each must last, touch the next and differ from it, the last may be open."""
    found = [f"{one} does not last" for one in intervals if one.ended_at is not None and one.ended_at <= one.began_at]
    for before, after in pairwise(intervals):
        if before.ended_at != after.began_at:
            found.append(f"{after} does not begin where {before} ends")
        if before.state == after.state:
            found.append(f"{after} only goes on with {before}")
    return found
