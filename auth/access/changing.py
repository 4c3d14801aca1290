"""What people do about codes: each change whole, with its entry in the device's log; it never commits."""

import os
from datetime import UTC, datetime
from time import time
from uuid import UUID

from auth.access import store
from auth.access.judging import is_guessable
from auth.access.pins import draw_pin
from auth.access.schemas import MadePin, NewPin, PinView, QrView
from auth.devices.rights import own_device, usable_device
from auth.devices.store import raise_codes_version, write_log
from auth.house import house
from auth.http.problems import Problem, bad_fields
from auth.http.rules import RULES
from auth.sign_in import Caller
from common.clock import utc_now
from common.lock_protocol.codes import KEPT_PINS, MOST_PINS
from common.lock_protocol.keys import as_text, derive_key
from common.lock_protocol.qr import LIFE_SECONDS, NONCE_BYTES, QrCode, write_qr
from sql.device_log import Draft
from sql.models import Device

NOWHERE = UUID(int=0)
DRAWS = 20
EQUAL = "Another PIN of this device has these digits; delete it first, if it opens nothing any more"


def add_pin(caller: Caller, ip: str, body: NewPin) -> MadePin:
    """A new PIN of the caller's own device; its digits are told this once. Raises Problem 403, 404, 409, 503.

    What takes time is done before the device is held: only PINs that came meanwhile are compared while it is.
    """
    device = own_device(caller, body.device_id)
    if body.expires_at is not None and body.expires_at <= utc_now():
        raise bad_fields({"expires_at": [RULES["access_pins_window_in_order"].detail]})
    known = store.read_verifiers(device.id)
    pin = _fresh_pin(device, known, body.pin)
    verifier = house().pins.make_verifier(device.id, device.code_key_version, pin)
    key_version = device.code_key_version
    device = own_device(caller, body.device_id, lock=True)
    if device.code_key_version != key_version:
        raise Problem(409, "Somebody else is changing this; try again", headers={"Retry-After": "1"})
    _demand_place(device, known, pin)
    values = body.model_dump(include={"name", "starts_at", "expires_at"}) | {
        "device_id": device.id,
        "verifier": verifier,
        "schedule": body.told_schedule(),
        "max_uses": 1 if body.one_time else body.max_uses,
        "one_time": body.one_time,
        "created_by": caller.id,
    }
    made = store.insert_pin(values)
    raise_codes_version(device.id)
    _log(device, caller, ip, "PIN_ADDED", f"PIN {made.id} added")
    return MadePin(pin=pin, **PinView.model_validate(made).model_dump())


def delete_pin(caller: Caller, ip: str, pin_id: int) -> None:
    """Take a PIN of the caller's own device away. Raises Problem 403, 404: the same as for a device, PIN or none."""
    device = own_device(caller, store.find_device_of_pin(pin_id) or NOWHERE, lock=True)
    if not store.delete_pin(pin_id):
        own_device(caller, NOWHERE)
    raise_codes_version(device.id)
    _log(device, caller, ip, "PIN_DELETED", f"PIN {pin_id} deleted")


def make_qr(caller: Caller, device_id: UUID) -> QrView:
    """A QR code by which the caller may open a device once, within 30 s. Raises Problem 403, 404, 409."""
    use = usable_device(caller, device_id)
    if not use.can_unlock:
        raise Problem(403, "This device is not shared with you to be unlocked")
    if use.device.status != "ACTIVE":
        raise Problem(409, "Device is inactive")
    key = derive_key(house().settings.pin_pepper, "qr", use.device.id, use.device.key_version)
    expires_at = int(time()) + LIFE_SECONDS
    code = QrCode(use.device.device_id, caller.id, as_text(os.urandom(NONCE_BYTES)), expires_at)
    return QrView(device_id=device_id, code=write_qr(key, code), expires_at=datetime.fromtimestamp(expires_at, UTC))


def _fresh_pin(device: Device, known: dict[int, str], wished: str | None) -> str:
    """The PIN that is wished for, or one of luck that the device has not."""
    for _ in range(1 if wished else DRAWS):
        pin = wished or draw_pin()
        if (wished or not is_guessable(pin)) and not _is_known(device, known, pin):
            return pin
    raise Problem(409, EQUAL)


def _demand_place(device: Device, compared: dict[int, str], pin: str) -> None:
    """Raises Problem 409 when there are as many PINs as may be, or one that came meanwhile has the same digits."""
    store.retire_pins(device.id, kept=KEPT_PINS, most=MOST_PINS)
    active = store.read_verifiers(device.id)
    if len(active) >= MOST_PINS:
        raise Problem(409, f"A device has at most {MOST_PINS} active PINs; delete one first")
    late = {pin_id: verifier for pin_id, verifier in active.items() if pin_id not in compared}
    if late and _is_known(device, late, pin):
        raise Problem(409, EQUAL)


def _is_known(device: Device, verifiers: dict[int, str], pin: str) -> bool:
    return bool(verifiers) and bool(house().pins.matching(device.id, device.code_key_version, pin, verifiers))


def _log(device: Device, caller: Caller, ip: str, event_type: str, description: str) -> None:
    write_log(
        Draft(device_id=device.id, event_type=event_type, description=description, user_id=caller.id, ip_address=ip)
    )
