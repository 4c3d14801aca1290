"""How a lock decides on a command: obeyed once, never late, never replayed, never from anybody else. Pure.

The order matters: nothing of a command is believed before its signature holds; what was decided on before is answered
from memory, however late it comes again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from common.lock_protocol.codes import table_hash
from common.lock_protocol.commands import Command, is_signed, read_command
from common.lock_protocol.errors import ProtocolError
from generator.fleet.lock import Lock
from generator.fleet.record import Answered, CodeTable

REMEMBERED = 50
SLACK_MS = 2_000  # how far ahead of ours the sender's clock may be; one that is late has no slack
CODE_FIELDS = frozenset({"id", "verifier", "starts_at", "expires_at", "schedule", "max_uses", "uses"})

Verdict = Literal["executed", "failed", "duplicate", "rejected", "refused"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a command: `refused` ones are reported as an event, the others answered."""

    verdict: Verdict
    reason: str | None = None
    command: Command | None = None

    @property
    def is_executed(self) -> bool:
        """Whether the lock did what it was told."""
        return self.verdict == "executed"


def take_command(lock: Lock, payload: bytes, now: int, *, is_retained: bool = False) -> Taken:
    """Decide on what came in on the lock's topic of commands; a REBOOT that is obeyed sets `record.rebooting`."""
    try:
        command, signature = read_command(payload)
    except ProtocolError:
        return _refuse(lock, "retained" if is_retained else "malformed", None, now)
    if is_retained:
        return _refuse(lock, "retained", command, now)
    # The device's id is part of what is signed: a command to another lock fails here.
    if not is_signed(lock.keys.command, lock.device_id, command, signature):
        return _refuse(lock, "signature", command, now)
    known = next((one for one in lock.record.answered if one.command_id == command.command_id), None)
    if known:
        lock.tell_answer(command.command_id, "duplicate", now, known.result)
        return Taken("duplicate", known.result, command)
    if now > command.expires_at or command.timestamp > now + SLACK_MS:
        return _refuse(lock, "expired", command, now)
    return _overtaken(lock, command, now) or _obey(lock, command, now)


def _refuse(lock: Lock, reason: str, command: Command | None, now: int) -> Taken:
    lock.tell_event("command_refused", now, reason=reason, command_id=command.command_id if command else None)
    return Taken("refused", reason, command)


def _overtaken(lock: Lock, command: Command, now: int) -> Taken | None:
    """One of a lower counter than the highest: overtaken on its way, or too old for that."""
    record = lock.record
    if command.counter > record.counter:
        return None
    counters = [one.counter for one in record.answered]
    if command.counter in counters or (len(counters) >= REMEMBERED and command.counter < min(counters)):
        return _refuse(lock, "replayed", command, now)
    _remember(lock, command, "rejected")
    lock.tell_answer(command.command_id, "rejected", now, "superseded")
    return Taken("rejected", "superseded", command)


def _obey(lock: Lock, command: Command, now: int) -> Taken:
    lock.record.counter = command.counter
    act = _ACTS.get(command.command)
    if act is None:
        _remember(lock, command, "rejected")
        lock.tell_answer(command.command_id, "rejected", now, "unknown command")
        return Taken("rejected", "unknown command", command)
    failure = act(lock, command, now)
    _remember(lock, command, "failed" if failure else "succeeded")
    if failure:
        lock.tell_answer(command.command_id, "failed", now, failure)
        return Taken("failed", failure, command)
    # A reboot is not done before it is over: the next boot says so.
    lock.tell_answer(command.command_id, "received" if lock.record.rebooting else "succeeded", now)
    return Taken("executed", None, command)


def _remember(lock: Lock, command: Command, result: str) -> None:
    """Those of the highest counters are kept: what is below all of them was decided on, or is too old to be."""
    answered = lock.record.answered
    answered.append(Answered(command.command_id, command.counter, result))
    answered.sort(key=lambda one: one.counter)
    del answered[:-REMEMBERED]


def _unlock(lock: Lock, _: Command, now: int) -> str | None:
    return None if lock.move_bolt(is_locked=False, now=now) else "jammed"


def _lock(lock: Lock, _: Command, now: int) -> str | None:
    return None if lock.move_bolt(is_locked=True, now=now) else "jammed"


def _reboot(lock: Lock, command: Command, _: int) -> str | None:
    lock.record.rebooting = command.command_id
    return None


def _take_codes(lock: Lock, command: Command, now: int) -> str | None:
    try:
        table = _read_table(command.params)
    except ProtocolError as error:
        return str(error)
    own = lock.record.table
    if table.version < own.version:
        return "older than the lock's own"
    told = {str(code["id"]): code["uses"] for code in table.codes}
    table.uses = {code: max(uses, own.uses.get(code, 0)) for code, uses in told.items()}
    lock.record.table = table
    lock.tell_state(now)
    return None


def _read_table(params: str) -> CodeTable:
    content = _object(params)
    if content.keys() != {"version", "timezone", "codes"} or type(content["version"]) is not int:
        raise ProtocolError("not a code table")
    codes = content["codes"]
    if type(codes) is not list or any(type(code) is not dict or code.keys() != CODE_FIELDS for code in codes):
        raise ProtocolError("not a code table")
    return CodeTable(content["version"], table_hash(params), content["timezone"], codes)


def _send_again(lock: Lock, command: Command, _: int) -> str | None:
    try:
        asked = _object(command.params)
    except ProtocolError as error:
        return str(error)
    if asked.keys() != {"boot", "from", "to"} or any(type(value) is not int for value in asked.values()):
        return "not a range"
    return None if lock.outbox.resend(asked["boot"], asked["from"], asked["to"]) else "forgotten"


def _object(params: str) -> dict[str, Any]:
    try:
        content = orjson.loads(params)
    except orjson.JSONDecodeError:
        raise ProtocolError("params are not JSON") from None
    if type(content) is not dict:
        raise ProtocolError("params are not an object")
    return content


_ACTS: dict[str, Callable[[Lock, Command, int], str | None]] = {
    "UNLOCK": _unlock,
    "LOCK": _lock,
    "REBOOT": _reboot,
    "CODES": _take_codes,
    "BACKFILL": _send_again,
}
