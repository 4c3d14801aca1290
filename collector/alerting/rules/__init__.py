"""The rules that are asked by the clock, one file each: a statement's rows in, findings out. A new one is a file and a
line here. The rule `down` is not among them: outages are followed as they happen, by `collector.alerting.outages`. Nor
is what locks report: that is an alert when it comes in, by `collector.fleet.alarms`.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding
from collector.alerting.rules import (
    battery_low,
    certificate,
    collector_silent,
    error_rate,
    failed_attempts,
    host_load,
    journal_lag,
    library,
    lock_jammed,
    lock_silent,
    login_brute_force,
    requests_audit,
    requests_lost,
    service_failing,
    slow,
)
from collector.settings import Settings

Rule = Callable[[PoolProxiedConnection, Settings, datetime], list[Finding]]

HOUSE_RULES: tuple[Rule, ...] = (
    slow.find,
    error_rate.find,
    host_load.find,
    collector_silent.find,
    certificate.find,
    service_failing.find,
    requests_audit.find,
    requests_lost.find,
    journal_lag.find,
    library.find,
)
HOUSE_NAMES = (
    *("slow", "error_rate", *host_load.RULES, "collector_silent", "certificate", "service_failing"),
    *("requests_audit", "requests_lost", "journal_lag", *library.RULES),
)

_SECURITY = (battery_low, lock_silent, lock_jammed, failed_attempts, login_brute_force)
SECURITY_RULES: tuple[Rule, ...] = tuple(rule.find for rule in _SECURITY)
SECURITY_NAMES = tuple(rule.RULE for rule in _SECURITY)

RULES = (*HOUSE_RULES, *SECURITY_RULES)
