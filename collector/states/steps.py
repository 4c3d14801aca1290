"""From check to check: what each makes of an endpoint's track, of its intervals, and what there is to tell.

- A failed check is an outage from its beginning on; it was confirmed by retries, which are within the check.
- Recovery takes two good checks in a row; the outage then ended at the beginning of the first.
- Likewise an endpoint is degraded after two slow checks in a row, and no more after two fast ones, from the first on.
  The very first check of an endpoint says its state at once; after an outage both checks must be slow.
- Where evidence does not reach from one check to the next, the time between is unknown, and no row of checks goes on
  over it: after an outage and such a gap, recovery takes two good checks after the gap. The state from before the gap
  holds until then, from the first check after it on.
- A check that began no later than the last one that counted is ignored: intervals never overlap, whatever clocks do.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from collector.states.damping import Damper, Damping, flipped, interrupted, watched
from collector.states.intervals import Interval, closed
from collector.states.track import Pending, Track
from common.states import DEGRADED, MAJOR_OUTAGE, OPERATIONAL, UNKNOWN, Outcome, State

MOMENT = timedelta(microseconds=1)
DAMPING = Damping()


@dataclass(frozen=True, slots=True)
class Observation:
    """What a check found, retries included: evidence from `began_at` until `valid_until`."""

    began_at: datetime  # the first attempt's beginning
    ended_at: datetime
    outcome: Outcome
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Policy:
    """How many checks in a row it takes, and when changes are too many to be told."""

    good_checks: int = 2
    level_checks: int = 2
    damping: Damping = DAMPING


@dataclass(frozen=True, slots=True)
class Change:
    """Something to tell. While an endpoint flaps its changes are held back; its beginning and end are told once.

    `flapping` and `steady` name the states before and after the check that led to them.
    """

    kind: Literal["changed", "flapping", "steady"]
    at: datetime
    noticed_at: datetime
    before: State
    after: Outcome
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What checks led to. `tail`, unless None, takes the place of the open interval; its last one is open."""

    track: Track
    tail: tuple[Interval, ...] | None = None
    changes: tuple[Change, ...] = ()


STANDARD = Policy()


def advance(track: Track | None, observation: Observation, policy: Policy = STANDARD) -> Step:
    """The step that one check makes; without a track it is the first of its endpoint."""
    if track is None:
        return _begin(observation)
    if observation.began_at <= track.last_began_at:
        return Step(replace(track, ignored=track.ignored + 1))
    is_gap = observation.began_at > track.valid_until
    before = _reopen(track, observation.began_at) if is_gap else track
    state, pending = _judge(before, observation, policy)
    seen = replace(before, pending=pending, last_began_at=observation.began_at, valid_until=_reach(observation))
    changed_at = before.opened_at
    if state != before.state:
        changed_at = observation.began_at if state == MAJOR_OUTAGE else _since(before, observation)
        seen = replace(seen, state=state, since=changed_at, opened_at=changed_at)
    after, changes = _tell(before, seen, observation, policy.damping)
    if after.state == track.state and not is_gap:
        return Step(after, None, changes)
    return Step(after, _tail(track, is_gap, before, after), changes)


def advance_all(track: Track | None, observations: Iterable[Observation], policy: Policy = STANDARD) -> Step | None:
    """The steps of many checks as one; None where there are none."""
    whole: Step | None = None
    for observation in observations:
        step = advance(whole.track if whole else track, observation, policy)
        whole = _joined(whole, step) if whole else step
    return whole


def fold(observations: Iterable[Observation], now: datetime, policy: Policy = STANDARD) -> list[Interval]:
    """All intervals up to `now` that the checks of an endpoint lead to."""
    whole = advance_all(None, observations, policy)
    return closed(whole.tail or (), whole.track.valid_until, now) if whole else []


def _begin(observation: Observation) -> Step:
    began, state = observation.began_at, observation.outcome
    track = Track(state, since=began, opened_at=began, last_began_at=began, valid_until=_reach(observation))
    change = Change("changed", began, observation.ended_at, UNKNOWN, state)
    return Step(track, (Interval(state, began),), (change,))


def _reach(observation: Observation) -> datetime:
    """Where its evidence ends: after its beginning, whatever clocks did."""
    return max(observation.valid_until, observation.began_at + MOMENT)


def _reopen(track: Track, at: datetime) -> Track:
    """After a time in which nobody watched, its state holds on in a new interval."""
    return replace(
        track,
        opened_at=at,
        pending=None,
        outages=interrupted(track.outages, at),
        levels=interrupted(track.levels, at),
    )


def _judge(track: Track, observation: Observation, policy: Policy) -> tuple[Outcome, Pending | None]:
    """The state after the check, and what is pending then."""
    outcome, is_slow = observation.outcome, observation.outcome == DEGRADED
    if outcome in (MAJOR_OUTAGE, track.state):
        return outcome, None
    pending = _one_more(track.pending, observation.began_at, is_slow)
    if track.state != MAJOR_OUTAGE:
        return (track.state, pending) if pending.checks < policy.level_checks else (outcome, None)
    if pending.checks < policy.good_checks:
        return MAJOR_OUTAGE, pending
    if pending.is_slow or not is_slow:
        return outcome, None
    return OPERATIONAL, Pending(observation.began_at, 1, is_slow=True)


def _one_more(pending: Pending | None, at: datetime, is_slow: bool) -> Pending:
    if pending is None:
        return Pending(at, 1, is_slow)
    return Pending(pending.since, pending.checks + 1, pending.is_slow and is_slow)


def _since(track: Track, observation: Observation) -> datetime:
    """When the row of checks began that ends with this one."""
    return track.pending.since if track.pending else observation.began_at


def _tail(track: Track, is_gap: bool, before: Track, after: Track) -> tuple[Interval, ...]:
    """What takes the place of `track`'s open interval."""
    tail: list[Interval] = []
    if is_gap:
        tail.append(Interval(track.state, track.opened_at, track.valid_until))
        tail.append(Interval(UNKNOWN, track.valid_until, before.opened_at))
    if before.opened_at < after.opened_at:
        tail.append(Interval(before.state, before.opened_at, after.opened_at))
    return (*tail, Interval(after.state, after.opened_at))


def _tell(before: Track, after: Track, seen: Observation, damping: Damping) -> tuple[Track, tuple[Change, ...]]:
    """The track with its dampers moved by the check, and what there is to tell."""
    is_change = before.state != after.state
    if not is_change and not before.outages.is_flapping and not before.levels.is_flapping:
        return after, ()
    is_outage = is_change and MAJOR_OUTAGE in (before.state, after.state)
    outages = _moved(before.outages, seen.began_at, damping, is_flip=is_outage)
    levels = _moved(before.levels, seen.began_at, damping, is_flip=is_change and not is_outage)
    told = [
        Change(kind, seen.began_at, seen.ended_at, before.state, after.state)
        for kind in (_news(before.outages, outages), _news(before.levels, levels))
        if kind is not None
    ]
    if is_change:
        is_held = (outages if is_outage else levels).is_flapping
        told.append(Change("changed", after.since, seen.ended_at, before.state, after.state, is_held))
    return replace(after, outages=outages, levels=levels), tuple(told)


def _moved(damper: Damper, at: datetime, damping: Damping, *, is_flip: bool) -> Damper:
    return flipped(damper, at, damping) if is_flip else watched(damper, at, damping)


def _news(before: Damper, after: Damper) -> Literal["flapping", "steady"] | None:
    if before.is_flapping == after.is_flapping:
        return None
    return "flapping" if after.is_flapping else "steady"


def _joined(first: Step, second: Step) -> Step:
    """Two steps in a row as one: the tail of the second takes the place of the open interval of the first."""
    tail = first.tail
    if second.tail is not None:
        tail = (*(first.tail or ())[:-1], *second.tail)
    return Step(second.track, tail, (*first.changes, *second.changes))
