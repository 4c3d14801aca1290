"""Does a service fail that this house leans on: the mail server, the broker, a channel?"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding
from collector.alerting.texts import span
from collector.settings import Settings
from sql import statements
from sql.statements import Row, run

PATIENCE_SECONDS = 300.0
FORGOTTEN_SECONDS = 86_400.0

sql = statements.load("alerts")


def find(connection: PoolProxiedConnection, _: Settings, now: datetime) -> list[Finding]:
    """Of each service that was tried."""
    return judge(run(connection, sql.read_services, moment=now))


def judge(rows: Iterable[Row]) -> list[Finding]:
    """It fails when nothing has succeeded for a while; one that nobody tried for a day, or wants, is nobody's worry."""
    return [
        _finding(service, is_up or not is_wanted or tried > FORGOTTEN_SECONDS, error, succeeded)
        for service, is_up, error, tried, succeeded, is_wanted in rows
        if is_up or not is_wanted or succeeded is None or succeeded > PATIENCE_SECONDS
    ]


def _finding(service: str, is_well: bool, error: str | None, succeeded: float | None) -> Finding:
    subject, name = f"service:{service}", service.replace("channel:", "The channel ")
    if is_well:
        return Finding("service_failing", subject, False, f"{name} works, or is not needed any more.")
    last = "never worked" if succeeded is None else f"last worked {span(timedelta(seconds=succeeded))} ago"
    return Finding(
        "service_failing", subject, True, f"{name} fails, it {last}: {error or 'no reason was given'}.", value=succeeded
    )
