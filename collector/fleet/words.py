"""What a lock says, read: plain records, without a word on how they came or what becomes of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from collector.fleet.alarms import Kind
from collector.fleet.packets import Heard
from common.lock_protocol.topics import parse_topic


@dataclass(frozen=True, slots=True, eq=False)
class Device:
    """A lock as the fleet knows it: its row, the name under which it speaks, and what people call it."""

    id: UUID
    device_id: str
    name: str


Devices = Mapping[str, Device]


class StatusWord(NamedTuple):
    """On a connection."""

    device: Device
    boot: int
    conn: int
    is_online: bool
    heard: Heard

    @property
    def is_live(self) -> bool:
        """Whether it was said now, not kept by the broker."""
        return not self.heard.is_retained


class Telemetry(NamedTuple):
    """What a lock measured."""

    battery: int
    rssi: int
    temperature: float | None
    uptime: int


class State(NamedTuple):
    """How a lock stands."""

    is_locked: bool
    is_door_open: bool | None
    battery: int
    firmware: str
    is_jammed: bool
    codes_version: int
    codes_hash: str


class Result(NamedTuple):
    """A lock's answer to a command."""

    command_id: UUID
    result: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as its entry will be, with the code that was spent in it, and what it makes people afraid of."""

    event_type: str
    description: str
    success: bool = True
    user_id: UUID | None = None
    pin_id: int | None = None
    nonce: str | None = None
    alarm: Kind | None = None
    warning: str = ""  # what the alarm says of the device, after its name
    unsigned: UUID | None = None  # the command that was refused for its signature


Body = Telemetry | State | Result | Happening


class Word(NamedTuple):
    """A numbered message of a lock; `ts` in milliseconds by its clock. `heard` is how it came."""

    device: Device
    boot: int
    seq: int
    ts: int
    body: Body
    heard: Heard


class CanaryWord(NamedTuple):
    """Our own canary came back; what we gave it."""

    token: bytes


class Letter(NamedTuple):
    """A message that nobody can use: `reason` for people, `kind` for counting.

    `place` is its device, boot and number where they could be read: it is seen then, or its lock would wait for ever.
    One that is not kept is only that.
    """

    heard: Heard
    kind: str
    reason: str
    place: tuple[Device, int, int] | None = None
    is_kept: bool = True


Spoken = StatusWord | Word | CanaryWord | Letter


class Topics:
    """Device and kind by topic as it is on the wire: read once, looked up ten thousand times a second."""

    MOST = 100_000

    def __init__(self) -> None:
        self._parsed: dict[bytes, tuple[str, str] | None] = {}

    def parse(self, topic: bytes) -> tuple[str, str] | None:
        """Device id and kind; None where the topic has not the form of one."""
        try:
            return self._parsed[topic]
        except KeyError:
            if len(self._parsed) >= self.MOST:
                self._parsed.clear()
            found = self._parsed[topic] = parse_topic(topic.decode(errors="replace"))
            return found
