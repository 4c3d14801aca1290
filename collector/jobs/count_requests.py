"""By how much did auth's own counter of requests grow in the last minute? The self-audit shows it beside the journal.

An answer is counted once, though several collectors read the same counter; of the time in which none did, all count for
the minute of the next reading.
"""

from datetime import datetime, timedelta

from collector.auth import read_metrics
from collector.errors import AuthError
from collector.figures.requests import FAMILY, read_requests
from collector.job import Context, Job, no_metrics
from sql import statements

EVERY = timedelta(minutes=1)
HALF = timedelta(seconds=30)

sql = statements.load("figures")


def minute_of(now: datetime) -> datetime:
    """The minute that a reading is about: the one that has just ended, or has run for longer than half."""
    return (now - HALF).replace(second=0, microsecond=0)


def run(context: Context[None]) -> None:
    """Read, and count what is new."""
    source, text = read_metrics(context.settings, FAMILY)
    try:
        now, requests = context.clock(), read_requests(text)
    except ValueError:
        raise AuthError("AUTH_URL: what /metrics answers are no metrics") from None
    context.query(sql.count_requests, source=source, at=now, minute=minute_of(now), requests=requests)


JOB = Job(name="count_requests", every=EVERY, grace=EVERY, on_the_clock=True, run=run, metrics=no_metrics)
