"""How was each hour, of every figure? Five minutes after it closed, and again while minutes may come late."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from collector.job import Context, Job, Slots, no_metrics
from sql import statements

NAME = "roll_up_figures"
HOUR = timedelta(hours=1)
LATE = timedelta(hours=26)  # a collector keeps its minutes for a day while the database is away
KEPT = timedelta(days=30)
STRIDE = timedelta(days=1)  # of one statement

sql = statements.load("figures")


def spans(last: datetime | None, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The time to roll up after the slot that was done `last`, by strides: from then or what may have come late."""
    ends = now.replace(minute=0, second=0, microsecond=0)
    begins = min(last or ends - KEPT, ends - LATE).replace(minute=0, second=0, microsecond=0)
    begins = max(begins, ends - KEPT)
    while begins < ends:
        yield begins, min(begins + STRIDE, ends)
        begins += STRIDE


def run(context: Context[None]) -> None:
    """Roll up what is missing or may have changed."""
    last = context.query(sql.read_last_finish, job=NAME)[0][0]
    for begins, ends in spans(last, context.clock()):
        context.query(sql.roll_up_figures, begins=begins, ends=ends)


JOB = Job(
    name=NAME,
    every=timedelta(seconds=10),
    grace=None,
    run=run,
    metrics=no_metrics,
    slots=Slots(every=HOUR, offset=timedelta(minutes=5), lease=timedelta(minutes=10)),
)
