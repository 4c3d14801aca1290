"""Do the journal's lines, the raw rows and the hourly sums of each closed hour agree? They must, to the last request.

Each collector asks, since each tells the answer as a gauge; an hour is counted by whoever comes first.
"""

from datetime import timedelta

import structlog
from prometheus_client import CollectorRegistry, Gauge

from collector.figures.request_hours import ROWS_KEPT
from collector.job import Context, Job
from sql import statements

EVERY = timedelta(minutes=1)
DAY = timedelta(days=1)
MOST_HOURS = 12  # of one run: counting an hour's raw rows takes up to half a second

sql = statements.load("request_audit")
log = structlog.get_logger()


class Metrics:
    """What the audits of all collectors came to."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.difference = Gauge(
            "watchhouse_request_audit_difference",
            "By how many requests the counts of an hour differ at most, of those of a day or audited within it",
            registry=registry,
        )
        self.last_hour = Gauge(
            "watchhouse_request_audit_last_hour_timestamp_seconds",
            "When the last hour began that was audited; 0 before the first",
            registry=registry,
        )


def run(context: Context[Metrics]) -> None:
    """Audit what was computed since; tell what all audits of a day say."""
    now = context.clock()
    audited = context.query(sql.audit_hours, since=now - ROWS_KEPT, most=MOST_HOURS)
    [(difference, last_hour)] = context.query(sql.read_largest_difference, since=now - DAY)
    context.metrics.difference.set(difference)
    context.metrics.last_hour.set(last_hour or 0)
    if audited:
        log.info("requests_audited", hours=len(audited), largest_difference=difference)


JOB = Job(name="audit_requests", every=EVERY, grace=EVERY, on_the_clock=True, run=run, metrics=Metrics)
