"""Reads what came: strictly, since what is written into tables must be what the protocol allows. Pure.

A message that cannot be read becomes a Letter that says why; nothing is raised but for a fault of ours.
"""

import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from collector.fleet.fields import as_uuid, is_text
from collector.fleet.interpreting import read_event
from collector.fleet.packets import Heard
from collector.fleet.words import (
    Body,
    CanaryWord,
    Device,
    Devices,
    Letter,
    Result,
    Spoken,
    State,
    StatusWord,
    Telemetry,
    Topics,
    Word,
)
from common.lock_protocol.commands import RESULTS
from common.lock_protocol.envelope import MAX_BYTES, MAX_COUNT, read_envelope, read_status
from common.lock_protocol.errors import ProtocolError
from common.lock_protocol.topics import CANARY, COLLECTOR, COMMANDS_ACK, EVENTS, STATE, STATUS, TELEMETRY

TELEMETRY_FIELDS = frozenset({"battery", "rssi", "temperature", "uptime"})
STATE_FIELDS = frozenset({"locked", "door", "battery", "firmware", "jammed", "codes_version", "codes_hash"})
RESULT_FIELDS = frozenset({"command_id", "result", "reason"})
FIRMWARE_LENGTH = 20
REASON_LENGTH = 100
DEGREES = 1000
DOORS = {"open": True, "closed": False, None: None}
HASH = re.compile(r"([0-9a-f]{64})?\Z")


def read(heard: Heard, topics: Topics, devices: Devices) -> Spoken:
    """What a message says."""
    parsed = topics.parse(heard.topic)
    if parsed is None:
        return Letter(heard, "topic", "its topic has not the form of one")
    device_id, kind = parsed
    if device_id == COLLECTOR and kind == CANARY:
        return CanaryWord(heard.payload)
    device = devices.get(device_id)
    if device is None:
        return Letter(heard, "unknown_device", "unknown device")
    if heard.size > MAX_BYTES:
        return Letter(heard, "too_long", f"longer than {MAX_BYTES} bytes")
    try:
        return _read_status(heard, device) if kind == STATUS else _read_word(heard, device, kind)
    except ProtocolError as error:
        return Letter(heard, "unreadable", str(error))


def _read_status(heard: Heard, device: Device) -> StatusWord:
    status = read_status(heard.payload)
    return StatusWord(device, status.boot, status.conn, status.is_online, heard)


def _read_word(heard: Heard, device: Device, kind: str) -> Word | Letter:
    envelope = read_envelope(device.device_id, heard.payload)
    try:
        if kind == EVENTS:
            body: Body = read_event(envelope.type, envelope.data)
        else:
            body = _read_body(kind, envelope.type, envelope.data)
    except ProtocolError as error:
        return Letter(heard, "unreadable", str(error), (device, envelope.boot, envelope.seq))
    return Word(device, envelope.boot, envelope.seq, envelope.ts, body, heard)


def _read_body(kind: str, type_: str, data: Mapping[str, Any]) -> Body:
    if kind not in BODIES:
        raise ProtocolError("no lock may speak on this topic")
    expected, reader = BODIES[kind]
    if type_ != expected:
        raise ProtocolError(f"type must be {expected} on this topic")
    return reader(data)


def _read_telemetry(data: Mapping[str, Any]) -> Telemetry:
    if data.keys() != TELEMETRY_FIELDS:
        raise ProtocolError("data must have the fields battery, rssi, temperature, uptime and no other")
    battery, rssi, temperature, uptime = _battery(data), data["rssi"], data["temperature"], data["uptime"]
    if type(rssi) is not int or not -200 <= rssi <= 0:
        raise ProtocolError("rssi must be a whole number from -200 to 0")
    if type(uptime) is not int or not 0 <= uptime <= MAX_COUNT:
        raise ProtocolError("uptime must be a whole number of seconds")
    if temperature is not None and not _is_temperature(temperature):
        raise ProtocolError("temperature must be a number of degrees or null")
    return Telemetry(battery, rssi, temperature, uptime)


def _is_temperature(value: Any) -> bool:
    return type(value) in (int, float) and isfinite(value) and abs(value) <= DEGREES


def _read_state(data: Mapping[str, Any]) -> State:
    if data.keys() != STATE_FIELDS:
        raise ProtocolError(f"data must have the fields {', '.join(sorted(STATE_FIELDS))} and no other")
    for name in ("locked", "jammed"):
        if type(data[name]) is not bool:
            raise ProtocolError(f"{name} must be true or false")
    door, battery, version = data["door"], _battery(data), data["codes_version"]
    if door is not None and door not in ("open", "closed"):
        raise ProtocolError("door must be open, closed or null")
    if type(version) is not int or not 0 <= version <= MAX_COUNT:
        raise ProtocolError("codes_version must be a whole number")
    firmware, codes_hash = data["firmware"], data["codes_hash"]
    if not is_text(firmware, FIRMWARE_LENGTH):
        raise ProtocolError(f"firmware must be a text of at most {FIRMWARE_LENGTH} characters")
    if type(codes_hash) is not str or not HASH.match(codes_hash):
        raise ProtocolError("codes_hash must be 64 hexadecimal digits or empty")
    return State(data["locked"], DOORS[door], battery, firmware, data["jammed"], version, codes_hash)


def _battery(data: Mapping[str, Any]) -> int:
    level = data["battery"]
    if type(level) is not int or not 0 <= level <= 100:
        raise ProtocolError("battery must be a whole number from 0 to 100")
    return level


def _read_result(data: Mapping[str, Any]) -> Result:
    if data.keys() != RESULT_FIELDS:
        raise ProtocolError("data must have the fields command_id, result, reason and no other")
    if data["result"] not in RESULTS:
        raise ProtocolError(f"result must be one of {', '.join(RESULTS)}")
    reason = data["reason"]
    if reason is not None and not is_text(reason, REASON_LENGTH):
        raise ProtocolError(f"reason must be null or a text of at most {REASON_LENGTH} characters")
    command_id = as_uuid(data["command_id"])
    if command_id is None:
        raise ProtocolError("command_id must be a UUID")
    return Result(command_id, data["result"], reason)


BODIES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Body]]] = {
    TELEMETRY: ("telemetry", _read_telemetry),
    STATE: ("state", _read_state),
    COMMANDS_ACK: ("ack", _read_result),
}
