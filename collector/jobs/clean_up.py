"""What has had its time? Whole partitions, expired rows, finished messages and forgotten collectors go at 03:00."""

from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter

from collector.job import Context, Job, Slots
from sql import statements

KEEP_MESSAGES = timedelta(days=7)
KEEP_COLLECTORS = timedelta(days=30)
EXPIRED = ("sessions", "one_time_tokens", "idempotency_keys", "login_throttle", "job_runs")

collecting = statements.load("collecting")
outbox = statements.load("outbox")


class Metrics:
    """What was dropped and deleted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.dropped = Counter(
            "watchhouse_partitions_dropped_total", "Partitions dropped by this collector", registry=registry
        )
        self.deleted = Counter(
            "watchhouse_deleted_rows_total", "Rows deleted by this collector, by table", ["table"], registry=registry
        )
        for table in (*EXPIRED, "outbox", "collectors"):
            self.deleted.labels(table)


def run(context: Context[Metrics]) -> None:
    """Each statement is a transaction of its own: what is gone is gone, though the next one may fail."""
    deleted = dict(zip(EXPIRED, context.query(collecting.delete_expired)[0], strict=True))
    deleted["outbox"] = context.query(outbox.delete_finished_messages, keep=KEEP_MESSAGES)[0][0]
    deleted["collectors"] = context.query(collecting.delete_silent_collectors, keep=KEEP_COLLECTORS)[0][0]
    for table, rows in deleted.items():
        context.metrics.deleted.labels(table).inc(rows)
    context.metrics.dropped.inc(context.query(collecting.drop_partitions, moment=context.clock())[0][0])


JOB = Job(
    name="clean_up",
    every=timedelta(seconds=10),
    grace=None,
    run=run,
    metrics=Metrics,
    slots=Slots(every=timedelta(days=1), offset=timedelta(hours=3), lease=timedelta(minutes=30)),
)
