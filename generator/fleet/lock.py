"""A lock's firmware: what it knows, and how it tells what happens to it. Pure: time is passed in, nothing is sent.

Commands are taken in obeying.py, codes at its keypad in keypad.py. Times are milliseconds since 1970 by its own clock.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from common.lock_protocol import topics
from common.lock_protocol.envelope import Envelope, Status, write_envelope, write_status
from common.lock_protocol.topics import FromLock
from generator.fleet.outbox import Key, Message, Outbox
from generator.fleet.record import Keys, Record

LOW_BATTERY = 20
BATTERY_WELL_AGAIN = 25


def entry_type(event: str, method: str | None = None) -> str:
    """What the house calls the entry that an event becomes in its log."""
    return f"{method}_{event}".upper() if event in ("granted", "denied") else event.upper()


@dataclass(frozen=True, slots=True)
class Change:
    """What has to be written down of a lock before any of its fresh messages may be sent."""

    device_id: str
    record: bytes
    messages: list[Message]
    trimmed: list[Key]


class Lock:
    """One lock. Everything it says goes into its outbox."""

    def __init__(self, device_id: str, keys: Keys, record: Record, outbox: Outbox | None = None) -> None:
        self.device_id = device_id
        self.keys = keys
        self.record = record
        self.outbox = Outbox() if outbox is None else outbox
        self.entries: Counter[str] = Counter()  # what its events are to become in the house's log, since power on

    def start(self, now: int, reason: Literal["power", "reboot"] = "power") -> None:
        """Begin a new boot; a REBOOT that was obeyed is answered now."""
        record = self.record
        record.boot, record.seq, record.started_at = record.boot + 1, 0, now
        finished, record.rebooting = record.rebooting, None
        self.tell_event("started", now, reason="reboot" if finished else reason)
        if finished:
            self.tell_answer(finished, "succeeded", now)
        self.tell_state(now)

    def begin_connection(self) -> tuple[bytes, bytes]:
        """The payloads of `status` for the next connection: what its will says, and what is said once it stands."""
        self.record.conn += 1
        boot, conn = self.record.boot, self.record.conn
        return write_status(Status(False, boot, conn)), write_status(Status(True, boot, conn))

    def tell_telemetry(self, now: int, *, rssi: int, temperature: float | None) -> None:
        """The heartbeat."""
        uptime = max(0, now - self.record.started_at) // 1000
        data = {"battery": self.battery, "rssi": rssi, "temperature": temperature, "uptime": uptime}
        self._tell(topics.TELEMETRY, "telemetry", now, data)

    def tell_state(self, now: int) -> None:
        """Its bolt, door, battery and code table."""
        record = self.record
        data = {
            "locked": record.is_locked,
            "door": "open" if record.is_door_open else "closed",
            "battery": self.battery,
            "firmware": record.firmware,
            "jammed": record.is_jammed,
            "codes_version": record.table.version,
            "codes_hash": record.table.hash,
        }
        record.state_at = self._tell(topics.STATE, "state", now, data).key

    def tell_event(self, name: str, now: int, **data: Any) -> None:
        """Something happened."""
        self.entries[entry_type(name, data.get("method"))] += 1
        self._tell(topics.EVENTS, name, now, data)

    def tell_answer(self, command_id: str, result: str, now: int, reason: str | None = None) -> None:
        """Its word on a command."""
        data = {"command_id": command_id, "result": result, "reason": reason}
        self._tell(topics.COMMANDS_ACK, "ack", now, data)

    def is_newest_state(self, message: Message) -> bool:
        """Whether a message is to be retained: an older state, sent again, must not take the newest one's place."""
        return message.kind == topics.STATE and message.key == self.record.state_at

    def take_change(self) -> Change:
        """What is to be written down now; given out once."""
        outbox = self.outbox
        return Change(self.device_id, self.record.to_bytes(), outbox.take_fresh(), outbox.take_trimmed())

    @property
    def battery(self) -> int:
        """In whole percent."""
        return int(self.record.battery)

    def move_bolt(self, *, is_locked: bool, now: int) -> bool:
        """Move the bolt, by motor or code. Whether it moved or was there; a jammed one does not."""
        if self.record.is_jammed:
            return False
        self.record.is_locked = is_locked
        self.tell_state(now)
        return True

    def turn(self, action: Literal["lock", "unlock"], now: int) -> None:
        """Somebody turns the knob; that frees a jam, too."""
        self.record.is_locked, self.record.is_jammed = action == "lock", False
        self.tell_event("manual", now, action=action)
        self.tell_state(now)

    def jam(self, now: int) -> None:
        """The bolt is stuck."""
        self.record.is_jammed = True
        self.tell_event("jam", now)
        self.tell_state(now)

    def tamper(self, now: int) -> None:
        """Somebody opens its case."""
        self.tell_event("tamper", now)

    def force(self, now: int) -> None:
        """The door is open although the bolt was not drawn back."""
        self.record.is_door_open = True
        self.tell_event("forced", now)
        self.tell_state(now)

    def swing_door(self, now: int, *, is_open: bool) -> None:
        """Somebody opens or shuts the door."""
        self.record.is_door_open = is_open
        self.tell_state(now)

    def set_battery(self, percent: float, now: int) -> None:
        """The battery drains or is replaced; it is told low once, until it is well again."""
        record = self.record
        record.battery = min(max(percent, 0.0), 100.0)
        if self.battery >= BATTERY_WELL_AGAIN:
            record.is_battery_low = False
        elif self.battery < LOW_BATTERY and not record.is_battery_low:
            record.is_battery_low = True
            self.tell_event("low_battery", now, battery=self.battery)

    def _tell(self, kind: FromLock, name: str, now: int, data: dict[str, Any]) -> Message:
        self.record.seq += 1
        envelope = Envelope(self.record.boot, self.record.seq, now, name, data)
        message = Message(envelope.boot, envelope.seq, kind, write_envelope(self.device_id, envelope))
        self.outbox.add(message)
        return message
