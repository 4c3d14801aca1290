"""Takes what the link hears and stores it: batch after batch, each committed before it is acknowledged.

A session is a lease and a connection. When one of them is lost both are given up: what is not committed is not
acknowledged, and comes again. Whoever holds the lease next reads anew what is seen.
"""

import time
from collections.abc import Sequence
from functools import partial
from threading import Event

import structlog

from collector.errors import BrokerError
from collector.fleet.canary import Canary
from collector.fleet.inbox import Portion
from collector.fleet.lease import Lease
from collector.fleet.link import Link
from collector.fleet.memory import FleetMemory
from collector.fleet.metrics import FleetMetrics, LinkMetrics
from collector.fleet.recording import Recorded, Recording
from collector.fleet.telling import Telling
from sql import statements
from sql.errors import translate

MOST_AT_ONCE = 4000
BATCH_SECONDS = 0.02  # from one batch's beginning to the next one's, while there is much to do
MUCH = 50
WAIT_SECONDS = 0.25
STANDBY_SECONDS = 1.0
FIRST_PAUSE = 0.125
LONGEST_PAUSE = 5.0
DOUBLINGS = 6
LAST_SECONDS = 1.5

collecting = statements.load("collecting")
log = structlog.get_logger()


class Writer:
    """Holds the fleet whenever it can; `run` in one thread."""

    def __init__(
        self,
        lease: Lease,
        link: Link,
        recording: Recording,
        hearing: FleetMemory,
        metrics: tuple[FleetMetrics, LinkMetrics],
    ) -> None:
        self._lease = lease
        self._link = link
        self._recording = recording
        self._hearing = hearing
        self._metrics, self._link_metrics = metrics
        self._telling = Telling(link, recording.seen)
        self._canary = Canary(link)
        self._stopping = Event()
        self._failures = 0
        self._began_at = 0.0
        self._is_busy = False
        self._stands_by = False

    def run(self, stopping: Event) -> None:
        """Session after session, until `stopping` is set."""
        self._stopping = stopping
        while not stopping.is_set():
            try:
                if self._lease.take():
                    self._serve()
                else:
                    self._stand_by()
            except Exception as error:  # noqa: BLE001  the rim: whatever ends a session, the next one comes
                self._note_failure(error)
            finally:
                self._end()
            stopping.wait(self._pause())
        self._lease.release()

    def _stand_by(self) -> None:
        """Another collector holds the fleet."""
        self._failures = 0
        if not self._stands_by:
            self._stands_by = True
            log.info("fleet_standing_by")

    def _pause(self) -> float:
        """Longer with every failure in a row; who stands by looks each second."""
        if not self._failures:
            return STANDBY_SECONDS
        doubled: float = 2 ** min(self._failures, DOUBLINGS)
        return min(LONGEST_PAUSE, FIRST_PAUSE * doubled)

    def _serve(self) -> None:
        """One session."""
        self._stands_by = False
        self._metrics.lease.set(1)
        self._recording.begin()
        self._telling.forget()
        self._open()
        self._canary = Canary(self._link)
        log.info("fleet_held")
        while self._link.is_connected and not self._stopping.is_set():
            self._step()
        self._finish()
        if not self._stopping.is_set():
            raise BrokerError("the connection was lost")

    def _open(self) -> None:
        try:
            self._link.open()
        except BrokerError as error:
            self._tell_state(str(error))
            raise
        self._link_metrics.connected.set(1)

    def _step(self) -> None:
        now = time.monotonic()
        self._canary.fly(now)
        self._telling.tell(now)
        if self._canary.is_overdue:
            self._note_deafness()
        pause = self._began_at + BATCH_SECONDS - now
        if self._is_busy and pause > 0:
            self._stopping.wait(pause)
        portions = self._link.inbox.take(MOST_AT_ONCE, WAIT_SECONDS)
        if portions or self._recording.blocked.is_due:
            self._store(portions)

    def _store(self, portions: Sequence[Portion]) -> None:
        self._began_at = time.monotonic()
        recorded = self._recording.record(portions, self._may_wait)
        self._link.acknowledge(recorded.mids)
        self._telling.add(recorded.touched)
        if recorded.ownerless:
            self._link.forget(recorded.ownerless)
            self._metrics.forgotten.inc(len(recorded.ownerless))
        self._note_batch(portions)
        self._note_canaries(recorded)

    def _note_batch(self, portions: Sequence[Portion]) -> None:
        count = sum(len(portion.heard) for portion in portions)
        self._is_busy = count >= MUCH
        if portions:
            ended_at = time.monotonic()
            self._metrics.batch_messages.observe(count)
            self._metrics.batch_seconds.observe(ended_at - self._began_at)
            self._metrics.ack_lag.observe(ended_at - portions[0].at)

    def _finish(self) -> None:
        """Store what is in the inbox. The connection may be lost: then it comes again, and is known by then.

        So all of it is stored, unless somebody wants an end: else a broker that sends faster than we store, and cuts us
        for it, would send the same for ever.
        """
        end = None
        left = self._link.inbox.messages
        while left > 0 and (end is None or time.monotonic() < end):
            portions = self._link.inbox.take(MOST_AT_ONCE, 0)
            left -= sum(len(portion.heard) for portion in portions)
            self._store(portions)
            if end is None and self._stopping.is_set():
                end = time.monotonic() + LAST_SECONDS
        self._telling.tell(time.monotonic())

    def _may_wait(self, seconds: float) -> bool:
        """While the database is in trouble, as long as the broker has not cut us and nobody wants an end.

        When that lasts, locks that speak seem to be silent: nobody may be judged by what is stored.
        """
        if self._canary.is_overdue:
            self._hearing.stopped_listening()
        return self._link.is_connected and not self._stopping.wait(seconds)

    def _note_canaries(self, recorded: Recorded) -> None:
        """While locks are blocked nobody may be judged: they seem to be silent."""
        if self._recording.blocked:
            self._hearing.stopped_listening()
        for token in recorded.canaries:
            seconds = self._canary.note_return(token)
            if seconds is not None:
                self._failures = 0
                if not self._recording.blocked:
                    self._hearing.began_listening()
                self._metrics.canary.set(seconds)
                self._metrics.canary_lag.observe(seconds)
                self._tell_state(None, seconds)

    def _note_deafness(self) -> None:
        """We are connected, and hear nothing of what was sent: stuck, or far behind."""
        if self._hearing.is_listening:
            log.warning("fleet_canary_overdue")
            self._tell_state("what was published has not come back")
        self._hearing.stopped_listening()

    def _tell_state(self, fault: str | None, seconds: float | None = None) -> None:
        with self._lease.transaction() as connection:
            run = partial(statements.run, connection)
            run(
                collecting.store_service_state,
                service="fleet",
                is_up=fault is None,
                latency_seconds=seconds,
                error=fault,
            )

    def _end(self) -> None:
        """Give up what is held. A collector that only stands by keeps its connection to the database."""
        self._hearing.stopped_listening()
        self._link.close()
        self._link_metrics.connected.set(0)
        self._metrics.lease.set(0)
        self._metrics.blocked.set(0)
        if self._lease.is_held:
            self._lease.release()

    def _note_failure(self, error: Exception) -> None:
        """Logged when it begins; not again until the fleet was heard in between."""
        self._failures += 1
        known = translate(error)
        if self._failures == 1:
            is_ours = known is None and not isinstance(error, BrokerError)
            log.warning("fleet_lost", error=repr(known or error), exc_info=error if is_ours else None)
