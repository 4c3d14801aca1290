"""What were the figures of each minute? Those of minutes in which the database was away, too."""

from datetime import timedelta

from prometheus_client import CollectorRegistry, Gauge

from collector.figures.memory import Minute
from collector.job import Context, Job
from sql import statements

sql = statements.load("figures")


class Metrics:
    """What is not stored yet."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.waiting = Gauge(
            "watchhouse_figures_waiting", "Minutes of figures that wait for the database", registry=registry
        )


def store_minutes(context: Context[Metrics]) -> None:
    """Write what waits, oldest first; what is not written waits on."""
    minutes = context.figures.minutes
    try:
        while minutes:
            _store(context, minutes[0])
            del minutes[0]
    finally:
        context.metrics.waiting.set(len(minutes))


def _store(context: Context[Metrics], minute: Minute) -> None:
    context.query(
        sql.store_figures,
        at=minute.at,
        subjects=[subject for subject, _ in minute.means],
        figures=[figure for _, figure in minute.means],
        readings=list(minute.means.values()),
    )


def run(context: Context[Metrics]) -> None:
    """Store the minutes that are over. A figure that is noted late is stored with the next."""
    context.figures.close(context.clock().replace(second=0, microsecond=0))
    store_minutes(context)


def store_rest(context: Context[Metrics]) -> None:
    """Store the minute that has begun, too."""
    context.figures.close(context.clock())
    store_minutes(context)


JOB = Job(
    name="store_figures",
    every=timedelta(minutes=1),
    grace=None,
    on_the_clock=True,
    run=run,
    metrics=Metrics,
    at_stop=store_rest,
)
