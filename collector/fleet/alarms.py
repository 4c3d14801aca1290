"""What locks report and people must hear of at once: an alert of the device, news for channels, a mail to its owner.

All in the transaction that stores the cause. Knows no message of a lock; who reads those says what is an alarm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting import telling
from collector.alerting.finding import Finding, Severity, as_json, device_subject
from sql import statements
from sql.statements import run

Kind = Literal["failed_attempts", "tamper", "jam", "forced", "forged_command", "audit_broken", "qr_reused"]

sql = statements.load("alerts")


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a device's owner should hear of; `name` is what people call the device."""

    kind: Kind
    device: UUID
    name: str
    message: str
    severity: Severity = "critical"


def raise_alarms(connection: PoolProxiedConnection, alarms: Sequence[Alarm], now: datetime) -> list[str]:
    """The kinds of the alerts that were opened; of a device that has one open of a kind, nothing is told again."""
    if not alarms:
        return []
    findings = [
        Finding(one.kind, device_subject(one.device), True, one.message, one.severity, device_id=one.device)
        for one in alarms
    ]
    opened = run(connection, sql.open_alerts, findings=as_json(findings), moment=now)
    telling.tell(connection, telling.of_opened(opened))
    return [row[0] for row in opened]
