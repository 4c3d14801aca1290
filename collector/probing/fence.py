"""Which results count, and which slots have none: each slot gets one record, whoever probed it and whenever. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from collector.probing.checks import Finished

STILL_RUNNING = "still_running"  # the check before was not done by then
NOT_STORED = "not_stored"  # its result was lost here while the database was away


@dataclass(frozen=True)
class Place:
    """Where an endpoint stands in the schedule: the next slot that nobody has, and the slot that somebody holds."""

    next_slot: datetime
    claimed_slot: datetime | None = None
    claimed_by: str | None = None


@dataclass(frozen=True)
class Missed:
    """Slots in a row that have no result."""

    slot: datetime
    slots: int
    reason: str


@dataclass
class Verdict:
    """What counts of an endpoint's results, what was missed, and its place after that.

    `reaches` says for each result that counts how far its evidence goes: until the next slot.
    """

    next_slot: datetime
    is_held: bool
    accepted: list[Finished] = field(default_factory=list)
    reaches: list[datetime] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    refused: int = 0


def judge_slots(place: Place, results: Iterable[Finished], collector: str) -> Verdict:
    """Decide on an endpoint's results of slots, in their order.

    One counts when its collector holds the slot. One without a claim was probed by memory while the database was away:
    it counts when its slot is still open, and nobody else holds one.
    """
    verdict = Verdict(place.next_slot, is_held=place.claimed_slot is not None)
    is_mine = place.claimed_by == collector
    for result in results:
        if verdict.is_held and is_mine and place.claimed_slot == result.slot:
            verdict.is_held = False
        elif result.slot >= verdict.next_slot and (not verdict.is_held or is_mine):
            verdict.next_slot = _pass(verdict, result.slot, result.definition.interval, NOT_STORED)
            verdict.next_slot += result.definition.interval
        else:
            verdict.refused += 1
            continue
        verdict.next_slot = _pass(verdict, result.ended_at, result.definition.interval, STILL_RUNNING)
        verdict.accepted.append(result)
        verdict.reaches.append(verdict.next_slot)
    return verdict


def _pass(verdict: Verdict, until: datetime, interval: timedelta, reason: str) -> datetime:
    """The first open slot from `until` on; those before it are missed."""
    if verdict.next_slot >= until:
        return verdict.next_slot
    slots = -((verdict.next_slot - until) // interval)
    verdict.missed.append(Missed(verdict.next_slot, slots, reason))
    return verdict.next_slot + slots * interval
