"""Who is asking: the caller behind a bearer token or the cookie of pages, read anew on every request."""

from dataclasses import dataclass
from uuid import UUID

from flask import current_app, request, session

from auth.database import run_alone
from auth.gate import IS_PROBE, USER_ID
from auth.http.problems import Problem, unauthorized
from auth.tokens import Claims, TokenReader
from sql.statements import load

statements = load("accounts")

COOKIE_NAME = "watchhouse"
COOKIE_KEY = "sid"


@dataclass(frozen=True, slots=True)
class Caller:
    """The account behind a request, as it stands at this moment."""

    id: UUID
    email: str
    role: str
    is_staff: bool
    is_superuser: bool
    session_id: str

    @property
    def is_admin(self) -> bool:
        """Whether they may give and take staff."""
        return self.role == "admin"


def read_claims() -> Claims:
    """The claims of the request's bearer token. Raises Problem 401."""
    scheme, _, token = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthorized()
    reader: TokenReader = current_app.extensions["token_reader"]
    claims = reader.read(token.strip(), "access")
    request.environ[USER_ID] = claims.user_id
    return claims


def read_caller(claims: Claims) -> Caller:
    """The caller whose token it is. Raises Problem 401 when the session or the account has ended."""
    if caller := find_caller(claims.session_id):
        return caller
    raise unauthorized("The session has ended")


def find_caller(session_id: str) -> Caller | None:
    """The account behind a session that stands, or None."""
    rows = run_alone(statements.read_session, sid=session_id)
    if not rows:
        return None
    user_id, email, role, is_staff, is_superuser = rows[0]
    return Caller(user_id, email, role, is_staff, is_superuser, session_id)


def read_cookie_account() -> Caller | None:
    """Whose cookie it is, or None."""
    session_id = session.get(COOKIE_KEY)
    caller = find_caller(session_id) if session_id else None
    if caller is not None:
        request.environ[USER_ID] = str(caller.id)
    return caller


def read_cookie_caller() -> Caller | None:
    """The member of staff whose cookie it is, or None."""
    caller = read_cookie_account()
    return caller if caller and caller.is_staff else None


def demand_staff(caller: Caller) -> None:
    """Raises Problem 403 unless the caller is staff."""
    if not caller.is_staff:
        raise Problem(403, "This is for staff only")


def is_meant() -> bool:
    """Whether a person asked to see it: a HEAD reads nothing, and our own probes are nobody."""
    return request.method != "HEAD" and IS_PROBE not in request.environ
