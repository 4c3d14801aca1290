"""By how much did auth's own counter of requests grow in the last minute? The self-audit shows it beside the journal.

An answer is counted once, though several collectors read the same counter; of the time in which none did, all count for
the minute of the next reading.
"""

from datetime import datetime, timedelta

from collector.auth import read_metrics
from collector.errors import AuthError
from collector.figures.counters import Counters
from collector.figures.requests import FAMILY, part_buckets, quantile_of, read_totals
from collector.job import Context, Job, no_metrics
from sql import statements

EVERY = timedelta(minutes=1)
HALF = timedelta(seconds=30)
P95 = 0.95

sql = statements.load("figures")


def minute_of(now: datetime) -> datetime:
    """The minute that a reading is about: the one that has just ended, or has run for longer than half."""
    return (now - HALF).replace(second=0, microsecond=0)


def run(context: Context[None]) -> None:
    """Read, count what is new, and note how the times of the answers lay."""
    source, text = read_metrics(context.settings, FAMILY)
    try:
        now, totals = context.clock(), read_totals(text)
    except ValueError:
        raise AuthError("AUTH_URL: what /metrics answers are no metrics") from None
    context.query(
        sql.count_requests,
        source=source,
        at=now,
        minute=minute_of(now),
        requests=totals.requests,
        errors=totals.errors,
        client_errors=totals.client_errors,
        seconds=totals.seconds,
    )
    buckets = part_buckets(context.figures.grow("requests", Counters(now, totals.buckets, source)).by_name)
    p95 = quantile_of(buckets, P95)
    if p95 is not None:
        context.figures.note(minute_of(now), "requests", {"p95_ms": 1000 * p95})
        context.figures.note(
            minute_of(now), f"request_buckets@{context.settings.name}", {bound: n for bound, n in buckets.items() if n}
        )


JOB = Job(name="count_requests", every=EVERY, grace=EVERY, on_the_clock=True, run=run, metrics=no_metrics)
