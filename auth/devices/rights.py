"""Who may do what with a device, read anew each time: a right that was taken back is gone with the next request.

Its owner may do everything, who it is shared with may use it within the window; to anybody else it is not there.
"""

from dataclasses import dataclass
from uuid import UUID

from auth.devices import store
from auth.http.problems import Problem
from auth.sign_in import Caller
from sql.models import Device

NONE_SUCH = "There is no such device"
OWNER_ONLY = "Only the owner of a device may do that"


@dataclass(frozen=True, slots=True)
class Use:
    """A device that somebody may use now, and how."""

    device: Device
    is_owner: bool
    can_unlock: bool
    can_lock: bool


def none_such() -> Problem:
    """404, the same for a device that never was, one that is deleted, and one that is somebody else's."""
    return Problem(404, NONE_SUCH)


def usable_device(caller: Caller, device_id: UUID) -> Use:
    """The device, for its owner and whom it is shared with at this moment. Raises Problem 404."""
    return _use_of(caller.id, device_id, lock=False)


def own_device(caller: Caller, device_id: UUID, *, lock: bool = False) -> Device:
    """The caller's own device; with `lock`, held until the transaction ends. Raises Problem 403, 404."""
    use = _use_of(caller.id, device_id, lock=lock)
    if not use.is_owner:
        raise Problem(403, OWNER_ONLY)
    return use.device


def _use_of(caller_id: UUID, device_id: UUID, *, lock: bool) -> Use:
    found = store.find_device_and_share(device_id, caller_id, lock=lock)
    if found is None:
        raise none_such()
    device, share = found
    if device.owner_id == caller_id:
        return Use(device, is_owner=True, can_unlock=True, can_lock=True)
    if share is None:
        raise none_such()
    return Use(device, is_owner=False, can_unlock=share.can_unlock, can_lock=share.can_lock)
