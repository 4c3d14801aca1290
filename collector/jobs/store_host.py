"""How was this host in each minute? The means of its samples, also of the minutes in which the database was away."""

import dataclasses
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Gauge

from collector.host import minutes_of
from collector.job import Context, HostMemory, Job
from sql import statements

MOST_MINUTES = 24 * 60  # of a database that is away

sql = statements.load("collecting")


class Metrics:
    """What is not stored yet."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.waiting = Gauge(
            "watchhouse_host_metrics_waiting", "Rows of this host that wait for the database", registry=registry
        )


def close_minutes(memory: HostMemory, before: datetime) -> None:
    """Make minutes of the samples from before that moment; of more than a day that waits, the oldest are let go."""
    # One list takes the place of the other, since a sample may be added while this runs.
    samples, memory.samples = memory.samples, []
    memory.samples[:0] = [sample for sample in samples if sample.at >= before]
    memory.minutes += minutes_of(sample for sample in samples if sample.at < before)
    del memory.minutes[:-MOST_MINUTES]


def store(context: Context[Metrics]) -> None:
    """Write what waits, oldest first; what is not written waits on."""
    minutes = context.host.minutes
    try:
        while minutes:
            context.query(sql.store_host_metric, host=context.settings.name, **dataclasses.asdict(minutes[0]))
            del minutes[0]
    finally:
        context.metrics.waiting.set(len(minutes))


def run(context: Context[Metrics]) -> None:
    """Store the minutes that are over."""
    close_minutes(context.host, context.clock().replace(second=0, microsecond=0))
    store(context)


def store_rest(context: Context[Metrics]) -> None:
    """Store the minute that has begun, too: whoever starts again within it adds to its mean."""
    close_minutes(context.host, context.clock())
    store(context)


JOB = Job(
    name="store_host",
    every=timedelta(minutes=1),
    grace=None,
    on_the_clock=True,
    run=run,
    metrics=Metrics,
    at_stop=store_rest,
)
