"""Which locks have gone silent? Those that the sweep found offline, and of which nothing was heard for 90 seconds.

Nothing is found while the house itself hears nobody: that proves nothing of a lock, and an alert stays as it is.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding, device_subject
from collector.alerting.texts import moment
from collector.settings import Settings
from sql import statements
from sql.statements import Row, run

RULE = "offline"
PATIENCE = timedelta(seconds=90)

sql = statements.load("security_rules")


def find(connection: PoolProxiedConnection, _: Settings, now: datetime) -> list[Finding]:
    """Of each device that fell silent, or is heard again."""
    return judge(run(connection, sql.read_silent_locks, heard_before=now - PATIENCE, moment=now))


def judge(rows: Iterable[Row]) -> list[Finding]:
    """One that is deleted or switched off is not missed."""
    return [_finding(UUID(str(device)), *rest) for device, *rest in rows]


def _finding(device: UUID, name: str, heard_at: datetime | None, is_missed: bool, is_silent: bool) -> Finding:
    if is_silent and heard_at is not None:
        message = f"{name} has been silent since {moment(heard_at)}."
    else:
        message = f"{name} is online again." if is_missed else f"{name} is not missed any more."
    subject, limit = device_subject(device), PATIENCE.total_seconds()
    return Finding(RULE, subject, is_silent, message, "warning", threshold=limit, device_id=device)
