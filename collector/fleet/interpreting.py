"""What a lock's event means: its entry in the log, what was spent, and what people must hear of at once. Pure.

A description is sealed into the log for good: it names nobody.
"""

from collections.abc import Callable, Mapping
from typing import Any

from collector.fleet.alarms import Kind
from collector.fleet.fields import as_uuid, is_text
from collector.fleet.words import Happening
from common.lock_protocol.envelope import MAX_COUNT
from common.lock_protocol.errors import ProtocolError

NONCE_LENGTH = 64
LONGEST_LOCKOUT = 86_400
DENIED = ("unknown", "inactive", "expired", "schedule", "used", "signature", "lockout")
REFUSED = ("signature", "malformed", "wrong_device", "expired", "replayed", "retained")
HONEST = ("expired",)  # a slow network, or a clock that is off, is no forger
Data = Mapping[str, Any]


def read_event(type_: str, data: Data) -> Happening:
    """The event in an envelope. Raises ProtocolError saying what is wrong."""
    reader = EVENTS.get(type_)
    if reader is None:
        raise ProtocolError("type is no event that locks tell")
    return reader(data)


def _granted(data: Data) -> Happening:
    if data.get("method") == "pin":
        _demand_fields(data, "method", "pin_id")
        pin_id = _whole(data, "pin_id", MAX_COUNT)
        return Happening("PIN_GRANTED", f"Opened with PIN {pin_id}, by the lock's own word", pin_id=pin_id)
    _choice(data, "method", ("pin", "qr"))
    _demand_fields(data, "method", "nonce", "user_id")
    user_id = as_uuid(data["user_id"])
    if user_id is None:
        raise ProtocolError("user_id must be a UUID")
    if not data["nonce"] or not is_text(data["nonce"], NONCE_LENGTH):
        raise ProtocolError(f"nonce must be a text of 1 to {NONCE_LENGTH} characters")
    return Happening(
        "QR_GRANTED", "Opened with a QR code, by the lock's own word", user_id=user_id, nonce=data["nonce"]
    )


def _denied(data: Data) -> Happening:
    _demand_fields(data, "method", "reason")
    method = _choice(data, "method", ("pin", "qr"))
    reason = _choice(data, "reason", DENIED)
    name = "PIN" if method == "pin" else "QR code"
    return Happening(f"{method.upper()}_DENIED", f"{name} refused by the lock: {reason}", success=False)


def _manual(data: Data) -> Happening:
    _demand_fields(data, "action")
    action = _choice(data, "action", ("lock", "unlock"))
    return Happening("MANUAL", f"{action.capitalize()}ed by hand")


def _low_battery(data: Data) -> Happening:
    _demand_fields(data, "battery")
    return Happening("LOW_BATTERY", f"Battery at {_whole(data, 'battery', 100)} %")


def _lockout(data: Data) -> Happening:
    _demand_fields(data, "seconds")
    seconds = _whole(data, "seconds", LONGEST_LOCKOUT)
    return Happening(
        "LOCKOUT",
        f"The lock refuses codes for {seconds} s after too many wrong ones",
        success=False,
        alarm="failed_attempts",
        warning="refuses codes after too many wrong ones",
    )


def _command_refused(data: Data) -> Happening:
    _demand_fields(data, "reason", "command_id")
    reason = _choice(data, "reason", REFUSED)
    command_id = as_uuid(data["command_id"])
    if data["command_id"] is not None and command_id is None:
        raise ProtocolError("command_id must be a UUID or null")
    return Happening(
        "COMMAND_REFUSED",
        f"The lock refused a command: {reason}",
        success=False,
        alarm=None if reason in HONEST else "forged_command",
        warning=f"refused a command that we did not send so ({reason})",
        unsigned=command_id if reason == "signature" else None,
    )


def _started(data: Data) -> Happening:
    _demand_fields(data, "reason")
    return Happening("STARTED", f"Started: {_choice(data, 'reason', ('power', 'reboot'))}")


def _plain(event_type: str, description: str, alarm: Kind, warning: str) -> Callable[[Data], Happening]:
    """A reader of an event that says all by its type."""
    happening = Happening(event_type, description, success=False, alarm=alarm, warning=warning)

    def read_plain(data: Data) -> Happening:
        _demand_fields(data)
        return happening

    return read_plain


EVENTS: Mapping[str, Callable[[Data], Happening]] = {
    "granted": _granted,
    "denied": _denied,
    "manual": _manual,
    "jam": _plain("JAM", "The bolt is jammed", "jam", "reports a jammed bolt"),
    "tamper": _plain("TAMPER", "Somebody tampers with the lock", "tamper", "reports tampering"),
    "forced": _plain("FORCED", "The door was forced", "forced", "reports that the door was forced"),
    "low_battery": _low_battery,
    "lockout": _lockout,
    "command_refused": _command_refused,
    "started": _started,
}


def _demand_fields(data: Data, *names: str) -> None:
    if data.keys() != set(names):
        raise ProtocolError(
            f"data must have the fields {', '.join(names)} and no other" if names else "data must be {}"
        )


def _choice(data: Data, name: str, words: tuple[str, ...]) -> str:
    value = data.get(name)
    if type(value) is not str or value not in words:
        raise ProtocolError(f"{name} must be one of {', '.join(words)}")
    return value


def _whole(data: Data, name: str, most: int) -> int:
    value = data[name]
    if type(value) is not int or not 0 <= value <= most:
        raise ProtocolError(f"{name} must be a whole number from 0 to {most}")
    return value
