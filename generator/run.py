"""The open loop: begins each arrival at its moment, whatever became of the earlier ones, and ends in good order.

At most `concurrency` requests are under way; an arrival over that is shed, and counted as shed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from generator.arrivals import Arrival, arrivals
from generator.choices import choose
from generator.client import Client
from generator.errands import Errands
from generator.ledger import Ledger
from generator.lending.term import TERM_SECONDS, share_of_term
from generator.moments import Moment
from generator.people import Person
from generator.scenarios import Scenario
from generator.tally import Tally
from generator.waiting import unless

DRAIN_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What the operator asked for; `duration` 0 is for ever, `term` the seconds of one in the library."""

    scenario: Scenario
    rate: float
    people: int
    seed: int
    duration: float
    concurrency: int
    term: float = TERM_SECONDS


class Stop:
    """Two wishes of the operator: the first signal ends the arrivals, the second also the waiting for answers."""

    def __init__(self) -> None:
        self.arrivals = asyncio.Event()
        self.waiting = asyncio.Event()

    def ask(self) -> None:
        """Ask once, and once more for in a hurry."""
        (self.waiting if self.arrivals.is_set() else self.arrivals).set()


class Run:
    """One run of a plan, from its first arrival to its last answer."""

    def __init__(self, plan: Plan, people: Sequence[Person], client: Client) -> None:
        self.plan = plan
        self.people = people
        self.client = client
        self.ledger = Ledger()
        self.lent = Ledger()
        self.logged = Ledger()
        self.tally = Tally()
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._ended: float | None = None
        self._errands = Errands(client, self.ledger, self.lent, self.logged, self.tally, self.elapsed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._faults: list[BaseException] = []

    def elapsed(self) -> float:
        """Seconds since the first arrival could come."""
        return self._loop.time() - self._started

    @property
    def arriving_seconds(self) -> float:
        """How long arrivals came."""
        return self.elapsed() if self._ended is None else self._ended

    async def play(self, stop: Stop) -> None:
        """Let people come until the plan ends or somebody stops it, then wait, bounded, for the open answers.

        Raises what an errand raised: that is a fault of ours, not of the service.
        """
        self._started = self._loop.time()
        await unless(stop.arrivals, self._arrive(stop))
        self._ended = self.elapsed()
        self.tally.is_closing = True
        await unless(stop.waiting, self._drained(), DRAIN_SECONDS)
        await self._cut_off()
        if self._faults:
            raise self._faults[0]

    async def _arrive(self, stop: Stop) -> None:
        plan = self.plan
        schedule = arrivals(plan.scenario, rate=plan.rate, people=plan.people, seed=plan.seed, duration=plan.duration)
        for arrival in schedule:
            await asyncio.sleep(max(0.0, arrival.at - self.elapsed()))
            self._begin(arrival, stop)
        await asyncio.sleep(max(0.0, plan.duration - self.elapsed()))

    def _begin(self, arrival: Arrival, stop: Stop) -> None:
        is_shed = len(self._tasks) >= self.plan.concurrency
        self.tally.arrive(self.elapsed(), is_shed=is_shed)
        if is_shed:
            return
        action = choose(self.people, arrival, self._moment())
        task = self._loop.create_task(self._errands.run(action, arrival.at))
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._end(ended, stop))

    def _moment(self) -> Moment:
        elapsed = self.elapsed()
        return Moment(elapsed, datetime.now(UTC), share_of_term(elapsed, self.plan.term))

    def _end(self, task: asyncio.Task[None], stop: Stop) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            self.tally.abandon()
        elif fault := task.exception():
            self._faults.append(fault)
            stop.arrivals.set()

    async def _drained(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _cut_off(self) -> None:
        """Give up what is still open: its ledger entries stay uncertain."""
        open_tasks = tuple(self._tasks)
        for task in open_tasks:
            task.cancel()
        await asyncio.gather(*open_tasks, return_exceptions=True)
