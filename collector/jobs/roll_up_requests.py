"""How many requests had each route in each hour, and how long did they take? Five minutes after the hour closed.

Also of hours to which lines came later, whenever that is, and of hours in which nobody asked anything: each has a
total, so that a gap means that it was not computed.
"""

from datetime import timedelta

import structlog
from prometheus_client import CollectorRegistry, Counter

from collector.figures.request_hours import HOUR, is_kept, last_closed, roll_up
from collector.job import Context, Job, Slots
from sql import statements

MISSING = timedelta(hours=48)  # older hours that are missing are for `aggregate-analytics`
DIRTY = timedelta(days=366)

sql = statements.load("request_rollups")
log = structlog.get_logger()


class Metrics:
    """What was computed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.hours = Counter(
            "watchhouse_request_rollups_total", "Hours of requests this collector computed", registry=registry
        )


def run(context: Context[Metrics]) -> None:
    """One transaction an hour; the rest is left to the next run when this process is to stop.

    The newest first: it is looked at most, and an hour that cannot be computed holds up only those before it.
    """
    now = context.clock()
    last = last_closed(now)
    due = context.query(sql.list_due_hours, dirty_since=last - DIRTY, missing_since=last - MISSING + HOUR, last=last)
    for (hour,) in reversed(due):
        if context.stopping.is_set():
            return
        if not is_kept(hour, now):
            log.warning("hour_not_rolled_up", hour=hour.isoformat(), reason="its raw rows are gone")
        if roll_up(context.engine, hour, now):
            context.metrics.hours.inc()


JOB = Job(
    name="roll_up_requests",
    every=timedelta(seconds=10),
    grace=None,
    run=run,
    metrics=Metrics,
    slots=Slots(every=timedelta(minutes=1), offset=timedelta(seconds=5), lease=timedelta(minutes=10)),
)
