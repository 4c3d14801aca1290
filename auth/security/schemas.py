"""What the paths of security alerts take and give."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from auth.access.schemas import KnownDevice
from auth.http.paging import Page

Kind = Literal[
    "failed_attempts",
    "tamper",
    "jam",
    "forced",
    "low_battery",
    "offline",
    "login_brute_force",
    "forged_command",
    "audit_broken",
    "qr_reused",
]


class AlertPage(Page):
    """A page of security alerts, newest first."""

    status: Literal["open", "resolved"] | None = None
    kind: Kind | None = None


class AlertView(BaseModel):
    """A security alert; without a device it is about people who sign in."""

    id: int
    kind: str
    device: KnownDevice | None
    severity: Literal["warning", "critical"]
    message: str
    value: float | None
    opened_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None


class AlertList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[AlertView]
    next: int | None
