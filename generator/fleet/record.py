"""What a lock keeps through a loss of power, the messages it has still to tell apart. Pure; it knows no file."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from common.lock_protocol.keys import from_text


@dataclass(frozen=True, slots=True)
class Keys:
    """A lock's own secrets, as its claim told them."""

    command: bytes
    qr: bytes
    code: bytes

    @classmethod
    def from_claim(cls, keys: dict[str, str]) -> "Keys":
        """From the part `keys` of a claim's answer."""
        return cls(from_text(keys["command_key"]), from_text(keys["qr_key"]), from_text(keys["code_key"]))


@dataclass(frozen=True, slots=True)
class Answered:
    """A command that was decided on, and how."""

    command_id: str
    counter: int
    result: str


@dataclass(slots=True)
class CodeTable:
    """The codes as CODES brought them; `uses` are those the lock knows of, by code."""

    version: int = 0
    hash: str = ""
    timezone: str = "UTC"
    codes: list[dict[str, Any]] = field(default_factory=list)
    uses: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Brake:
    """Wrong codes of late, and until when all are refused; times in milliseconds since 1970."""

    attempts: list[int] = field(default_factory=list)
    lockouts: int = 0
    locked_at: int = 0
    locked_until: int = 0


@dataclass(slots=True)
class Record:
    """Everything a lock must not forget. `boot` counts its starts, `conn` its connects, `seq` its messages of the boot.

    `rebooting` is the command by which it is going down. `state_at` names its newest state: only that is retained.
    """

    boot: int = 0
    conn: int = 0
    seq: int = 0
    counter: int = 0
    answered: list[Answered] = field(default_factory=list)
    rebooting: str | None = None
    is_locked: bool = True
    is_door_open: bool = False
    is_jammed: bool = False
    battery: float = 100.0
    is_battery_low: bool = False
    firmware: str = "1.4.2"
    started_at: int = 0
    state_at: tuple[int, int] = (0, 0)
    table: CodeTable = field(default_factory=CodeTable)
    brake: Brake = field(default_factory=Brake)
    spent: dict[str, int] = field(default_factory=dict)  # nonces of QR codes, with their expiry in seconds

    def to_bytes(self) -> bytes:
        """As it is kept."""
        return orjson.dumps(self)

    @classmethod
    def from_bytes(cls, kept: bytes) -> "Record":
        """What `to_bytes` made."""
        content = orjson.loads(kept)
        content["answered"] = [Answered(**one) for one in content["answered"]]
        content["table"] = CodeTable(**content["table"])
        content["brake"] = Brake(**content["brake"])
        content["state_at"] = tuple(content["state_at"])
        return cls(**content)
