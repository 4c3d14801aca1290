"""Commands as they go to a lock, signed with HMAC-SHA256 (RFC 2104) under its command key.

`params` travels as a text of JSON, not as an object: it is signed as it stands, so no reader needs a canonical JSON.
"""

import hmac
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson

from common.lock_protocol.errors import ProtocolError
from common.lock_protocol.objects import read_object

Name = Literal["LOCK", "UNLOCK", "REBOOT", "CODES", "BACKFILL"]
MAX_BYTES = 65_536
LABEL = "watchhouse-command-v1"
FIELDS = frozenset({"command", "command_id", "timestamp", "expires_at", "user_id", "counter", "params", "signature"})
LIFE_SECONDS: dict[Name, int] = {"UNLOCK": 15, "LOCK": 30, "REBOOT": 120, "CODES": 60, "BACKFILL": 60}
RESULTS = ("received", "succeeded", "failed", "rejected", "duplicate")


@dataclass(frozen=True, slots=True)
class Command:
    """One command; times in milliseconds since 1970, `params` a text of JSON."""

    command: str
    command_id: str
    timestamp: int
    expires_at: int
    user_id: str | None
    counter: int
    params: str


def write_params(params: dict[str, Any]) -> str:
    """Parameters as they are signed and sent: keys sorted, no spaces."""
    return orjson.dumps(params, option=orjson.OPT_SORT_KEYS).decode()


def sign(key: bytes, device_id: str, command: Command) -> str:
    """The signature, as 64 hexadecimal digits, of a command to `device_id`."""
    return hmac.digest(key, _canonical(device_id, command), "sha256").hex()


def is_signed(key: bytes, device_id: str, command: Command, signature: str) -> bool:
    """Whether `signature` is that of the command, made for this device with this key."""
    return hmac.compare_digest(sign(key, device_id, command).encode(), signature.encode())


def write_command(key: bytes, device_id: str, command: Command) -> bytes:
    """The payload of a command, signed."""
    return orjson.dumps(
        {
            "command": command.command,
            "command_id": command.command_id,
            "timestamp": command.timestamp,
            "expires_at": command.expires_at,
            "user_id": command.user_id,
            "counter": command.counter,
            "params": command.params,
            "signature": sign(key, device_id, command),
        }
    )


def read_command(payload: bytes) -> tuple[Command, str]:
    """A command and its signature, which is not looked at yet. Raises ProtocolError saying what is wrong."""
    content = _read_fields(payload)
    for name in ("command", "params", "signature"):
        if type(content[name]) is not str:
            raise ProtocolError(f"{name} must be a text")
    for name in ("timestamp", "expires_at", "counter"):
        if type(content[name]) is not int:
            raise ProtocolError(f"{name} must be a whole number")
    if content["user_id"] is not None and type(content["user_id"]) is not str:
        raise ProtocolError("user_id must be a text or null")
    _demand_uuid(content["command_id"])
    signature = content.pop("signature")
    return Command(**content), signature


def _read_fields(payload: bytes) -> dict[str, Any]:
    content = read_object(payload, MAX_BYTES)
    if content.keys() != FIELDS:
        raise ProtocolError(f"must have the fields {', '.join(sorted(FIELDS))} and no other")
    return content


def _demand_uuid(text: Any) -> None:
    try:
        UUID(text)
    except (ValueError, TypeError, AttributeError):
        raise ProtocolError("command_id must be a UUID") from None


def _canonical(device_id: str, command: Command) -> bytes:
    """One field a line, the params last: only they may hold a line's end."""
    return "\n".join(
        (
            LABEL,
            device_id,
            command.command_id,
            command.command,
            str(command.counter),
            str(command.timestamp),
            str(command.expires_at),
            command.user_id or "",
            command.params,
        )
    ).encode()
