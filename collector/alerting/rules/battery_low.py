"""Which locks are running out of battery? Below 20 % is low, until 25 % are seen again; ingest keeps that flag."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding, device_subject
from collector.settings import Settings
from sql import statements
from sql.statements import Row, run

RULE = "low_battery"
LIMIT_PERCENT = 20.0
CRITICAL_PERCENT = 10

sql = statements.load("security_rules")


def find(connection: PoolProxiedConnection, _: Settings, __: datetime) -> list[Finding]:
    """Of each device whose battery is low, or that has an alert of it."""
    return judge(run(connection, sql.read_low_batteries))


def judge(rows: Iterable[Row]) -> list[Finding]:
    """A device that is gone, or does nothing, needs no battery."""
    return [_finding(UUID(str(device)), name, level, is_low) for device, name, level, is_low in rows]


def _finding(device: UUID, name: str, level: int | None, is_low: bool) -> Finding:
    known = "" if level is None else f" at {level} %"
    message = f"The battery of {name} is low{known}." if is_low else f"The battery of {name} is no longer low."
    return Finding(
        RULE,
        device_subject(device),
        is_low,
        message,
        "critical" if level is not None and level < CRITICAL_PERCENT else "warning",
        None if level is None else float(level),
        LIMIT_PERCENT,
        device_id=device,
    )
