"""Do too many requests fail? Those answered with 500 and above, of all within five minutes."""

from datetime import datetime, timedelta

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding
from collector.settings import Settings
from common.judging import FEWEST_REQUESTS
from sql import statements
from sql.statements import run

WINDOW = timedelta(minutes=5)

sql = statements.load("alerts")


def find(connection: PoolProxiedConnection, settings: Settings, now: datetime) -> list[Finding]:
    """Of all requests together."""
    [(requests, errors)] = run(connection, sql.read_request_counts, since=now - WINDOW, moment=now)
    return judge(requests, errors, settings.alert_error_rate)


def judge(requests: int | None, errors: int, limit_percent: int) -> list[Finding]:
    """Nothing is found where nobody counted, nor of few requests when some of them failed: one of three is no rate."""
    if requests is None or (requests < FEWEST_REQUESTS and errors):
        return []
    percent = 100 * errors / max(requests, 1)
    message = f"{percent:.1f} % of {requests:,} requests failed within 5 minutes."
    return [
        Finding("error_rate", "requests", percent > limit_percent, message, "critical", percent, float(limit_percent))
    ]
