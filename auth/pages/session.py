"""The cookie session of pages: the cookie holds its id, signed; its rights are read anew each time."""

import hmac
import secrets
from datetime import timedelta
from typing import Literal

from flask import request, session

from auth.accounts import store
from auth.accounts.throttle import Attempt
from auth.http.problems import Problem
from auth.sign_in import COOKIE_KEY
from sql.models import User

Kind = Literal["admin", "home"]

LIFE = timedelta(hours=12)
CSRF_KEY = "csrf"


def open_session(user: User, kind: Kind, attempt: Attempt) -> None:
    """Give the browser a session of its own; what its cookie held before is forgotten."""
    session_id, _ = store.open_session(user.id, kind, LIFE, attempt)
    session.clear()
    session[COOKIE_KEY] = str(session_id)


def close_session() -> None:
    """End the session, here and in the browser."""
    if session_id := session.get(COOKIE_KEY):
        store.end_session(session_id)
    session.clear()


def csrf_token() -> str:
    """The token that a form of this browser must send back."""
    if CSRF_KEY not in session:
        session[CSRF_KEY] = secrets.token_urlsafe(24)
    return str(session[CSRF_KEY])


def demand_csrf(given: str) -> None:
    """Raises Problem 403 for a form that this browser was not given by us."""
    kept = session.get(CSRF_KEY, "")
    if not kept or not hmac.compare_digest(given.encode(), kept.encode()):
        raise Problem(403, "This form is too old, or not ours; load the page again")
    origin = request.headers.get("Origin")
    if origin and origin != "null" and origin.partition("://")[2] != request.host:
        raise Problem(403, "This form comes from another site")
