"""The envelope around all that a lock says, its `status` apart.

`{"v": 1, "id": device id, "boot": n, "seq": n, "ts": ms, "type": text, "data": {...}}`: `boot` counts the lock's starts
and never falls, `seq` counts its messages from 1 in each boot, so (boot, seq) names a message for ever. `ts` is the
lock's clock in milliseconds since 1970.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from common.lock_protocol.errors import ProtocolError
from common.lock_protocol.objects import read_object

VERSION = 1
MAX_BYTES = 4096
MAX_COUNT = 2**53 - 1  # what every JSON reader keeps exact
MAX_MS = 253_402_300_799_000  # the last second of year 9999
TYPE_LENGTH = 40
FIELDS = frozenset({"v", "id", "boot", "seq", "ts", "type", "data"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message of a lock; `ts` in milliseconds since 1970, by its clock."""

    boot: int
    seq: int
    ts: int
    type: str
    data: dict[str, Any]

    @property
    def happened_at(self) -> datetime:
        """`ts` as a moment."""
        return datetime.fromtimestamp(self.ts / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Status:
    """A lock's word on its connection, or its will's; `conn` rises with each connect of a boot."""

    is_online: bool
    boot: int
    conn: int


def write_envelope(device_id: str, envelope: Envelope) -> bytes:
    """The payload of a message. Raises ProtocolError when it is too long."""
    payload = orjson.dumps(
        {
            "v": VERSION,
            "id": device_id,
            "boot": envelope.boot,
            "seq": envelope.seq,
            "ts": envelope.ts,
            "type": envelope.type,
            "data": envelope.data,
        }
    )
    if len(payload) > MAX_BYTES:
        raise ProtocolError(f"longer than {MAX_BYTES} bytes")
    return payload


def read_envelope(device_id: str, payload: bytes) -> Envelope:
    """The message in `payload`, which came on a topic of `device_id`. Raises ProtocolError saying what is wrong."""
    content = read_object(payload, MAX_BYTES)
    if content.keys() != FIELDS:
        raise ProtocolError("must have the fields v, id, boot, seq, ts, type, data and no other")
    if type(content["v"]) is not int or content["v"] != VERSION:
        raise ProtocolError(f"v must be {VERSION}")
    if content["id"] != device_id:
        raise ProtocolError("id is not the topic's")
    kind, data = content["type"], content["data"]
    if type(kind) is not str or not 0 < len(kind) <= TYPE_LENGTH:
        raise ProtocolError(f"type must be a text of 1 to {TYPE_LENGTH} characters")
    if type(data) is not dict:
        raise ProtocolError("data must be an object")
    return Envelope(
        _count(content, "boot"), _count(content, "seq", least=1), _count(content, "ts", most=MAX_MS), kind, data
    )


def write_status(status: Status) -> bytes:
    """The payload of `status`."""
    state = "online" if status.is_online else "offline"
    return orjson.dumps({"state": state, "boot": status.boot, "conn": status.conn})


def read_status(payload: bytes) -> Status:
    """The status in `payload`. Raises ProtocolError saying what is wrong."""
    content = read_object(payload, MAX_BYTES)
    if content.keys() != {"state", "boot", "conn"}:
        raise ProtocolError("must have the fields state, boot, conn and no other")
    if content["state"] not in ("online", "offline"):
        raise ProtocolError("state must be online or offline")
    return Status(content["state"] == "online", _count(content, "boot"), _count(content, "conn"))


def write_ingest_ack(boot: int, seq: int) -> bytes:
    """The payload that tells a lock: all of `boot` up to `seq` is stored. It is no word on other boots."""
    return orjson.dumps({"boot": boot, "seq": seq})


def read_ingest_ack(payload: bytes) -> tuple[int, int]:
    """Boot and sequence up to which a lock may forget. Raises ProtocolError saying what is wrong."""
    content = read_object(payload, MAX_BYTES)
    return _count(content, "boot"), _count(content, "seq")


def _count(content: dict[str, Any], name: str, *, least: int = 0, most: int = MAX_COUNT) -> int:
    value = content.get(name)
    if type(value) is not int or not least <= value <= most:
        raise ProtocolError(f"{name} must be a whole number from {least} to {most}")
    return value
