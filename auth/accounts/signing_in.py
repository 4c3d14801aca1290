"""The ways in and on: a right password becomes a session, a refresh token its successor."""

from datetime import timedelta
from uuid import UUID

from flask import request

from auth.accounts import store
from auth.accounts.schemas import TokenPair
from auth.accounts.throttle import Attempt, attempt_of, paid
from auth.database import db
from auth.gate import CLIENT_ADDRESS, USER_ID
from auth.house import house
from auth.http.problems import Problem, unauthorized
from auth.tokens import Claims, make_access_token, make_refresh_token
from sql.models import User

OVERLAP = timedelta(seconds=10)
WRONG = "Invalid email or password"


def sign_in(email: str, password: str) -> tuple[User, Attempt]:
    """The account whose e-mail and password these are.

    Raises Problem 429 when too many attempts were made, 401 when they do not belong together, and 403 for an account
    that is disabled: only after the right password, so that nobody else learns of it. The account is held until the
    request's transaction ends, so a change of its password comes either before this sign-in, and stops it, or after
    it, and ends its session.
    """
    house().passwords.demand_room()
    lock = store.find_lock(email)
    db.session.rollback()  # gives the connection back: hashing takes longer than all else
    attempt = attempt_of(lock.email if lock else email, request.environ[CLIENT_ADDRESS])
    with paid(attempt):
        is_right = house().passwords.verify(password, lock.password_hash if lock else None)
    if lock is None or not is_right:
        raise unauthorized(WRONG)
    is_outdated = house().passwords.is_outdated(lock.password_hash)
    new_hash = house().passwords.hash(password) if is_outdated else lock.password_hash
    user = store.hold_user(lock.user_id)
    if user.password_hash != lock.password_hash:  # changed while we hashed: the old one opens nothing any more
        raise unauthorized(WRONG)
    if not user.is_active:
        raise Problem(403, "User account is disabled")
    user.password_hash = new_hash
    request.environ[USER_ID] = str(user.id)
    return user, attempt


def open_login(user: User, attempt: Attempt) -> str:
    """A bearer token that lives an hour and cannot be refreshed."""
    life = timedelta(minutes=house().settings.login_minutes)
    session_id, _ = store.open_session(user.id, "login", life, attempt)
    return make_access_token(user.id, session_id, life)


def open_api(user: User, attempt: Attempt) -> TokenPair:
    """The first pair of a new family."""
    session_id, started_at = store.open_session(user.id, "api", _refresh_life(), attempt)
    return TokenPair(
        access=make_access_token(user.id, session_id, _access_life()),
        refresh=make_refresh_token(user.id, session_id, 0, started_at, _refresh_life()),
    )


def refresh(claims: Claims) -> TokenPair:
    """The next pair of a family. Raises Problem 401 for a token that is spent, and then its family has ended."""
    family = store.rotate_session(claims.session_id, claims.generation, _refresh_life(), OVERLAP)
    if family is None:
        raise unauthorized("The session has ended")
    if family.outcome == "reused":
        raise unauthorized("This token was used before; the session has ended")
    session_id = UUID(claims.session_id)
    return TokenPair(
        access=make_access_token(family.user_id, session_id, _access_life()),
        refresh=make_refresh_token(family.user_id, session_id, family.generation, family.rotated_at, _refresh_life()),
    )


def _access_life() -> timedelta:
    return timedelta(minutes=house().settings.access_minutes)


def _refresh_life() -> timedelta:
    return timedelta(days=house().settings.refresh_days)
