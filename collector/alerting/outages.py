"""An outage from its fall to its recovery: the alert `down`, the incident by rule, and what is told of both.

Whoever calls this holds the endpoints' rows of `endpoint_states` locked: a fall and a recovery never cross.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting import texts
from collector.alerting.finding import Finding, as_json, endpoint_subject
from collector.alerting.news import INCIDENTS, OUTAGES, News
from common.states import State
from sql import statements
from sql.statements import run

RULE = "down"

alerts = statements.load("alerts")
incidents = statements.load("incident_rules")


@dataclass(frozen=True, slots=True)
class Fall:
    """An endpoint that is out since a moment."""

    endpoint_id: int
    name: str
    at: datetime
    reason: str | None
    is_silenced: bool

    @property
    def finding(self) -> Finding:
        """As an alert is opened for it."""
        return Finding(
            RULE,
            endpoint_subject(self.endpoint_id),
            is_broken=True,
            message=texts.down(self.name, self.at, self.reason),
            severity="critical",
            endpoint_id=self.endpoint_id,
            is_silenced=self.is_silenced,
            began_at=self.at,
        )


@dataclass(frozen=True, slots=True)
class Recovery:
    """An endpoint that is out no more, since a moment; `state` is None when nobody watches it any more."""

    endpoint_id: int
    name: str
    state: State | None
    at: datetime

    @property
    def message(self) -> str:
        """What is said of it."""
        if self.state is None:
            return f"{self.name} is no longer watched."
        return texts.state_since(self.name, self.state, self.at)


@dataclass(frozen=True, slots=True)
class _Opening:
    endpoint_id: int
    title: str
    message: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class _Closing:
    endpoint_id: int
    message: str
    ended_at: datetime


def begin(connection: PoolProxiedConnection, falls: Sequence[Fall], now: datetime) -> list[News]:
    """Alerts for outages that have none; and what has not been told of them and no longer is to be held back."""
    if not falls:
        return []
    findings = as_json(fall.finding for fall in falls)
    opened = run(connection, alerts.open_alerts, findings=findings, moment=now)
    refreshed = run(connection, alerts.refresh_alerts, findings=findings, moment=now)
    subjects = {row[1] for row in opened if not row[-1]} | {row[1] for row in refreshed if row[-1]}
    return [
        News(OUTAGES, f"{texts.one_line(fall.name)} is down", fall.finding.message)
        for fall in falls
        if endpoint_subject(fall.endpoint_id) in subjects
    ]


def end(connection: PoolProxiedConnection, recoveries: Sequence[Recovery], now: datetime) -> list[News]:
    """Resolve the alerts and incidents of outages that are over. Their end is told where their beginning was, though
    the endpoint flaps by now.
    """
    if not recoveries:
        return []
    findings = [
        Finding(RULE, endpoint_subject(one.endpoint_id), is_broken=False, message=one.message, ended_at=one.at)
        for one in recoveries
    ]
    resolved = run(connection, alerts.resolve_alerts, findings=as_json(findings), moment=now)
    lengths = {subject: ended - began for _, subject, _, _, began, ended, is_silenced in resolved if not is_silenced}
    told = [
        News(OUTAGES, _subject(one), f"{one.message} It was down for {texts.span(lengths[subject])}.")
        for one in recoveries
        if (subject := endpoint_subject(one.endpoint_id)) in lengths
    ]
    return told + _close_incidents(connection, recoveries)


def open_incidents(connection: PoolProxiedConnection, falls: Sequence[Fall]) -> list[News]:
    """Incidents for outages that last; at most one is open for an endpoint."""
    if not falls:
        return []
    openings = [
        _Opening(fall.endpoint_id, f"{texts.one_line(fall.name)} is down", fall.finding.message, fall.at)
        for fall in falls
    ]
    opened = run(connection, incidents.open_incidents, outages=as_json(openings))
    return [News(INCIDENTS, f"Incident: {title}", message) for _, title, message in opened]


def _close_incidents(connection: PoolProxiedConnection, recoveries: Sequence[Recovery]) -> list[News]:
    closings = as_json(_Closing(one.endpoint_id, one.message, one.at) for one in recoveries)
    resolved = run(connection, incidents.resolve_incidents, recoveries=closings)
    return [
        News(INCIDENTS, f"Resolved: {title}", f"{message} The incident lasted {texts.span(ended - began)}.")
        for title, began, ended, message in resolved
    ]


def _subject(one: Recovery) -> str:
    name = texts.one_line(one.name)
    return f"{name} is no longer watched" if one.state is None else f"{name} is up again"
