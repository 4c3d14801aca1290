"""How a lock decides on PIN and QR codes by itself, without asking the house. Pure, but for the time argon2 takes.

An attempt is written down before it is looked at and taken back when it was right, as the server does it: who pulls
the battery while the lock thinks gains no try. A known code is no guess, also when it does not open now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from argon2.exceptions import InvalidHashError, VerificationError

from common.lock_protocol.codes import PIN_HASHER, code_material
from common.lock_protocol.qr import LIFE_SECONDS, SLACK_SECONDS, read_qr
from common.lock_protocol.schedule import is_within
from generator.fleet.lock import Lock
from generator.fleet.record import Brake

MOST_WRONG = 5
WRONG_WITHIN_MS = 600_000
FIRST_LOCKOUT_SECONDS = 900
LONGEST_LOCKOUT_SECONDS = 4 * 3600
FORGIVEN_AFTER_MS = 24 * 3600 * 1000

Code = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a code opened the door; `reason` is why not."""

    is_granted: bool
    reason: str | None = None


def begin_attempt(lock: Lock, now: int) -> bool:
    """Write an attempt down. Whether it may be looked at: not in a lockout."""
    brake = lock.record.brake
    if now < brake.locked_until:
        return False
    brake.attempts = [at for at in brake.attempts if at > now - WRONG_WITHIN_MS]
    if len(brake.attempts) >= MOST_WRONG:  # not all of them decided on yet
        return False
    brake.attempts.append(now)
    return True


def match_pin(codes: Iterable[Code], code_key: bytes, pin: str) -> Code | None:
    """The code of this PIN. Slow, as it is to be; it touches no lock, so it may run beside others."""
    material = code_material(code_key, pin)
    return next((code for code in codes if _is_verified(code["verifier"], material)), None)


def finish_pin(lock: Lock, code: Code | None, now: int) -> Decision:
    """Open for a matched code that is good now, or say why not."""
    if code is None:
        return _deny(lock, "pin", "unknown", now)
    _take_back(lock.record.brake)
    if reason := _fault_of(lock, code, now):
        return _refuse(lock, "pin", reason, now)
    uses = lock.record.table.uses
    uses[str(code["id"])] = uses.get(str(code["id"]), 0) + 1
    return _grant(lock, now, method="pin", pin_id=code["id"])


def refuse_locked_out(lock: Lock, method: str, now: int) -> Decision:
    """An attempt in a lockout: not looked at."""
    return _refuse(lock, method, "lockout", now)


def enter_pin(lock: Lock, pin: str, now: int) -> Decision:
    """All three steps of a PIN at once."""
    if not begin_attempt(lock, now):
        return refuse_locked_out(lock, "pin", now)
    return finish_pin(lock, match_pin(lock.record.table.codes, lock.keys.code, pin), now)


def show_qr(lock: Lock, text: str, now: int) -> Decision:
    """Somebody holds a QR code before the lock."""
    if not begin_attempt(lock, now):
        return refuse_locked_out(lock, "qr", now)
    try:
        code = read_qr(lock.keys.qr, text)
    except ValueError:  # not signed with the lock's key; or its owner signed something else with it
        return _deny(lock, "qr", "signature", now)
    if code.device_id != lock.device_id:
        return _deny(lock, "qr", "signature", now)
    _take_back(lock.record.brake)
    if not now <= 1000 * code.expires_at <= now + 1000 * (LIFE_SECONDS + SLACK_SECONDS):
        return _refuse(lock, "qr", "expired", now)
    spent = {nonce: expiry for nonce, expiry in lock.record.spent.items() if 1000 * expiry >= now}
    if code.nonce in spent:
        return _refuse(lock, "qr", "used", now)
    lock.record.spent = spent | {code.nonce: code.expires_at}
    return _grant(lock, now, method="qr", nonce=code.nonce, user_id=str(code.user_id))


def _is_verified(verifier: str, material: str) -> bool:
    try:
        return PIN_HASHER.verify(verifier, material)
    except (VerificationError, InvalidHashError):
        return False


def _fault_of(lock: Lock, code: Code, now: int) -> str | None:
    """Why a known code does not open now."""
    table = lock.record.table
    if now < code["starts_at"]:
        return "schedule"
    if code["expires_at"] is not None and now >= code["expires_at"]:
        return "expired"
    if not is_within(code["schedule"], table.timezone, datetime.fromtimestamp(now / 1000, UTC)):
        return "schedule"
    is_spent = code["max_uses"] is not None and table.uses.get(str(code["id"]), 0) >= code["max_uses"]
    return "used" if is_spent else None


def _grant(lock: Lock, now: int, **data: Any) -> Decision:
    lock.tell_event("granted", now, **data)
    lock.move_bolt(is_locked=False, now=now)
    return Decision(True)


def _take_back(brake: Brake) -> None:
    """A lockout that began meanwhile has taken them all."""
    if brake.attempts:
        brake.attempts.pop()


def _refuse(lock: Lock, method: str, reason: str, now: int) -> Decision:
    lock.tell_event("denied", now, method=method, reason=reason)
    return Decision(False, reason)


def _deny(lock: Lock, method: str, reason: str, now: int) -> Decision:
    """A wrong code, which counts as a guess."""
    decision = _refuse(lock, method, reason, now)
    brake = lock.record.brake
    if len(brake.attempts) >= MOST_WRONG:
        lock.tell_event("lockout", now, seconds=_lock_out(brake, now))
    return decision


def _lock_out(brake: Brake, now: int) -> int:
    """Begin a lockout, twice as long as the one before; after a day without, as the first. Its seconds."""
    if now - brake.locked_at > FORGIVEN_AFTER_MS:
        brake.lockouts = 0
    seconds = min(FIRST_LOCKOUT_SECONDS << brake.lockouts, LONGEST_LOCKOUT_SECONDS)
    brake.lockouts, brake.locked_at, brake.locked_until = brake.lockouts + 1, now, now + 1000 * seconds
    brake.attempts = []
    return seconds
