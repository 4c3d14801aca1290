"""Do the counts of requests agree: lines of journals, raw rows, hourly sums by route and in all, of a day's hours?

Lines may come days late: an older hour is told of for a day after it was found to differ.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding
from collector.alerting.texts import moment
from collector.settings import Settings
from sql import statements
from sql.statements import Row, run

WINDOW = timedelta(hours=24)

sql = statements.load("alerts")


def find(connection: PoolProxiedConnection, _: Settings, now: datetime) -> list[Finding]:
    """Of all requests together."""
    return judge(run(connection, sql.read_request_audits, since=now - WINDOW))


def judge(rows: Sequence[Row]) -> list[Finding]:
    """Nothing is found while no hour was audited."""
    if not rows:
        return []
    differing = [row for row in rows if len(set(row[1:])) > 1]
    if not differing:
        return [Finding("requests_audit", "requests", False, "All counts of requests agree.", value=0, threshold=0)]
    hour, lines, logged, by_route, in_all = differing[-1]
    message = (
        f"The counts of requests differ in {len(differing)} of {len(rows)} hours. Of the hour from {moment(hour)} there"
        f" are {lines:,} lines of journals, {logged:,} rows, {by_route:,} requests by route and {in_all:,} in all."
    )
    largest = max(max(row[1:]) - min(row[1:]) for row in differing)
    return [Finding("requests_audit", "requests", True, message, "critical", value=largest, threshold=0)]
