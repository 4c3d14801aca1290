"""Does a certificate end soon?"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding, endpoint_subject
from collector.alerting.texts import moment
from collector.settings import Settings
from sql import statements
from sql.statements import Row, run

CRITICAL_DAYS = 3
DAY_SECONDS = 86_400

sql = statements.load("alerts")


def find(connection: PoolProxiedConnection, settings: Settings, now: datetime) -> list[Finding]:
    """Of each endpoint that showed one."""
    return judge(run(connection, sql.read_certificates), settings.alert_certificate_days, now)


def judge(rows: Iterable[Row], limit_days: int, now: datetime) -> list[Finding]:
    """An endpoint that nobody watches, or that has no certificate any more, has none that ends."""
    return [
        _finding(endpoint_id, name, expires_at if is_enabled else None, limit_days, now)
        for endpoint_id, name, is_enabled, expires_at in rows
    ]


def _finding(endpoint_id: int, name: str, expires_at: datetime | None, limit_days: int, now: datetime) -> Finding:
    subject = endpoint_subject(endpoint_id)
    if expires_at is None:
        message = f"No certificate of {name} is watched any more."
        return Finding("certificate", subject, False, message, endpoint_id=endpoint_id)
    days = (expires_at - now).total_seconds() / DAY_SECONDS
    return Finding(
        "certificate",
        subject,
        days < limit_days,
        f"The certificate of {name} {'ended' if days <= 0 else 'ends'} at {moment(expires_at)}.",
        "critical" if days < CRITICAL_DAYS else "warning",
        round(days, 2),
        float(limit_days),
        endpoint_id,
    )
