"""Devices as tests need them: claimed by somebody, heard of by the fleet, shared with somebody."""

import itertools
from typing import Any

from tests.support.client import Api, Person

DEVICES = "/api/v1/devices/"

_numbers = itertools.count(1)


def new_name() -> str:
    """A `device_id` that nobody has, and that is no beginning of another."""
    return f"lock-{next(_numbers):06}"


def claim(person: Person, device_id: str = "", **fields: Any) -> dict[str, Any]:
    """A device of theirs, as it was answered: with its credentials."""
    body = {"device_id": device_id or new_name(), "name": "Front door", **fields}
    answer = person.call("POST", DEVICES, body)
    assert answer.status_code == 201, answer.text
    claimed: dict[str, Any] = answer.get_json()["data"]
    return claimed


def set_online(api: Api, device: str) -> None:
    """The fleet hears of the lock just now."""
    api.collect("UPDATE device_states SET is_online = true, last_seen_at = now() WHERE device_id = %s", device)


def claim_online(person: Person, **fields: Any) -> str:
    """The id of a device of theirs whose lock is there."""
    device: str = claim(person, **fields)["id"]
    set_online(person.api, device)
    return device


def share(owner: Person, device: str, guest: Person, **fields: Any) -> dict[str, Any]:
    """The guest's share of the device, as it was answered."""
    answer = owner.call("POST", f"{DEVICES}{device}/shares/", {"shared_with": guest.email, **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()["data"]
    return made


def log_of(api: Api, device: str) -> list[tuple[str, bool, str | None]]:
    """The log's entries in their order: what, whether it went well, and who."""
    return [
        (event, success, user)
        for event, success, user in api.rows(
            "SELECT event_type, success, user_id::text FROM device_logs WHERE device_id = %s ORDER BY position", device
        )
    ]
