"""Writes what checks found, many at a time. While the database is away results wait, up to a bound."""

from collections import deque
from threading import Event, Lock

import structlog
from sqlalchemy import Engine

from collector.probing.checks import Finished
from collector.probing.metrics import ProbeMetrics
from collector.probing.storing import Batch, OnChange, store
from common.clock import Clock
from sql.engine import transaction
from sql.errors import DatabaseAway, LockTimeout, translate

BATCH_SECONDS = 0.1
MOST_AT_ONCE = 1000
MOST_WAITING = 50_000  # some 50 MB
AWAY_SECONDS = 0.5
PASSING = (DatabaseAway, LockTimeout)  # the same results may be stored the next time

log = structlog.get_logger()


class Recorder:
    """Takes results from any thread; `run` in one."""

    def __init__(
        self, engine: Engine, collector: str, on_change: OnChange, metrics: ProbeMetrics, clock: Clock
    ) -> None:
        self._engine = engine
        self._collector = collector
        self._on_change = on_change
        self._metrics = metrics
        self._clock = clock
        self._results: deque[Finished] = deque()
        self._lock = Lock()
        self._failures = 0

    @property
    def waiting(self) -> int:
        """How many results are not stored yet."""
        return len(self._results)

    def add(self, finished: Finished) -> None:
        """Store it soon. Of too many that wait, the oldest goes."""
        self._metrics.note(finished)
        with self._lock:
            self._results.append(finished)
            is_over = len(self._results) > MOST_WAITING
            if is_over:
                self._results.popleft()
        if is_over:
            self._metrics.dropped.labels("overflow").inc()

    def run(self, stopping: Event) -> None:
        """Store until `stopping` is set; what waits then is for `flush`."""
        while not stopping.is_set():
            is_full = self.step()
            if not is_full:
                stopping.wait(AWAY_SECONDS if self._failures else BATCH_SECONDS)

    def flush(self) -> None:
        """Store all that waits, as far as the database takes it."""
        while self._results and self._failures == 0:
            self.step()

    def step(self) -> bool:
        """Store some; whether there was more than that, and it went well."""
        with self._lock:
            taken = [self._results.popleft() for _ in range(min(len(self._results), MOST_AT_ONCE))]
        if taken:
            self._store(taken)
        self._metrics.waiting.set(len(self._results))
        return len(taken) == MOST_AT_ONCE and self._failures == 0

    def _store(self, taken: list[Finished]) -> None:
        try:
            self._write(taken)
        except Exception as error:  # noqa: BLE001  the rim: no result may keep the others from being stored
            known = translate(error)
            self._note_failure(known or error)
            if isinstance(known, PASSING):
                self._put_back(taken)
            else:
                self._store_apart(taken)
        else:
            self._note_success()

    def _store_apart(self, taken: list[Finished]) -> None:
        """One of them cannot be written: each by itself, and that one is let go."""
        for position, finished in enumerate(taken):
            try:
                self._write([finished])
            except Exception as error:
                if isinstance(translate(error), PASSING):
                    self._put_back(taken[position:])
                    return
                self._metrics.dropped.labels("unwritable").inc()
                log.exception("check_unwritable", endpoint=finished.definition.endpoint_id)
        self._note_success()

    def _write(self, taken: list[Finished]) -> None:
        with transaction(self._engine) as connection:
            batch = store(connection, taken, self._collector, self._on_change, self._clock())
        self._count(batch)
        for finished in taken:
            if finished.after_stored is not None:
                finished.after_stored()

    def _count(self, batch: Batch) -> None:
        self._metrics.dropped.labels("refused").inc(batch.refused)
        for reason, slots in batch.missed.items():
            self._metrics.missed.labels(reason).inc(slots)

    def _put_back(self, taken: list[Finished]) -> None:
        with self._lock:
            self._results.extendleft(reversed(taken))

    def _note_failure(self, error: BaseException) -> None:
        self._failures += 1
        if self._failures == 1:
            log.warning("checks_not_stored", error=repr(error), waiting=len(self._results))

    def _note_success(self) -> None:
        if self._failures:
            log.info("checks_stored_again", waiting=len(self._results))
        self._failures = 0
