"""Was a request answered and not logged? The disk refused its line, or the journal is as large as it may be."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding
from collector.settings import Settings
from sql import statements
from sql.statements import Row, run

RECENT_SECONDS = 3600.0

sql = statements.load("alerts")


def find(connection: PoolProxiedConnection, _: Settings, now: datetime) -> list[Finding]:
    """Of each host that has a journal."""
    return judge(run(connection, sql.read_journals, moment=now))


def judge(rows: Iterable[Row]) -> list[Finding]:
    """It holds again when nothing was lost for an hour."""
    return [_finding(host, lost, ago) for host, _, _, lost, ago in rows]


def _finding(host: str, lost: int | None, ago: float | None) -> Finding:
    subject = f"host:{host}"
    if ago is None or ago > RECENT_SECONDS:
        return Finding("requests_lost", subject, False, f"No request of {host} was lost within an hour.")
    message = f"Requests of {host} were answered and not logged, {lost:,} so far: look at its disk, or JOURNAL_MAX_MB."
    return Finding("requests_lost", subject, True, message, "critical", value=lost)
