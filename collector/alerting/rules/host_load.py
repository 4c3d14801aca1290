"""Is a host short of processor, memory or disk? Every minute of the last five must say so, or that it is not."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding
from collector.settings import Settings
from sql import statements
from sql.statements import Row, run

WORDS = {"cpu": "CPU", "memory": "Memory", "disk": "Disk"}
RULES = ("cpu", "memory", "disk")
MINUTES = 5
FEWEST_MINUTES = 4  # one may be late
STORED_AFTER = timedelta(minutes=1)  # a minute is stored when it is over

sql = statements.load("alerts")


def find(connection: PoolProxiedConnection, settings: Settings, now: datetime) -> list[Finding]:
    """Of each host that was measured often enough."""
    since = now - timedelta(minutes=MINUTES) - STORED_AFTER
    limits = {"cpu": settings.alert_cpu, "memory": settings.alert_memory, "disk": settings.alert_disk}
    return judge(run(connection, sql.read_host_loads, since=since, moment=now), limits)


def judge(rows: Iterable[Row], limits: dict[str, int]) -> list[Finding]:
    """Between the limits nothing is found, so that what hovers at one is told once."""
    return [
        finding
        for host, is_gone, minutes, *figures in rows
        if is_gone or minutes >= FEWEST_MINUTES
        for place, rule in enumerate(RULES)
        if (finding := _finding(rule, host, limits[rule], *figures[2 * place : 2 * place + 2])) is not None
    ]


def _finding(rule: str, host: str, limit: int, lowest: float | None, highest: float | None) -> Finding | None:
    subject = f"host:{host}"
    if lowest is None or highest is None:
        return Finding(rule, subject, False, f"{host} has sent no figures for a day.")
    if lowest > limit:
        message = f"{WORDS[rule]} of {host} was in use by {lowest:.0f} % or more for {MINUTES} minutes."
        return Finding(rule, subject, True, message, "critical", lowest, float(limit))
    if highest <= limit:
        message = f"{WORDS[rule]} of {host} was in use by at most {highest:.0f} % for {MINUTES} minutes."
        return Finding(rule, subject, False, message, value=highest, threshold=float(limit))
    return None
