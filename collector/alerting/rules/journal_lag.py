"""Is a journal read as fast as it is written? What it says of requests is shown late otherwise, and its disk fills."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding
from collector.alerting.texts import span
from collector.settings import Settings
from sql import statements
from sql.statements import Row, run

LONGEST_SECONDS = 60.0
RETIRED_SECONDS = 86_400.0  # as a collector that was taken away on purpose

sql = statements.load("alerts")


def find(connection: PoolProxiedConnection, _: Settings, now: datetime) -> list[Finding]:
    """Of each host that has a journal."""
    return judge(run(connection, sql.read_journals, moment=now))


def judge(rows: Iterable[Row]) -> list[Finding]:
    """While nobody looks at a journal, what nobody saw may be as old as the last look."""
    return [_finding(host, lag, unseen) for host, lag, unseen, *_ in rows]


def _finding(host: str, lag: float | None, unseen: float | None) -> Finding:
    subject = f"host:{host}"
    if lag is None or unseen is None or unseen > RETIRED_SECONDS:
        return Finding("journal_lag", subject, False, f"The journal of {host} is not read any more.")
    behind = lag + max(unseen, 0.0)
    is_broken = behind > LONGEST_SECONDS
    message = f"The journal of {host} is read up to {span(timedelta(seconds=behind))} ago."
    return Finding("journal_lag", subject, is_broken, message, value=behind, threshold=LONGEST_SECONDS)
