"""What the paths of codes take and give."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from auth.access.judging import is_guessable
from auth.devices.schemas import LogView
from auth.http.body import Body
from auth.http.moments import Moment, QueryMoment
from auth.http.paging import Page
from auth.http.texts import OneLine
from common.lock_protocol.schedule import minutes_of

MOST_SPANS = 14  # with MOST_PINS of them a code table still fits into a packet of the broker
MOST_USES = 1_000_000

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Reason = Literal["unknown", "inactive", "expired", "schedule", "used", "signature"]


def _check_clock(clock: str) -> str:
    minutes_of(clock)
    return clock


def _check_start(clock: str) -> str:
    if minutes_of(clock) == minutes_of("24:00"):
        raise ValueError("must be before the end of the day")
    return clock


def _check_days(days: list[Day]) -> list[Day]:
    if len(set(days)) < len(days):
        raise ValueError("names a day twice")
    return days


def _check_pin(pin: str) -> str:
    if is_guessable(pin):
        raise ValueError("must not be one digit repeated, nor digits in a row")
    return pin


Days = Annotated[list[Day], Field(min_length=1, max_length=7), AfterValidator(_check_days)]
Clock = Annotated[str, Field(max_length=5, examples=["08:30"]), AfterValidator(_check_clock)]
Pin = Annotated[str, Field(pattern="^[0-9]{4,10}$"), AfterValidator(_check_pin)]
PinName = Annotated[str, Field(min_length=1, max_length=100), OneLine]
MaxUses = Annotated[int, Field(ge=1, le=MOST_USES)]


class Span(Body):
    """Hours of some week days in the device's zone; one that ends before it begins goes over midnight."""

    days: Days
    begins: Annotated[Clock, Field(alias="from"), AfterValidator(_check_start)]
    ends: Annotated[Clock, Field(alias="to")]


class NewPin(Body):
    """A PIN to be made; without `pin` six digits are drawn. `one_time` is the same as one use at most."""

    device_id: UUID
    name: PinName
    pin: Pin | None = None
    starts_at: Moment | None = None
    expires_at: Moment | None = None
    schedule: Annotated[list[Span], Field(min_length=1, max_length=MOST_SPANS)] | None = None
    max_uses: MaxUses | None = None
    one_time: bool = False

    @field_validator("one_time")
    @classmethod
    def _check_once(cls, one_time: bool, others: ValidationInfo) -> bool:
        if one_time and others.data.get("max_uses") not in (None, 1):
            raise ValueError("contradicts max_uses")
        return one_time

    def told_schedule(self) -> list[dict[str, Any]] | None:
        """The schedule in the form that server and lock share."""
        return None if self.schedule is None else [span.model_dump(by_alias=True) for span in self.schedule]


class PinPage(Page):
    """A page of PINs, in the order they were made."""

    device: UUID | None = None


class PinView(BaseModel):
    """A PIN as it is shown: never its digits."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    device_id: UUID
    name: str
    is_active: bool
    starts_at: datetime
    expires_at: datetime | None
    schedule: list[dict[str, Any]] | None
    max_uses: int | None
    uses: int
    one_time: bool
    created_at: datetime


class MadePin(PinView):
    """A new PIN with its digits, which are told this once."""

    pin: str


class PinList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[PinView]
    next: int | None


class PinToVerify(Body):
    """What somebody typed at a lock."""

    pin: Annotated[str, Field(min_length=1, max_length=32)]


class QrToVerify(Body):
    """What a lock read off somebody's screen."""

    code: Annotated[str, Field(min_length=1, max_length=500)]


class Verdict(BaseModel):
    """Whether a PIN opens, why not, and which it is when it is known."""

    granted: bool
    reason: Reason | None = None
    pin_id: int | None = None
    name: str | None = None


class QrVerdict(BaseModel):
    """Whether a QR code opens, why not, and whose it is when it was signed by this house."""

    granted: bool
    reason: Reason | None = None
    user_id: UUID | None = None


class NewQr(Body):
    """For which device; the code is the caller's own."""

    device_id: UUID


class QrView(BaseModel):
    """The text of a QR code, and until when it opens, once."""

    device_id: UUID
    code: str
    expires_at: datetime


class AccessPage(Page):
    """A page of what happened at doors, newest first."""

    device: UUID | None = None
    since: QueryMoment | None = None
    until: QueryMoment | None = None


class AccessWanted(AccessPage):
    """The same as the path's query string has it."""

    model_config = ConfigDict(validate_by_name=False)

    since: Annotated[QueryMoment | None, Field(alias="from")] = None
    until: Annotated[QueryMoment | None, Field(alias="to")] = None


class AccessList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[LogView]
    next: int | None


class KnownDevice(BaseModel):
    """Which device something is about."""

    id: UUID
    device_id: str
    name: str


class FailedAttempt(BaseModel):
    """A code that was refused."""

    id: int
    device: KnownDevice
    event_type: str
    description: str
    ip_address: str | None
    created_at: datetime


class FailedAttemptList(BaseModel):
    """One page; `next` is the cursor of the following one, or null."""

    items: list[FailedAttempt]
    next: int | None
