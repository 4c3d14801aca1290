"""Which outages have become incidents, and which alerts may be told now that their silence is over?

Woken by each change of state, and every 30 seconds; one collector at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter
from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting import outages
from collector.alerting.news import queue
from collector.alerting.outages import Fall, Recovery
from collector.alerting.silencing import Silencing, read_silencing
from collector.job import Context, Job
from sql import statements
from sql.engine import transaction
from sql.statements import run as execute

alerts = statements.load("alerts")
incidents = statements.load("incident_rules")


class Metrics:
    """What was opened."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.opened = Counter(
            "watchhouse_incidents_opened_total", "Incidents opened by rule by this collector", registry=registry
        )


@dataclass(frozen=True, slots=True)
class Outage:
    """An endpoint whose confirmed state is an outage, as `lock_outages` returns it."""

    endpoint_id: int
    name: str
    is_down: bool  # and evidence of it holds now
    since: datetime
    reason: str | None
    is_enabled: bool
    is_flapping: bool
    has_alert: bool
    has_incident: bool


def run(context: Context[Metrics]) -> None:
    """Follow all outages in one transaction: told and opened together, or not at all."""
    now, after = context.clock(), timedelta(minutes=context.settings.incident_after_minutes)
    with transaction(context.engine) as connection:
        execute(connection, alerts.lock_work, work="outages")
        opened = follow(connection, now, after)
    context.metrics.opened.inc(opened)


def follow(connection: PoolProxiedConnection, now: datetime, after: timedelta) -> int:
    """How many incidents were opened."""
    found = [Outage(*row) for row in execute(connection, incidents.lock_outages, moment=now)]
    down = [outage for outage in found if outage.is_enabled and outage.is_down]
    silencing = read_silencing(connection, {outage.endpoint_id for outage in down}, now)
    falls = [_fall(outage, silencing) for outage in down]
    lasting = lasting_outages(down, falls, now, after)
    opened = outages.open_incidents(connection, lasting)
    queue(
        connection,
        [*outages.begin(connection, falls, now), *opened, *outages.end(connection, _unwatched(found, now), now)],
    )
    return len(opened)


def lasting_outages(down: Sequence[Outage], falls: Sequence[Fall], now: datetime, after: timedelta) -> list[Fall]:
    """Those to open an incident for: not silent, long enough, and without one already, be it one that staff closed."""
    return [
        fall
        for outage, fall in zip(down, falls, strict=True)
        if not fall.is_silenced and not outage.has_incident and now - outage.since >= after
    ]


def _fall(outage: Outage, silencing: Silencing) -> Fall:
    is_silenced = outage.is_flapping or silencing.reason(outage.endpoint_id, outage.since) is not None
    return Fall(outage.endpoint_id, outage.name, outage.since, outage.reason, is_silenced)


def _unwatched(found: Sequence[Outage], now: datetime) -> list[Recovery]:
    """Nobody will ever see these recover."""
    return [
        Recovery(outage.endpoint_id, outage.name, None, now)
        for outage in found
        if not outage.is_enabled and (outage.has_alert or outage.has_incident)
    ]


JOB = Job(
    name="open_incidents",
    every=timedelta(seconds=30),
    grace=None,
    run=run,
    metrics=Metrics,
    woken_by="outages",
)
