"""How was the house's day? Stored as figures at 00:30 for the day before, and mailed to whom it may concern.

Days that were missed, since nobody ran, are made up for as far as what they are made from is kept.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import structlog
from prometheus_client import CollectorRegistry, Counter

from collector.figures.report import Report, letter_of
from collector.job import Context, Job, Slots
from sql import statements

NAME = "report_day"
DAY = timedelta(days=1)
KEPT = 30

daily = statements.load("daily")
figures = statements.load("figures")
log = structlog.get_logger()


class Metrics:
    """What was stored."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.days = Counter(
            "watchhouse_daily_reports_total", "Days whose figures this collector stored", registry=registry
        )


def days_to_report(last: datetime | None, first: date | None, today: date) -> Iterator[date]:
    """The days from the one on which a report was made `last`, or from the house's `first`, up to yesterday.

    Yesterday always: its figures may be asked for again.
    """
    yesterday = today - DAY
    oldest = max(today - timedelta(days=KEPT), first or yesterday)
    day = min(max(last.date() if last else oldest, oldest), yesterday)
    while day <= yesterday:
        yield day
        day += DAY


def run(context: Context[Metrics]) -> None:
    """Store each day that is due; mail the last."""
    today = context.clock().date()
    last, first = context.query(figures.read_last_finish, job=NAME)[0][0], context.query(daily.read_first_day)[0][0]
    for day in days_to_report(last, first, today):
        context.query(daily.store_daily_figures, day=day)
        context.metrics.days.inc()
    mail(context, today - DAY)


def mail(context: Context[Metrics], day: date) -> None:
    """Queue the day's report for everybody in REPORT_TO, once."""
    if not context.settings.report_to:
        return
    subject, body = letter_of(Report(day, context.query(daily.read_daily_figures, day=day)))
    queued = context.query(
        daily.queue_report, day=day, recipients=list(context.settings.report_to), subject=subject, body=body
    )
    log.info("report_mailed", day=day.isoformat(), mails=len(queued))


JOB = Job(
    name=NAME,
    every=timedelta(seconds=10),
    grace=None,
    run=run,
    metrics=Metrics,
    slots=Slots(every=DAY, offset=timedelta(minutes=30), lease=timedelta(minutes=15)),
)
