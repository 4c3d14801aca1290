"""Which devices refuse all codes, since too many wrong ones were tried? Told once a lockout; people resolve it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding, device_subject
from collector.alerting.texts import moment
from collector.settings import Settings
from sql import statements
from sql.statements import Row, run

RULE = "failed_attempts"

sql = statements.load("security_rules")


def find(connection: PoolProxiedConnection, _: Settings, now: datetime) -> list[Finding]:
    """Of each lockout that lasts and was not told yet."""
    return judge(run(connection, sql.read_lockouts, moment=now))


def judge(rows: Iterable[Row]) -> list[Finding]:
    """Never one that holds again: that a lockout is over does not say who it was."""
    return [_finding(UUID(str(device)), *rest) for device, *rest in rows]


def _finding(device: UUID, name: str, locked_at: datetime, locked_until: datetime, lockouts: int) -> Finding:
    return Finding(
        RULE,
        device_subject(device),
        is_broken=True,
        message=f"Too many wrong codes at {name}: it takes none until {moment(locked_until)}.",
        severity="critical",
        value=float(lockouts),
        device_id=device,
        began_at=locked_at,
    )
