"""Sharing a device and taking it back: whole, with its entry in the log. For the API and for pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from auth.devices import store
from auth.devices.changing import entry, other_person
from auth.devices.rights import own_device
from auth.devices.schemas import NewShare, ShareView
from auth.http.problems import Problem
from auth.sign_in import Caller
from common.clock import utc_now
from sql.models import DeviceShare

NONE_SUCH = "There is no such share"
TAKEN_BACK = "the right was taken back"


def add_share(caller: Caller, ip: str, device_id: UUID, body: NewShare) -> ShareView:
    """Let somebody use the caller's device. Raises Problem 403, 404, 422; IntegrityError for a second share."""
    device = own_device(caller, device_id, lock=True)
    user = other_person(caller, "shared_with", body.shared_with)
    values = body.model_dump(exclude={"shared_with", "valid_from"})
    begins = {} if body.valid_from is None else {"valid_from": body.valid_from}
    share = store.insert_share({"device_id": device.id, "user_id": user.id, **values, **begins})
    store.write_log(entry(device.id, caller, ip, "SHARED", f"Shared with {_tell(share)}"))
    return store.show_share(share, user.email)


def change_share(caller: Caller, ip: str, device_id: UUID, share_id: UUID, changes: Mapping[str, Any]) -> ShareView:
    """Change what a share allows, or when. Raises Problem 403, 404; IntegrityError for one that allows nothing."""
    share, email = _held_share(caller, device_id, share_id)
    store.update_share(share, changes)
    lost = lost_commands(share, utc_now())
    drafts = store.end_commands(device_id, TAKEN_BACK, lost, user_id=share.user_id) if lost else []
    store.write_log(*drafts, entry(device_id, caller, ip, "SHARE_CHANGED", f"Share changed: {_tell(share)}"))
    return store.show_share(share, email)


def delete_share(caller: Caller, ip: str, device_id: UUID, share_id: UUID) -> None:
    """Take a device back from whom it was shared with; what they asked for and is not done will not be."""
    share, _ = _held_share(caller, device_id, share_id)
    user_id = share.user_id
    store.delete_share(share)
    drafts = store.end_commands(device_id, TAKEN_BACK, user_id=user_id)
    store.write_log(*drafts, entry(device_id, caller, ip, "UNSHARED", f"No longer shared with {user_id}"))


def lost_commands(share: DeviceShare, now: datetime) -> list[str]:
    """The commands that a share does not allow at this moment."""
    is_open = share.valid_from <= now and (share.valid_until is None or share.valid_until > now)
    if not (share.is_active and is_open):
        return ["UNLOCK", "LOCK"]
    return [name for name, is_allowed in (("UNLOCK", share.can_unlock), ("LOCK", share.can_lock)) if not is_allowed]


def _held_share(caller: Caller, device_id: UUID, share_id: UUID) -> tuple[DeviceShare, str]:
    device = own_device(caller, device_id, lock=True)
    found = store.find_share(device.id, share_id)
    if found is None:
        raise Problem(404, NONE_SUCH)
    return found


def _tell(share: DeviceShare) -> str:
    can = [word for word, is_allowed in (("unlock", share.can_unlock), ("lock", share.can_lock)) if is_allowed]
    end = f" until {share.valid_until:%Y-%m-%dT%H:%M:%SZ}" if share.valid_until else ""
    paused = "" if share.is_active else ", not active"
    return f"{share.user_id}: {' and '.join(can)} from {share.valid_from:%Y-%m-%dT%H:%M:%SZ}{end}{paused}"
