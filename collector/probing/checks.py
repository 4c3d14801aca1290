"""Checks under way: one is an attempt, and more of them while it fails. Knows no database, and not who asked."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from collector.probing.engine import Engine
from collector.probing.outcome import Attempt
from collector.probing.targets import Definition, Targets
from common.clock import Clock
from common.states import MAJOR_OUTAGE

RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finished:
    """A check that is done: its last attempt, and when its first one began. Without an attempt it was missed."""

    definition: Definition
    slot: datetime
    started_at: datetime
    ended_at: datetime
    attempts: int
    attempt: Attempt | None
    is_asked: bool = False
    is_late: bool = False
    after_stored: Callable[[], None] | None = None


@dataclass(slots=True)
class Check:
    """A check under way. `slot` is None for one that was asked for: its slot is when it starts.

    While `is_down` its endpoint is known to be out: one more failure needs no confirmation by retries.
    """

    definition: Definition
    slot: datetime | None
    is_down: bool
    is_late: bool = False
    on_finished: Callable[[Finished], None] | None = None
    after_stored: Callable[[], None] | None = None
    attempts: int = 0
    started_at: datetime | None = None


class Checks:
    """Begins checks and follows them to their end, which is told in the engine's thread."""

    def __init__(self, engine: Engine, targets: Targets, on_finished: Callable[[Finished], None], clock: Clock) -> None:
        self._engine = engine
        self._targets = targets
        self._on_finished = on_finished
        self._clock = clock
        self._by_endpoint: dict[int, Check] = {}  # those of slots; at most one of an endpoint
        self._lock = Lock()

    def is_running(self, endpoint_id: int) -> bool:
        """Whether a check of a slot is under way, or waits for its moment."""
        return endpoint_id in self._by_endpoint

    def running_slots(self) -> list[int]:
        """The endpoints of which a slot is being checked."""
        with self._lock:
            return list(self._by_endpoint)

    def begin(self, check: Check) -> None:
        """Begin at the check's slot; at once, when that has passed or nobody planned it."""
        if check.slot is not None:
            with self._lock:
                self._by_endpoint[check.definition.endpoint_id] = check
        early = 0.0 if check.slot is None else max(0.0, (check.slot - self._clock()).total_seconds())
        self._attempt(check, time.monotonic() + early)

    def _attempt(self, check: Check, at: float) -> None:
        target = check.definition.target
        if target is None:
            self._attempted(check, _fault(check.definition, self._clock()))
            return
        # Once it has begun it goes on; a first attempt that finds no place before its next slot is given up.
        is_bound = check.slot is not None and check.attempts == 0
        self._engine.submit(
            self._targets.signed(target, self._clock()),
            lambda attempt: self._attempted(check, attempt),
            at,
            until=at + check.definition.interval.total_seconds() if is_bound else None,
            on_missed=lambda: self._miss(check),
        )

    def _attempted(self, check: Check, attempt: Attempt) -> None:
        check.attempts += 1
        check.started_at = check.started_at or attempt.started_at
        is_over = attempt.outcome != MAJOR_OUTAGE or check.is_down or check.attempts > check.definition.retries
        if is_over:
            self._finish(check, attempt)
        else:
            self._attempt(check, time.monotonic() + RETRY_SECONDS)

    def _miss(self, check: Check) -> None:
        self._finish(check, None)

    def _finish(self, check: Check, attempt: Attempt | None) -> None:
        with self._lock:
            if self._by_endpoint.get(check.definition.endpoint_id) is check:
                del self._by_endpoint[check.definition.endpoint_id]
        now = self._clock()
        started_at = check.started_at or now
        ended_at = now if attempt is None else attempt.started_at + timedelta(milliseconds=attempt.duration_ms)
        finished = Finished(
            check.definition,
            slot=check.slot or asked_slot(started_at),
            started_at=started_at,
            ended_at=max(ended_at, started_at),
            attempts=check.attempts,
            attempt=attempt,
            is_asked=check.slot is None,
            is_late=check.is_late,
            after_stored=check.after_stored,
        )
        if check.on_finished is not None:
            check.on_finished(finished)
        self._on_finished(finished)


def asked_slot(started_at: datetime) -> datetime:
    """The slot of a check that was asked for. Planned ones lie on whole milliseconds, this never does."""
    is_whole = started_at.microsecond % 1000 == 0
    return started_at + timedelta(microseconds=1) if is_whole else started_at


def _fault(definition: Definition, now: datetime) -> Attempt:
    return Attempt(MAJOR_OUTAGE, "internal", definition.fault, started_at=now, duration_ms=0.0)
