"""Changing an account's rights: whole, with its checks and its entry in the audit log."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from auth.accounts.store import change_user, end_other_sessions
from auth.audit.changes import changes_between
from auth.audit.store import record
from auth.http.problems import Problem
from auth.sign_in import Caller
from auth.users import store
from auth.users.rights import complete_change, refuse_change
from sql.models import User


def change_rights(caller: Caller, user_id: UUID, changes: Mapping[str, Any]) -> User:
    """Change an account's role, rights and verifications. Raises Problem 403, 404."""
    target = store.lock_user(user_id)
    if target is None:
        raise Problem(404, "There is no such user")
    if reason := refuse_change(caller, target, changes):
        raise Problem(403, reason)
    if changes.get("is_active") is False:
        end_other_sessions(target.id, kept=None)  # so that enabling the account again does not bring them back
    completed = complete_change(target.role, changes)
    before = {name: getattr(target, name) for name in completed}
    changed = change_user(target.id, completed)
    record(caller, "user.changed", "user", user_id, changes_between(before, completed))
    return changed
