"""Who may change what of whose account: a pure rule."""

from collections.abc import Mapping
from typing import Any

from auth.sign_in import Caller
from sql.models import User

STAFF_ONLY_BY_ADMIN = "Only an admin may give or take staff"
NOT_ONESELF = "You cannot take your own rights or disable yourself"


def refuse_change(caller: Caller, target: User, changes: Mapping[str, Any]) -> str | None:
    """Why `caller` may not make `changes` to `target`, or None when they may.

    Staff that is no admin keeps its hands off staff: else it could disable its admins, or make some.
    """
    touches_staff = target.is_staff or changes.get("is_staff") is True or changes.get("role") == "admin"
    if touches_staff and not caller.is_admin:
        return STAFF_ONLY_BY_ADMIN
    takes_rights = (
        changes.get("is_active") is False
        or changes.get("is_staff") is False
        or ("role" in changes and changes["role"] != target.role)
    )
    if target.id == caller.id and takes_rights:
        return NOT_ONESELF
    return None


def complete_change(role: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes with what they imply for somebody of `role`: admin brings staff with it, and takes it away again."""
    implied: dict[str, Any] = {}
    if "role" in changes:
        is_admin = changes["role"] == "admin"
        implied["is_superuser"] = is_admin
        if is_admin or role == "admin":
            implied["is_staff"] = is_admin
    return {**implied, **changes}
