"""Takes slots from the schedule in the database, begins their checks, and goes on by memory while it is away.

Two threads: `run_claims` speaks with the database and may be kept waiting by it; `run_memory` never is.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any

import structlog
from sqlalchemy import Engine

from collector.probing.checks import Check, Checks
from collector.probing.memory import Memory
from collector.probing.metrics import ProbeMetrics
from collector.probing.targets import Definition, EndpointRow, Targets
from common.clock import Clock
from sql import statements
from sql.engine import run_once
from sql.errors import translate
from sql.statements import Row, Statement

HORIZON = timedelta(seconds=1)
ROUND_SECONDS = 0.25
FRESH = timedelta(seconds=0.25)  # a slot that passed longer ago is late
GONE = timedelta(seconds=1)  # a slot of ours that passed so long ago is somebody else's
LATE_SHARE = 0.5  # of the mean load: what late slots may add to it
MOST_A_ROUND = 2000
LEASE = timedelta(seconds=10)
RENEW_SECONDS = 2.0
PLAN_SECONDS = 10.0
AFTER_CHANGE_SECONDS = 2.0
SETTLE_SECONDS = 5.0  # after the database was away: held results come first, everybody's
LOOK_SECONDS = 0.05

collecting = statements.load("collecting")
sql = statements.load("schedule")
log = structlog.get_logger()


class Schedule:
    """This collector's share of the checks."""

    def __init__(
        self,
        *,
        engine: Engine,
        collector: str,
        targets: Targets,
        checks: Checks,
        metrics: ProbeMetrics,
        backlog: Callable[[], int],
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._collector = collector
        self._targets = targets
        self._checks = checks
        self._metrics = metrics
        self._backlog = backlog
        self._clock = clock
        self.memory = Memory()
        self._load = 0.0  # checks a second, by all collectors
        self._is_away = False
        self._is_begun = False
        self._settled_at: float | None = None
        self._is_steady = False  # a round took all it found since the last pause: pauses in a row starve nobody
        self._last_round = 0.0
        self._next_plan = 0.0
        self._next_renewal = 0.0
        self._is_changed = Event()

    def look_again(self) -> None:
        """Endpoints have changed; from any thread."""
        self._is_changed.set()

    def run_claims(self, stopping: Event) -> None:
        """Claim what is due, round after round."""
        while not stopping.is_set():
            began = time.monotonic()
            is_full = self._try_round()
            if not is_full:
                stopping.wait(max(0.0, ROUND_SECONDS - (time.monotonic() - began)))

    def run_memory(self, stopping: Event) -> None:
        """Begin what is due and nobody could claim."""
        while not stopping.wait(LOOK_SECONDS):
            for definition, slot, is_down in self.memory.due(self._clock() + timedelta(seconds=LOOK_SECONDS)):
                if not self._checks.is_running(definition.endpoint_id):
                    self._begin_check(definition, slot, is_down=is_down)

    def release(self) -> None:
        """Give back what is held, at the end."""
        self._query(sql.release_claims, claimed_by=self._collector, moment=self._clock())

    def _try_round(self) -> bool:
        """A round; whether it took as many as a round may. A database that is away is told of once."""
        try:
            is_full = self._round()
        except Exception as error:  # the rim: whatever a round meets, the next one comes
            known = translate(error)
            if not self._is_away:
                log.warning("slots_not_claimed", error=repr(known or error), exc_info=None if known else error)
            self._is_away = True
            return False
        if self._is_away:
            log.info("slots_claimed_again")
        self._is_away = False
        return is_full

    def _round(self) -> bool:
        if not self._is_begun:
            self._begin()
        now, moment = time.monotonic(), self._clock()
        if self._is_changed.is_set() or now >= self._next_plan:
            self._plan(moment)
        self._note_pause(now)
        if now >= self._next_renewal:
            self._renew(moment)
        return self._claim(moment)

    def _note_pause(self, now: float) -> None:
        """After a time without rounds, memory has probed what came due; a late round is told from a steady one."""
        was_late = self._is_steady and now - self._last_round > HORIZON.total_seconds()
        if self._is_away or was_late:
            self._settled_at = now + SETTLE_SECONDS
            self._is_steady = False
        self._last_round = now

    def _begin(self) -> None:
        """What is done once, as soon as the database is there."""
        self._query(collecting.make_partitions, moment=self._clock())  # after a long absence there is no today
        [(self._targets.key,)] = self._query(sql.read_probe_key)
        made = self._query(sql.make_own_endpoints, only_first=True)
        if made:
            log.info("own_endpoints_made", names=[name for _, name, _ in made])
        # A life before this one under the same name holds nothing any more.
        self._note_missed("collector_died", sql.expire_claims, moment=self._clock(), claimed_by=self._collector)
        self._is_begun = True

    def _plan(self, moment: datetime) -> None:
        """Take up new endpoints, let go of those that went; of what was held just then, a little later."""
        pause = AFTER_CHANGE_SECONDS if self._is_changed.is_set() else PLAN_SECONDS
        self._is_changed.clear()
        [(planned, self._load)] = self._query(sql.plan_slots, moment=moment)
        gone = self._metrics.endpoints.keep(planned)
        self._targets.forget(gone)
        self.memory.forget(gone)
        self.memory.let_go(moment - GONE)
        self._next_plan = time.monotonic() + pause

    def _renew(self, moment: datetime) -> None:
        """Hold what still runs, and find what nobody holds any more."""
        self._next_renewal = time.monotonic() + RENEW_SECONDS
        if running := self._checks.running_slots():
            self._query(sql.renew_claims, claimed_by=self._collector, endpoint_ids=running, until=moment + LEASE)
        if self._is_settled():
            self._note_missed("collector_died", sql.expire_claims, moment=moment, claimed_by=None)

    def _claim(self, moment: datetime) -> bool:
        is_settled, horizon = self._is_settled(), moment + HORIZON
        self.memory.begin_round()
        rows = self._query(
            sql.claim_slots,
            claimed_by=self._collector,
            moment=moment,
            horizon=horizon,
            fresh_from=moment - FRESH,
            lease=LEASE,
            most=MOST_A_ROUND,
            most_late=max(1, int(self._load * ROUND_SECONDS * LATE_SHARE)),
            gaps=is_settled,
        )
        for row in rows:
            self._take(row)
        is_full = len(rows) >= MOST_A_ROUND
        self._is_steady = self._is_steady or is_settled
        if is_settled and not is_full:
            self.memory.cover(horizon)
        return is_full

    def _take(self, row: Row) -> None:
        slot, is_down, is_late, missed = row[0], row[13], row[14], row[15]
        self._metrics.missed.labels("no_collector").inc(missed)
        definition = self._targets.define(EndpointRow(*row[1:13]))
        if self.memory.take(definition, slot, is_down=is_down):
            self._begin_check(definition, slot, is_down=is_down, is_late=is_late)

    def _begin_check(self, definition: Definition, slot: datetime, *, is_down: bool, is_late: bool = False) -> None:
        stored = partial(self.memory.close, definition.endpoint_id)
        self._checks.begin(Check(definition, slot, is_down, is_late=is_late, after_stored=stored))

    def _is_settled(self) -> bool:
        """Whether held results, ours at least, have come in since the database was away."""
        if self._settled_at is not None and time.monotonic() >= self._settled_at and self._backlog() < MOST_A_ROUND:
            self._settled_at = None
        return self._settled_at is None

    def _note_missed(self, reason: str, statement: Statement, **values: Any) -> None:
        slots = self._query(statement, **values)[0][0]
        self._metrics.missed.labels(reason).inc(slots)

    def _query(self, statement: Statement, **values: Any) -> list[Row]:
        return run_once(self._engine, statement, **values)
