"""Does an endpoint answer slowly for a while? 95 % of its answers must come within its own limit."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding, endpoint_subject
from collector.settings import Settings
from sql import statements
from sql.statements import Row, run

FEWEST_CHECKS = 3

sql = statements.load("alerts")


def find(connection: PoolProxiedConnection, settings: Settings, now: datetime) -> list[Finding]:
    """Of each endpoint that was checked often enough."""
    since = now - timedelta(minutes=settings.alert_slow_minutes)
    return judge(run(connection, sql.read_answer_times, since=since, moment=now))


def judge(rows: Iterable[Row]) -> list[Finding]:
    """Nothing is found of an endpoint with fewer checks, unless nobody wants them any more."""
    return [
        _finding(endpoint_id, name, limit_ms, p95_ms, is_enabled)
        for endpoint_id, name, is_enabled, limit_ms, checks, p95_ms in rows
        if checks >= FEWEST_CHECKS or not is_enabled
    ]


def _finding(endpoint_id: int, name: str, limit_ms: int, p95_ms: float | None, is_enabled: bool) -> Finding:
    is_broken = is_enabled and p95_ms is not None and p95_ms > limit_ms
    within = "is no longer watched" if p95_ms is None or not is_enabled else f"answers 95 % within {p95_ms:,.0f} ms"
    return Finding(
        "slow",
        endpoint_subject(endpoint_id),
        is_broken,
        f"{name} {within}" + (f", more than {limit_ms:,} ms." if is_broken else "."),
        value=p95_ms,
        threshold=limit_ms,
        endpoint_id=endpoint_id,
    )
