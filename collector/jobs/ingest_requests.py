"""Which requests has auth answered on this host? The lines of its journal become rows, minutes and hours to roll up."""

import math
import time
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from collector.ingest.reading import Reading
from collector.ingest.storing import Store, Stored
from collector.job import Context, Job
from common.journal import FOLDER, read_losses
from sql import statements

TOLD_EVERY = 2.0
BATCH_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)

sql = statements.load("journal")


class Metrics:
    """How far behind we are, and what was stored."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.lag = Gauge(
            "watchhouse_ingest_lag_seconds", "Age of the oldest line of the journal that waits", registry=registry
        )
        self.backlog = Gauge(
            "watchhouse_ingest_backlog_bytes", "Bytes of the journal that wait to be stored", registry=registry
        )
        self.lines = Counter("watchhouse_ingest_lines_total", "Lines stored by this collector", registry=registry)
        self.batches = Counter("watchhouse_ingest_batches_total", "Batches stored by this collector", registry=registry)
        self.seconds = Histogram(
            "watchhouse_ingest_batch_duration_seconds", "Time of a batch", buckets=BATCH_SECONDS, registry=registry
        )
        self.bad_lines = Counter(
            "watchhouse_quarantined_lines_total", "Lines of the journal that are none", registry=registry
        )


def run(context: Context[Metrics]) -> None:
    """Store what waits. While we store, more comes: what does not fill a window can wait for the next run."""
    reading = _reading(context)
    if not context.journal.busy.acquire(blocking=False):
        return
    try:
        if reading.is_ours():
            _drain(context, reading)
    finally:
        context.journal.busy.release()


def store_rest(context: Context[Metrics]) -> None:
    """Store a last window; the journal is free for another reader."""
    run(context)
    context.journal.release()


def _reading(context: Context[Metrics]) -> Reading:
    settings = context.settings
    return Reading(settings.data / FOLDER, context.journal, Store(context.engine, settings.name, context.clock))


def _drain(context: Context[Metrics], reading: Reading) -> None:
    is_all = False
    try:
        while not is_all:
            began = time.perf_counter()
            stored, is_all = reading.store_next()
            _count(context.metrics, stored, time.perf_counter() - began)
            _tell(context, reading)
            is_all = is_all or context.stopping.is_set()
    except BaseException:
        _measure(context, reading)
        context.journal.told_at = -math.inf  # what comes next is news
        raise


def _count(metrics: Metrics, stored: Stored, seconds: float) -> None:
    if stored.lines or stored.bad_lines:
        metrics.batches.inc()
        metrics.seconds.observe(seconds)
        metrics.lines.inc(stored.lines)
        metrics.bad_lines.inc(stored.bad_lines)


def _measure(context: Context[Metrics], reading: Reading) -> tuple[float, int]:
    """The age of the oldest line that waits, and the bytes of all: known though the database is away."""
    backlog = reading.backlog()
    lag = 0.0 if backlog.oldest is None else max(context.clock().timestamp() - backlog.oldest, 0.0)
    context.metrics.lag.set(lag)
    context.metrics.backlog.set(backlog.size)
    return lag, backlog.size


def _tell(context: Context[Metrics], reading: Reading) -> None:
    """Write down how the journal stands: at once when lines were lost, else now and then."""
    memory, losses = context.journal, read_losses(reading.folder)
    if losses == memory.losses and time.monotonic() < memory.told_at + TOLD_EVERY:
        return
    lag, size = _measure(context, reading)
    context.query(
        sql.store_journal_state,
        host=context.settings.name,
        lag_seconds=lag,
        backlog_bytes=size,
        lost_to_errors=losses.to_errors,
        lost_to_cap=losses.to_cap,
    )
    memory.losses, memory.told_at = losses, time.monotonic()


JOB = Job(
    name="ingest_requests",
    every=timedelta(seconds=1),
    grace=None,
    run=run,
    metrics=Metrics,
    at_stop=store_rest,
)
