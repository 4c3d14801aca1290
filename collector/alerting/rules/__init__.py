"""The rules that are asked by the clock, one file each: a statement's rows in, findings out. A new one is a file and a
line here. The rule `down` is not among them: outages are followed as they happen, by `collector.alerting.outages`.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding
from collector.alerting.rules import (
    certificate,
    collector_silent,
    error_rate,
    host_load,
    journal_lag,
    requests_audit,
    requests_lost,
    service_failing,
    slow,
)
from collector.settings import Settings

Rule = Callable[[PoolProxiedConnection, Settings, datetime], list[Finding]]

RULES: tuple[Rule, ...] = (
    slow.find,
    error_rate.find,
    host_load.find,
    collector_silent.find,
    certificate.find,
    service_failing.find,
    requests_audit.find,
    requests_lost.find,
    journal_lag.find,
)
NAMES = (
    *("slow", "error_rate", *host_load.RULES, "collector_silent", "certificate", "service_failing"),
    *("requests_audit", "requests_lost", "journal_lag"),
)
