"""The whole fleet of a run: claimed, connected, lived in, and at the end held against the house's own books.

Whatever is away, it goes on: a lock that cannot be claimed yet is claimed later, one that cannot connect tries again.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from generator.arrivals import Arrival, arrivals
from generator.client import Client
from generator.fleet.book import (
    events_told,
    keys_of_events,
    keys_of_states,
    newest_entry,
    read_events,
    read_states,
    states_now,
)
from generator.fleet.deeds import deed_at
from generator.fleet.household import Household
from generator.fleet.keeper import Keeper
from generator.fleet.life import drain_batteries, happen
from generator.fleet.memory import Memory
from generator.fleet.residents import Door
from generator.fleet.settling import Settling
from generator.ledger import Comparison, Ledger, compare
from generator.people import Person
from generator.scenarios import Scenario
from generator.settings import Settings
from generator.tally import Standing

AT_ONCE = 2  # sign-ins are dear to the service
MOST_UNDER_WAY = 100
RETRY_SECONDS = 2.0
COMPARE_SECONDS = 0.5
STANDING_SECONDS = 1.0
DRAIN_SECONDS = 12.0
ANSWERS_OF_ANOTHER_SHAPE = (AttributeError, KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """How many locks, and how many deeds a second befall them on the mean over the scenario's period."""

    locks: int
    deeds: float
    scenario: Scenario
    seed: int


@dataclass(frozen=True, slots=True)
class FleetEnd:
    """How the fleet's side and the house's compare; None what could not be read. `untold`: still in outboxes."""

    standing: Standing
    untold: int
    forgotten: int
    events: Comparison | None
    states: Comparison | None

    @property
    def agrees(self) -> bool:
        """Whether the house knows all, and nothing else; a lock that could not be claimed has nothing to compare."""
        held = [comparison for comparison in (self.events, self.states) if comparison]
        return len(held) == 2 and all(one.holds for one in held) and not self.untold and not self.forgotten


class Fleet:
    """The locks of `people`. Use as an asynchronous context; they disconnect at its end."""

    def __init__(
        self, plan: FleetPlan, settings: Settings, people: Sequence[Person], client: Client, logged: Ledger
    ) -> None:
        """Raises MemoryTakenError."""
        self.standing = Standing(plan.locks)
        self.households: list[Household] = []
        self.ledger = Ledger()
        self._plan = plan
        self._memory = Memory(settings.data / "generator" / f"locks-{plan.seed}.sqlite")
        self._keeper = Keeper(self._memory)
        door = Door(client, logged)
        self._settling = Settling(plan.seed, settings, people, door, self._memory, self._keeper, self.ledger)
        self._since: dict[str, int] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._lasting: set[asyncio.Task[None]] = set()
        self._deeds: set[asyncio.Task[None]] = set()
        self._faults: list[BaseException] = []

    async def __aenter__(self) -> "Fleet":
        self._begin(self._lasting, self._keeper.run())
        self._begin(self._lasting, drain_batteries(self.households))
        self._begin(self._lasting, self._keep_standing())
        for number in range(self._plan.locks):
            self._begin(self._lasting, self._try_bring_up(number))
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [*self._deeds, *self._lasting]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._keeper.flush()
        self._memory.close()
        if self._faults:
            raise self._faults[0]  # of ours, not of the service

    async def live(self) -> None:
        """Let deeds befall the locks, for ever; cancelled, those under way go on."""
        plan = self._plan
        loop = asyncio.get_running_loop()
        started = loop.time()
        for arrival in arrivals(plan.scenario, rate=plan.deeds, people=plan.locks, seed=plan.seed):
            await asyncio.sleep(max(0.0, arrival.at - (loop.time() - started)))
            if self.households and len(self._deeds) < MOST_UNDER_WAY:
                self._begin(self._deeds, self._happen(arrival))

    async def end(self, limit: float, *, is_alone: bool) -> FleetEnd:
        """Let what is under way end, then compare until both sides agree or the limit is reached."""
        if self._deeds:
            await asyncio.wait(self._deeds, timeout=min(limit, DRAIN_SECONDS))
        for household in self.households:
            household.mounted.rest()
        loop = asyncio.get_running_loop()
        until = loop.time() + limit
        while True:
            end = await self._compare(is_alone=is_alone)
            if end.agrees or loop.time() >= until:
                return end
            await asyncio.sleep(COMPARE_SECONDS)

    def _tell_standing(self) -> Standing:
        """How the fleet stands now."""
        self.standing.online = sum(household.mounted.is_online for household in self.households)
        self.standing.untold = self._untold()
        return self.standing

    async def _keep_standing(self) -> None:
        while True:
            self._tell_standing()
            await asyncio.sleep(STANDING_SECONDS)

    def _untold(self) -> int:
        return sum(len(household.mounted.lock.outbox) for household in self.households)

    async def _compare(self, *, is_alone: bool) -> FleetEnd:
        known = tuple(self.households)
        told, counts = events_told(known, self.ledger), await read_events(known, self._since)
        events = None
        if counts is not None:
            events = compare(told, {}, counts, keys_of_events(known), is_shared=not is_alone)
        seen, states = await read_states(known), None
        if seen is not None:
            states = compare(states_now(known), {}, seen, keys_of_states(known))
        forgotten = sum(household.mounted.lock.outbox.forgotten for household in known)
        return FleetEnd(self._tell_standing(), self._untold(), forgotten, events, states)

    async def _happen(self, arrival: Arrival) -> None:
        deed = deed_at(arrival.luck)
        self.standing.deeds[deed.value] += 1
        household = self.households[arrival.person % len(self.households)]
        try:
            await happen(deed, household, Random(arrival.grain))  # noqa: S311  # a course of life, no secret
        except ANSWERS_OF_ANOTHER_SHAPE:
            self.standing.failed += 1

    async def _try_bring_up(self, number: int) -> None:
        try:
            await self._bring_up(number)
        except ANSWERS_OF_ANOTHER_SHAPE:
            self.standing.failed += 1

    async def _bring_up(self, number: int) -> None:
        """One lock from its claim to its first word; again and again while the house is away."""
        async with self._gate:
            household = await self._settling.settle(number)
            if household is None:
                self.standing.refused += 1
                return
            while (since := await newest_entry(household)) is None:
                await asyncio.sleep(RETRY_SECONDS)
            self._since[household.claim.device_id] = since
            self.households.append(household)
            self._begin(self._lasting, household.mounted.run())
            await household.settle_in()

    def _begin(self, tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        tasks.add(task)
        task.add_done_callback(lambda ended: self._end_of(tasks, ended))

    def _end_of(self, tasks: set[asyncio.Task[None]], ended: asyncio.Task[None]) -> None:
        tasks.discard(ended)
        if not ended.cancelled() and (fault := ended.exception()):
            self._faults.append(fault)
