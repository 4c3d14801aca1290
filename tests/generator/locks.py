"""A simulated lock and the house that commands it, as the tests of the fleet's firmware need them."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import orjson

from common.lock_protocol.codes import PIN_HASHER, code_material
from common.lock_protocol.commands import LIFE_SECONDS, Command, write_command, write_params
from generator.fleet.lock import Lock
from generator.fleet.outbox import Message, Outbox
from generator.fleet.record import Keys, Record

DEVICE = "front-door"
KEYS = Keys(b"c" * 32, b"q" * 32, b"p" * 32)
NOW = 1_780_000_000_000


def new_lock(record: Record | None = None, outbox: Outbox | None = None) -> Lock:
    """A lock that was just switched on, and has told so."""
    lock = Lock(DEVICE, KEYS, record or Record(), outbox)
    lock.start(NOW)
    told(lock)
    return lock


def command(name: str, counter: int, *, at: int = NOW, **params: Any) -> Command:
    """A command as the house makes it."""
    life = LIFE_SECONDS.get(name, 30)  # type: ignore[call-overload]  # some names are wrong on purpose
    return Command(name, str(uuid4()), at, at + 1000 * life, None, counter, write_params(params))


def signed(made: Command, **changes: Any) -> bytes:
    """Its payload, signed with what it says after `changes`."""
    return write_command(KEYS.command, DEVICE, replace(made, **changes))


def told(lock: Lock) -> list[tuple[str, dict[str, Any]]]:
    """Type and data of what the lock has told since the last call, in order."""
    return [(content["type"], content["data"]) for content in map(read, sent(lock))]


def sent(lock: Lock) -> list[Message]:
    """The messages themselves."""
    lock.outbox.release(lock.outbox.take_fresh())
    return lock.outbox.due(window=1_000_000)


def read(message: Message) -> dict[str, Any]:
    """The envelope of a message."""
    content: dict[str, Any] = orjson.loads(message.payload)
    return content


def answers(lock: Lock) -> list[tuple[str, str | None]]:
    """Result and reason of each answer since the last call."""
    return [(data["result"], data["reason"]) for name, data in told(lock) if name == "ack"]


def code(id: int, pin: str, **more: Any) -> dict[str, Any]:
    """A code as CODES brings it."""
    verifier = PIN_HASHER.hash(code_material(KEYS.code, pin))
    plain = {"starts_at": 0, "expires_at": None, "schedule": None, "max_uses": None, "uses": 0}
    return {"id": id, "verifier": verifier, **plain, **more}
