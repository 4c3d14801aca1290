"""Which locks are jammed? The event opens the alert at once; this finds what only their state tells, and the end."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding, device_subject
from collector.settings import Settings
from sql import statements
from sql.statements import Row, run

RULE = "jam"
STATE_FOLLOWS = timedelta(minutes=1)  # a lock tells the event first, and its state after it

sql = statements.load("security_rules")


def find(connection: PoolProxiedConnection, _: Settings, now: datetime) -> list[Finding]:
    """Of each device that is jammed, or has had an alert of it for a while."""
    return judge(run(connection, sql.read_jammed_locks, opened_before=now - STATE_FOLLOWS))


def judge(rows: Iterable[Row]) -> list[Finding]:
    """One that is deleted is jammed no more."""
    return [_finding(UUID(str(device)), name, is_jammed) for device, name, is_jammed in rows]


def _finding(device: UUID, name: str, is_jammed: bool) -> Finding:
    message = f"The bolt of {name} is jammed." if is_jammed else f"The bolt of {name} is no longer jammed."
    return Finding(RULE, device_subject(device), is_jammed, message, "critical", device_id=device)
