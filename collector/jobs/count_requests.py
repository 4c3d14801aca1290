"""By how much did auth's own counters grow in the last minute: requests, its queries, its cache?

The self-audit shows the requests beside the journal; the library is judged by the rest. What was done counts once,
though several collectors read the same counters; of the time in which none did, all counts for the minute of the next
reading.
"""

from datetime import datetime, timedelta

from collector.auth import read_metrics
from collector.errors import AuthError
from collector.figures.scrape import FAMILIES, read_scrape
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
    source, text = read_metrics(context.settings, *FAMILIES)
    try:
        now, scrape = context.clock(), read_scrape(text)
    except ValueError:
        raise AuthError("AUTH_URL: what /metrics answers are no metrics") from None
    subjects, figures = zip(*scrape.totals, strict=True)
    context.query(
        sql.count_growth,
        source=source,
        at=now,
        minute=minute_of(now),
        subjects=list(subjects),
        figures=list(figures),
        totals=list(scrape.totals.values()),
    )
    context.figures.note(now, "library", scrape.levels)


JOB = Job(name="count_requests", every=EVERY, grace=EVERY, on_the_clock=True, run=run, metrics=no_metrics)
