"""Claiming, changing, handing on and deleting a device: whole, with its entry in the log. For the API and for pages.

A device is held first and its log written last; whatever its owner takes back is gone when the transaction commits.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func

from auth.devices import store
from auth.devices.credentials import credentials_of
from auth.devices.rights import own_device
from auth.devices.schemas import Credentials, NewDevice, Only
from auth.house import house
from auth.http.problems import bad_fields
from auth.sign_in import Caller
from sql.device_log import Draft
from sql.models import Device, User

NOBODY = "has no account here"


def claim_device(caller: Caller, ip: str, body: NewDevice) -> tuple[Device, Credentials]:
    """Make a device the caller's, with the secrets for its lock. Raises IntegrityError for one that is claimed."""
    device = store.insert_device(caller.id, body)
    store.write_log(entry(device.id, caller, ip, "CLAIMED", "Device claimed"))
    return device, credentials_of(device, house().settings)


def change_device(caller: Caller, ip: str, device_id: UUID, changes: Mapping[str, Any]) -> None:
    """Change name, status or time zone of the caller's device. Raises Problem 403, 404."""
    device = own_device(caller, device_id, lock=True)
    changed = {name: value for name, value in changes.items() if getattr(device, name) != value}
    if not changed:
        return
    drafts = []
    if changed.get("status") == "INACTIVE":
        drafts = store.end_commands(device.id, "the device was made inactive", store.PERSONAL)
    if changed.keys() & {"status", "timezone"}:  # the lock decides by both, also while it is offline
        changed["codes_version"] = device.codes_version + 1
    store.update_device(device, changed)
    store.write_log(*drafts, entry(device.id, caller, ip, "CHANGED", _tell(changed)))


def rotate_credentials(caller: Caller, ip: str, device_id: UUID, only: Only | None) -> Credentials:
    """Make secrets of the caller's device anew; the old ones are worth nothing at once. Raises Problem 403, 404."""
    device = own_device(caller, device_id, lock=True)
    rotated: dict[str, Any] = {}
    if only != "keys":
        rotated["mqtt_version"] = device.mqtt_version + 1
    if only != "mqtt":
        rotated["key_version"] = device.key_version + 1
    store.update_device(device, rotated)
    what = {"mqtt": "MQTT password", "keys": "Keys", None: "MQTT password and keys"}[only]
    store.write_log(entry(device.id, caller, ip, "ROTATED", f"{what} made anew"))
    return credentials_of(device, house().settings, only)


def transfer_device(caller: Caller, ip: str, device_id: UUID, email: str) -> None:
    """Make the caller's device somebody else's, without any right or secret of old. Raises Problem 403, 404, 422.

    The new owner sees nothing of what was before, and rotates the credentials to get them.
    """
    device = own_device(caller, device_id, lock=True)
    user = other_person(caller, "email", email)
    drafts = store.end_commands(device.id, "the device was transferred")
    store.clear_access(device.id)
    values = {name: getattr(device, name) + 1 for name in ("mqtt_version", "key_version", "code_key_version")}
    store.update_device(device, {"owner_id": user.id, "codes_version": device.codes_version + 1, **values})
    store.write_log(*drafts, entry(device.id, caller, ip, "TRANSFERRED", f"Transferred to {user.id}"))
    store.resolve_alerts(device.id, caller.id)
    store.update_device(device, {"owned_since": func.clock_timestamp()})  # the entry is not the new owner's to see


def delete_device(caller: Caller, ip: str, device_id: UUID) -> None:
    """Give the caller's device up: anybody may claim it anew. Raises Problem 403, 404."""
    device = own_device(caller, device_id, lock=True)
    drafts = store.end_commands(device.id, "device deleted")
    store.clear_access(device.id)
    store.update_device(device, {"deleted_at": func.now()})
    store.write_log(*drafts, entry(device.id, caller, ip, "DELETED", "Device deleted"))
    store.resolve_alerts(device.id, caller.id)


def other_person(caller: Caller, field: str, email: str) -> User:
    """Who has that e-mail and is not the caller. Raises Problem 422, for a disabled account the same as for nobody."""
    user = store.find_active_user(email)
    if user is None:
        raise bad_fields({field: [NOBODY]})
    if user.id == caller.id:
        raise bad_fields({field: ["is your own"]})
    return user


def entry(device_id: UUID, caller: Caller, ip: str, event_type: str, description: str) -> Draft:
    """What the caller did, for the log. A description outlives accounts: it names people by their ids alone."""
    return Draft(
        device_id=device_id, event_type=event_type, description=description, user_id=caller.id, ip_address=ip or None
    )


def _tell(changed: Mapping[str, Any]) -> str:
    told = [f"{name} is {changed[name]}" for name in ("status", "timezone") if name in changed]
    return "Device changed: " + ", ".join([*(["name"] if "name" in changed else []), *told])
