"""Asks all rules and makes alerts of what they find: opens, keeps, resolves, reminds; in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting import telling
from collector.alerting.finding import Finding, as_json
from collector.alerting.rules import RULES, Rule
from collector.alerting.silencing import Silencing, read_silencing
from collector.settings import Settings
from sql import statements
from sql.engine import transaction
from sql.statements import Row, run

sql = statements.load("alerts")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The rules whose alerts were opened, resolved and reminded of; a rule stands once for each subject."""

    opened: tuple[str, ...]
    resolved: tuple[str, ...]
    reminded: tuple[str, ...]


def find(
    connection: PoolProxiedConnection, settings: Settings, now: datetime, rules: Iterable[Rule] = RULES
) -> list[Finding]:
    """What the rules find; only reads."""
    return [finding for rule in rules for finding in rule(connection, settings, now)]


def evaluate(engine: Engine, settings: Settings, now: datetime, rules: Iterable[Rule] = RULES) -> Evaluation:
    """Ask the rules once, and queue what is to be told."""
    with transaction(engine) as connection:
        run(connection, sql.lock_work, work="alerts")
        findings = find(connection, settings, now, rules)
        silencing = _silencing(connection, findings, now)
        broken = [_hush(finding, silencing) for finding in findings if finding.is_broken]
        opened = _open(connection, broken, now)
        resolved = _resolve(connection, [finding for finding in findings if not finding.is_broken], now)
        every = timedelta(hours=settings.alert_reminder_hours)
        silent = [endpoint_id for endpoint_id in silencing.parents if silencing.reason(endpoint_id)]
        reminded = run(connection, sql.remind_alerts, moment=now, every=every, silenced=silent)
        told = [*telling.of_opened(opened), *telling.of_resolved(resolved), *telling.of_reminded(reminded, now)]
        telling.tell(connection, told)
    return Evaluation(*(tuple(row[0] for row in rows) for rows in (opened, resolved, reminded)))


def _silencing(connection: PoolProxiedConnection, findings: Iterable[Finding], now: datetime) -> Silencing:
    concerned = {one.endpoint_id for one in findings if one.is_broken and one.endpoint_id is not None}
    alerting = {row[0] for row in run(connection, sql.list_alerting_endpoints)}
    return read_silencing(connection, concerned | alerting, now)


def _hush(finding: Finding, silencing: Silencing) -> Finding:
    is_silenced = finding.endpoint_id is not None and silencing.reason(finding.endpoint_id) is not None
    return replace(finding, is_silenced=is_silenced)


def _open(connection: PoolProxiedConnection, broken: Sequence[Finding], now: datetime) -> list[Row]:
    """Alerts to tell of: new ones, and those whose silence is over."""
    if not broken:
        return []
    findings = as_json(broken)
    opened = run(connection, sql.open_alerts, findings=findings, moment=now)
    refreshed = run(connection, sql.refresh_alerts, findings=findings, moment=now)
    return [row for row in opened if not row[-1]] + [row for row in refreshed if row[-1]]


def _resolve(connection: PoolProxiedConnection, holding: Sequence[Finding], now: datetime) -> list[Row]:
    return run(connection, sql.resolve_alerts, findings=as_json(holding), moment=now) if holding else []
