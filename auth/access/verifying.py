"""Whether a code that a lock was given opens it now. The order is the security of it:

an attempt is written down and committed; then the code is looked at, with no transaction open; then, in one
transaction, a use is spent, the attempt taken back or kept, and the entry written. A code that is known is no guess,
also when it does not open: only those that are not known count as wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from auth.access import brake, store
from auth.access.judging import KnownPin, is_qr_fresh, pin_refusal
from auth.access.schemas import QrVerdict, Reason, Verdict
from auth.database import db
from auth.devices.store import raise_codes_version, write_log
from auth.house import house
from auth.http.problems import Problem, too_many
from auth.lock_sign_in import AskingLock
from common.clock import utc_now
from common.lock_protocol.keys import derive_key
from common.lock_protocol.qr import NONCE_LENGTH, QrCode, read_qr
from sql.device_log import Draft

LOCKED_OUT = "Too many wrong codes; this lock refuses all codes for a while"

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Asked:
    """A code that a lock asks about: at which, of which kind, and where the lock asks from."""

    lock: AskingLock
    kind: str  # PIN or QR
    ip: str

    def entry(self, description: str, *, is_granted: bool, user_id: UUID | None = None) -> Draft:
        """What the log says of it; a description is never erased, so it names nobody."""
        event_type = f"{self.kind}_GRANTED" if is_granted else f"{self.kind}_DENIED"
        return Draft(
            device_id=self.lock.id,
            event_type=event_type,
            description=description,
            success=is_granted,
            user_id=user_id,
            ip_address=self.ip,
        )

    def refusal(self, reason: str, user_id: UUID | None = None) -> Draft:
        """The entry of one that does not open."""
        return self.entry(f"{self.kind} refused: {reason}", is_granted=False, user_id=user_id)


def verify_pin(lock: AskingLock, ip: str, pin: str) -> Verdict:
    """Whether a PIN opens a lock now, a use of it spent. Raises Problem 429 in a lockout, 503."""
    asked = Asked(lock, "PIN", ip)
    if not lock.is_active:
        write_log(asked.refusal("inactive"))
        return Verdict(granted=False, reason="inactive")
    attempt = _reserve(asked)
    known = _look(lock, attempt, lambda: _find_pin(lock, pin))
    if known is None:
        _keep(asked, attempt, "unknown")
        return Verdict(granted=False, reason="unknown")
    reason = pin_refusal(known, lock.timezone, utc_now()) or _spend(lock, known)
    brake.take_back(lock.id, attempt)
    write_log(asked.refusal(reason) if reason else asked.entry(f"PIN {known.id} granted", is_granted=True))
    return Verdict(granted=reason is None, reason=reason, pin_id=known.id, name=known.name)


def verify_qr(lock: AskingLock, ip: str, text: str) -> QrVerdict:
    """Whether a QR code opens a lock now, which spends it. Raises Problem 429 in a lockout."""
    asked = Asked(lock, "QR", ip)
    if not lock.is_active:
        write_log(asked.refusal("inactive"))
        return QrVerdict(granted=False, reason="inactive")
    attempt = _reserve(asked)
    code = _read_code(lock, text)
    if code is None:
        _keep(asked, attempt, "signature")
        return QrVerdict(granted=False, reason="signature")
    reason = _qr_refusal(lock, code, utc_now())
    brake.take_back(lock.id, attempt)
    write_log(
        asked.refusal(reason, code.user_id)
        if reason
        else asked.entry("QR code granted", is_granted=True, user_id=code.user_id)
    )
    return QrVerdict(granted=reason is None, reason=reason, user_id=code.user_id)


def _reserve(asked: Asked) -> datetime:
    """The attempt, written down. Raises Problem 429, with an entry that says so, when the lock refuses all codes."""
    try:
        return brake.reserve(asked.lock.id)
    except brake.LockedOut as lockout:
        write_log(asked.refusal("lockout"))
        db.session.commit()
        raise too_many(LOCKED_OUT, lockout.seconds, "lockout") from None


def _look(lock: AskingLock, attempt: datetime, find: Callable[[], Found]) -> Found:
    """What `find` gives; an attempt that the house was too busy to look at is none."""
    try:
        return find()
    except Problem:
        brake.give_back(lock.id, attempt)
        raise


def _find_pin(lock: AskingLock, pin: str) -> KnownPin | None:
    pins = {known.id: known for known in store.list_known_pins(lock.id)}
    verifiers = {pin_id: known.verifier for pin_id, known in pins.items()}
    found = house().pins.matching(lock.id, lock.code_key_version, pin, verifiers)
    return pins[found[0]] if found else None


def _spend(lock: AskingLock, pin: KnownPin) -> Reason | None:
    """Why a use of a PIN that may open cannot be spent, or None when it was."""
    is_limited = store.use_pin(lock.id, pin.id)
    if is_limited is None:
        return "used" if pin.max_uses is not None else "inactive"
    if is_limited:
        raise_codes_version(lock.id)
    return None


def _read_code(lock: AskingLock, text: str) -> QrCode | None:
    """What a QR code says that was signed for this lock; None for any other. The lock's owner has the key, too, and may
    have signed what has not the form."""
    key = derive_key(house().settings.pin_pepper, "qr", lock.id, lock.key_version)
    try:
        code = read_qr(key, text)
    except ValueError:
        return None
    is_whole = code.device_id == lock.device_id and len(code.nonce) == NONCE_LENGTH
    return code if is_whole else None


def _qr_refusal(lock: AskingLock, code: QrCode, now: datetime) -> Reason | None:
    """Why a code that was signed here does not open, or None: then it is spent."""
    if not is_qr_fresh(code.expires_at, now):
        return "expired"
    is_allowed, is_spent = store.spend_qr(lock.id, code.user_id, code.nonce)
    if not is_allowed:
        return "inactive"
    return None if is_spent else "used"


def _keep(asked: Asked, attempt: datetime, reason: str) -> None:
    """The attempt was wrong; with enough of them a lockout begins, of which its alert follows by itself."""
    lockout = brake.keep(asked.lock.id, attempt)
    write_log(asked.refusal(reason), *([] if lockout is None else [_lockout_entry(asked, lockout)]))


def _lockout_entry(asked: Asked, life: timedelta) -> Draft:
    return Draft(
        device_id=asked.lock.id,
        event_type="LOCKOUT",
        description=f"codes refused for {round(life.total_seconds() / 60)} minutes after too many wrong ones",
        success=False,
        ip_address=asked.ip,
    )
