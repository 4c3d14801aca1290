"""People made from the command line: the first administrator, and those of a demo."""

from typing import Any

import pydantic

from auth.accounts import store
from auth.accounts.passwords import LONGEST, SHORTEST, check_choice
from auth.accounts.schemas import Email
from auth.database import db
from auth.house import house
from auth.http.problems import Problem

ADMIN = {"role": "admin", "is_staff": True, "is_superuser": True}
VERIFIED = {"email_verified": True, "identity_verified": True}  # else a fresh demo's first alert is of its own people
DEMO_PEOPLE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("admin@example.com", "admin", {**ADMIN, **VERIFIED, "first_name": "Ada", "last_name": "Admin"}),
    ("user@example.com", "user", {**VERIFIED, "first_name": "Uma", "last_name": "User"}),
)


class Refused(Exception):
    """What was asked for cannot be; says why."""


def create_admin(email: str, password: str) -> str:
    """Make the account an administrator's, new or not; returns what was done."""
    _check(email, password)
    user = store.find_user(email)
    if user is not None:
        # Anybody may have registered the address before its owner did: only the password given here opens it now.
        store.change_user(user.id, {**ADMIN, "is_active": True})
        store.set_password(user.id, house().passwords.hash(password))
        store.end_other_sessions(user.id, kept=None)
        db.session.commit()
        return f"{email} is an administrator now, with the new password; every session has ended."
    store.add_user(email=email, password_hash=house().passwords.hash(password), **ADMIN)
    db.session.commit()
    return f"The administrator {email} is made."


def make_demo_people() -> str:
    """Make the demo's people who are missing. Only in a demo: everybody knows their passwords."""
    if not house().settings.is_demo:
        raise Refused("Demo people are made only in a demo (WATCHHOUSE_DEMO=1)")
    made = 0
    for email, password, values in DEMO_PEOPLE:
        if store.find_user(email) is None:
            store.add_user(email=email, password_hash=house().passwords.hash(password), **values)
            made += 1
    db.session.commit()
    return f"{made} demo people made, {len(DEMO_PEOPLE) - made} were there."


def _check(email: str, password: str) -> None:
    try:
        pydantic.TypeAdapter(Email).validate_python(email)
    except pydantic.ValidationError:
        raise Refused(f"{email!r} is no e-mail address") from None
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused(f"The password must have {SHORTEST} to {LONGEST} characters")
    try:
        check_choice(password, "password", is_demo=house().settings.is_demo)
    except Problem:
        raise Refused("The password is one of the commonest") from None
