"""Locks that ask auth about codes, for tests."""

import itertools
from time import time
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from common.lock_protocol.keys import from_text
from common.lock_protocol.qr import LIFE_SECONDS, QrCode, write_qr
from tests.support.client import Api, Person

VERIFY_PIN, VERIFY_QR = "/api/v1/access/pins/verify/", "/api/v1/access/qr/verify/"
PINS = "/api/v1/access/pins/"

Device = dict[str, Any]  # as its claim was answered

_numbers = itertools.count(1)


def bearer_of(device: Device) -> dict[str, str]:
    """The header that says which lock it is."""
    return {"Authorization": f"Bearer {device['credentials']['keys']['api_key']}"}


def ask_pin(api: Api, device: Device, pin: str) -> TestResponse:
    """The answer when somebody types `pin` at the lock."""
    return api.call("POST", VERIFY_PIN, {"pin": pin}, bearer_of(device))


def ask_qr(api: Api, device: Device, code: str) -> TestResponse:
    """The answer when the lock reads `code` off a screen."""
    return api.call("POST", VERIFY_QR, {"code": code}, bearer_of(device))


def told(answer: TestResponse) -> tuple[bool, str | None]:
    """Whether the door opens, and why not."""
    assert answer.status_code == 200, answer.text
    data = answer.get_json()["data"]
    return data["granted"], data["reason"]


def add_pin(owner: Person, device: Device, pin: str = "482913", **fields: Any) -> int:
    """The id of a new PIN."""
    answer = owner.call("POST", PINS, {"device_id": device["id"], "name": "Cleaner", "pin": pin, **fields})
    assert answer.status_code == 201, answer.text
    made: int = answer.get_json()["data"]["id"]
    return made


def signed(device: Device, user_id: str, *, seconds: float = LIFE_SECONDS, **changed: Any) -> str:
    """A QR code of somebody's for the lock, which ends in `seconds`."""
    key = from_text(device["credentials"]["keys"]["qr_key"])
    says = {"device_id": device["device_id"], "nonce": f"{next(_numbers):016}", **changed}
    return write_qr(key, QrCode(user_id=UUID(user_id), expires_at=int(time() + seconds), **says))


def pass_time(api: Api, device: Device, seconds: float) -> None:
    """All that the brake knows of the lock was so much earlier."""
    api.rows(
        """
        UPDATE code_brakes
        SET attempts = array(SELECT a - %(by)s FROM unnest(attempts) a), locked_at = locked_at - %(by)s,
            locked_until = locked_until - %(by)s
        WHERE device_id = %(device)s
        """.replace("%(by)s", "%s * interval '1 second'").replace("%(device)s", "%s"),
        seconds,
        seconds,
        seconds,
        device["id"],
    )
