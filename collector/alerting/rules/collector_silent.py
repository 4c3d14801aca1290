"""Has a collector gone silent? Another one has to notice; of the last one auth's health and Prometheus tell."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding
from collector.alerting.texts import span
from collector.settings import Settings
from sql import statements
from sql.statements import Row, run

RETIRED_SECONDS = 86_400.0  # whoever is silent for a day was taken away on purpose

sql = statements.load("alerts")


def find(connection: PoolProxiedConnection, settings: Settings, now: datetime) -> list[Finding]:
    """Of each collector."""
    return judge(run(connection, sql.read_collector_silences, moment=now), settings.alert_collector_silent)


def judge(rows: Iterable[Row], limit_seconds: int) -> list[Finding]:
    """One that is not known any more, or silent for a day, is not missed any more."""
    return [_finding(name, seconds, limit_seconds) for name, seconds in rows]


def _finding(name: str, seconds: float | None, limit_seconds: int) -> Finding:
    subject = f"collector:{name}"
    if seconds is None or seconds > RETIRED_SECONDS:
        return Finding(
            "collector_silent", subject, False, f"The collector {name} is silent for a day: it counts as retired."
        )
    silence = span(timedelta(seconds=seconds))
    is_broken = seconds > limit_seconds
    message = f"The collector {name} {'has been silent for' if is_broken else 'was heard within'} {silence}."
    return Finding("collector_silent", subject, is_broken, message, "critical", seconds, float(limit_seconds))
