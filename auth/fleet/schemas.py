"""What narrows staff's lists of the fleet, and what stands in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from auth.devices.places import PlacePage

State = Literal["online", "offline", "locked", "unlocked", "battery_low", "jammed", "inactive"]


class FleetPage(PlacePage):
    """A page of the fleet, in the order in which it was claimed."""

    state: State | None = None
    q: str | None = None


@dataclass(frozen=True, slots=True)
class FleetCounts:
    """How many locks there are, and how they stand; without those that were deleted."""

    locks: int
    online: int
    offline: int
    locked: int
    unlocked: int
    battery_low: int
    jammed: int
    inactive: int


@dataclass(frozen=True, slots=True)
class FleetLock:
    """A lock as staff sees it."""

    id: UUID
    device_id: str
    name: str
    owner: str
    status: str
    is_locked: bool
    is_jammed: bool
    is_online: bool
    battery_level: int | None
    is_battery_low: bool
    firmware_version: str
    last_seen_at: datetime | None
    created_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that could not be read; its `payload` as text, or in hexadecimal where it is none."""

    id: int
    received_at: datetime
    topic: str
    reason: str
    payload_bytes: int
    payload: str
    is_text: bool
    is_cut: bool
