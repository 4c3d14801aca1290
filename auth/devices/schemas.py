"""What the paths of devices take and give."""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from auth.accounts.schemas import Email
from auth.devices.places import PlacePage
from auth.http.body import Body, Query
from auth.http.moments import EARLIEST, LATEST, Moment, Zone
from auth.http.paging import Page
from auth.http.texts import OneLine
from common.lock_protocol.topics import RESERVED

CLOSE = timedelta(minutes=1)


def _refuse_reserved(device_id: str) -> str:
    if device_id in RESERVED:
        raise ValueError("is a name that the house keeps for itself")
    return device_id


DeviceId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,50}$"), AfterValidator(_refuse_reserved)]
Name = Annotated[str, Field(min_length=1, max_length=100), OneLine]
Status = Literal["ACTIVE", "INACTIVE"]
Asked = Literal["UNLOCK", "LOCK", "REBOOT"]
Only = Literal["mqtt", "keys"]


class NewDevice(Body):
    """A device to be claimed; without a name it has that of its `device_id`."""

    device_id: DeviceId
    name: Name | None = None
    timezone: Zone = "UTC"


class DeviceChange(Body):
    """The fields to change; one that is left out stays. An INACTIVE device refuses commands and codes."""

    name: Name = ""
    status: Status = "ACTIVE"
    timezone: Zone = "UTC"


class DevicePage(PlacePage):
    """A page of devices, in the order they were claimed."""

    all: Annotated[bool, Field(description="For staff: everybody's")] = False


class SharePage(PlacePage):
    """A page of a device's shares, in the order they were made."""


class LogPage(Page):
    """A page of a device's log, newest first."""


class Patience(Query):
    """How long to wait for a command's end."""

    wait: Annotated[float, Field(ge=0, le=30, description="Seconds to wait for the end of the command")] = 0


class ShareFields(Body):
    """What a share allows and when; without `valid_until` it has no end."""

    can_unlock: bool = True
    can_lock: bool = True
    is_active: bool = True
    valid_until: Moment | None = None


class NewShare(ShareFields):
    """With whom to share; from now on, unless `valid_from` says otherwise."""

    shared_with: Email
    valid_from: Moment | None = None


class ShareChange(ShareFields):
    """The fields to change; one that is left out stays."""

    valid_from: Moment = EARLIEST


class Transfer(Body):
    """Whose the device shall be."""

    email: Email


class Rotation(Body):
    """Which credentials to make anew: `mqtt`, the password, or `keys`; all, when it is left out."""

    may_be_absent: ClassVar[bool] = True

    only: Only | None = None


class DeviceView(BaseModel):
    """A device as its owner and those it is shared with see it; `access` is null where staff sees another's."""

    id: UUID
    device_id: str
    name: str
    owner: str
    access: Literal["owner", "shared"] | None
    status: Status
    is_locked: bool
    is_online: bool
    battery_level: int | None
    firmware_version: str
    rssi: int | None
    timezone: str
    last_seen_at: datetime | None
    created_at: datetime
    updated_at: datetime


class DeviceList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[DeviceView]
    next: str | None


class MqttCredential(BaseModel):
    """How a lock comes to the broker."""

    url: str
    username: str
    password: str
    client_id: str


class Keys(BaseModel):
    """What a lock checks commands, PINs and QR codes with, and the bearer token by which it asks this API."""

    command_key: str
    api_key: str
    qr_key: str
    code_key: str


class Credentials(BaseModel):
    """A device's secrets, told once; null is what was not made anew."""

    mqtt: MqttCredential | None
    keys: Keys | None


class ClaimedDevice(DeviceView):
    """A new device, with the secrets that its lock is to be given."""

    credentials: Credentials


class CommandView(BaseModel):
    """A command: `queued`, `sent`, and in the end `acknowledged`, `failed`, `rejected` or `expired`."""

    id: UUID
    command: str
    status: str
    reason: str | None
    created_at: datetime
    sent_at: datetime | None
    finished_at: datetime | None


class LogView(BaseModel):
    """An entry of a device's log, sealed by its hash with the one before.

    `created_at` is when the house heard of it, `happened_at` when it was by the clock of who tells it: a lock that was
    offline tells late.
    """

    id: int
    device_id: UUID
    user_id: UUID | None
    event_type: str
    description: str
    success: bool
    ip_address: str | None
    created_at: datetime
    happened_at: datetime
    hash: str

    @property
    def told_late(self) -> datetime | None:
        """When it happened, where that is not about when we heard of it. A clock out of all bounds tells nothing."""
        is_close = abs(self.created_at - self.happened_at) < CLOSE
        return None if is_close or not EARLIEST <= self.happened_at <= LATEST else self.happened_at


class LogList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[LogView]
    next: int | None


class ShareView(BaseModel):
    """Somebody else's right to use a device."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    shared_with: str
    can_unlock: bool
    can_lock: bool
    is_active: bool
    valid_from: datetime
    valid_until: datetime | None


class ShareList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[ShareView]
    next: str | None
