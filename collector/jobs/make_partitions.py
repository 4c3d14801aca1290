"""Will tomorrow's rows have a place? Partitions are made days ahead, so that no insert meets a missing one."""

from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter

from collector.job import Context, Job, Slots
from sql import statements

sql = statements.load("collecting")


class Metrics:
    """What was made."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.made = Counter("watchhouse_partitions_made_total", "Partitions made by this collector", registry=registry)


def run(context: Context[Metrics]) -> None:
    """Make those that are missing."""
    context.metrics.made.inc(context.query(sql.make_partitions, moment=context.clock())[0][0])


JOB = Job(
    name="make_partitions",
    every=timedelta(seconds=10),
    grace=None,
    run=run,
    metrics=Metrics,
    slots=Slots(every=timedelta(hours=1), lease=timedelta(minutes=5)),
)
