"""How did each endpoint do in each hour? Taken when the hour has closed, and again while results may come late.

A collector that had no database holds its results and stores them later, maybe after another one closed the hour: so
each hour is taken a second time with the next one, and all hours of a day are taken once more at its end.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from collector.job import Context, Job, Slots, no_metrics
from sql import statements

NAME = "roll_up_checks"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEPT = timedelta(days=30)

sql = statements.load("figures")


def hours(last: datetime | None, now: datetime) -> Iterator[datetime]:
    """The hours to take after the slot that was done `last`: from one before it, at midnight from a day before it."""
    ends = now.replace(minute=0, second=0, microsecond=0)
    late = DAY if ends.hour == 0 else HOUR
    begins = min((last or ends - KEPT) - HOUR, ends - HOUR - late).replace(minute=0, second=0, microsecond=0)
    begins = max(begins, ends - KEPT)
    while begins < ends:
        yield begins
        begins += HOUR


def run(context: Context[None]) -> None:
    """One statement an hour, so that no transaction is long."""
    last = context.query(sql.read_last_finish, job=NAME)[0][0]
    for hour in hours(last, context.clock()):
        context.query(sql.roll_up_checks, hour=hour)


JOB = Job(
    name=NAME,
    every=timedelta(seconds=10),
    grace=None,
    run=run,
    metrics=no_metrics,
    slots=Slots(every=HOUR, offset=timedelta(minutes=5), lease=timedelta(minutes=30)),
)
