"""The account paths: /register, /login, /verify and /api/v1/auth/*."""

from typing import Annotated, Any

from flask import current_app, request
from pydantic import Field

from auth.accounts import recovery, schemas, signing_in, store
from auth.accounts.passwords import check_choice
from auth.accounts.throttle import attempt_of, paid
from auth.database import db
from auth.gate import CLIENT_ADDRESS, USER_ID
from auth.house import house
from auth.http.body import Query, named_changes
from auth.http.problems import Problem, bad_fields
from auth.http.route import Routes, SignIn, envelope
from auth.sign_in import Caller, read_caller, read_claims
from auth.tokens import Claims, TokenReader
from sql.models import User

routes = Routes("accounts")

TAKEN = "This e-mail is already registered"
NOT_YOURS = {"current": ["is not your password"]}


class Wait(Query):
    """How long to wait for the end of what was asked for."""

    wait: Annotated[float, Field(ge=0, le=30, description="Seconds to wait for the mail to be sent")] = 0


@routes.add("POST", "/register", body=schemas.SimpleRegistration, answers={201: schemas.Message}, problems=(409,))
def register(body: schemas.SimpleRegistration) -> Any:
    """Make an account by e-mail and password."""
    _add_user(email=body.email, password=body.password)
    return 201, {"message": "User registered successfully"}


@routes.add("POST", "/login", body=schemas.Credentials, answers={200: schemas.LoginAnswer}, problems=(401, 403))
def login(body: schemas.Credentials) -> Any:
    """Sign in and get a bearer token for an hour."""
    user, attempt = signing_in.sign_in(body.email, body.password)
    return {"message": "Login successful", "token": signing_in.open_login(user, attempt)}


@routes.add("GET", "/verify", sign_in=SignIn.CALLER, answers={200: schemas.VerifyAnswer})
def verify(caller: Caller) -> Any:
    """Whether a token is good, and whose it is."""
    return {"message": "Token is valid", "email": caller.email}


@routes.add(
    "POST",
    "/api/v1/auth/register/",
    body=schemas.Registration,
    answers={201: schemas.Answer[schemas.UserView]},
    problems=(409,),
)
def register_person(body: schemas.Registration) -> Any:
    """Make an account with a name."""
    user = _add_user(**body.model_dump())
    return 201, envelope("User registered successfully", schemas.UserView.model_validate(user))


@routes.add(
    "POST",
    "/api/v1/auth/login/",
    body=schemas.Credentials,
    answers={200: schemas.Answer[schemas.SignedIn]},
    problems=(401, 403),
)
def login_person(body: schemas.Credentials) -> Any:
    """Sign in and get an access and a refresh token."""
    user, attempt = signing_in.sign_in(body.email, body.password)
    tokens = signing_in.open_api(user, attempt)
    view = schemas.UserView.model_validate(store.load_user(user.id))
    return envelope("Login successful", schemas.SignedIn(user=view, tokens=tokens))


@routes.add(
    "POST", "/api/v1/auth/token/refresh/", body=schemas.RefreshToken, answers={200: schemas.TokenPair}, problems=(401,)
)
def refresh_token(body: schemas.RefreshToken) -> Any:
    """Spend a refresh token for the next pair.

    A spent one may be retried for 10 seconds while its successor is unused, and gets the same successor; any other
    reuse ends the whole family.
    """
    return signing_in.refresh(_read_refresh(body))


@routes.add("POST", "/api/v1/auth/logout/", body=schemas.RefreshToken, answers={204: None}, problems=(401,))
def logout(body: schemas.RefreshToken) -> Any:
    """End a family: its refresh token and its access tokens stop at once."""
    store.end_session(_read_refresh(body).session_id)
    return 204, None


@routes.add("GET", "/api/v1/auth/me/", sign_in=SignIn.CALLER, answers={200: schemas.Answer[schemas.UserView]})
def read_me(caller: Caller) -> Any:
    """Your own profile."""
    return envelope("Profile retrieved", schemas.UserView.model_validate(store.load_user(caller.id)))


@routes.add(
    "PATCH",
    "/api/v1/auth/me/",
    sign_in=SignIn.CALLER,
    body=schemas.Profile,
    answers={200: schemas.Answer[schemas.UserView]},
)
def change_me(caller: Caller, body: schemas.Profile) -> Any:
    """Change your names and phone; what is left out stays."""
    user = store.change_user(caller.id, named_changes(body))
    return envelope("Profile updated", schemas.UserView.model_validate(user))


@routes.add("POST", "/api/v1/auth/password/", sign_in=SignIn.CALLER, body=schemas.PasswordChange, answers={204: None})
def change_password(caller: Caller, body: schemas.PasswordChange) -> Any:
    """Change your password; every other session of yours ends."""
    check_choice(body.new, "new", is_demo=house().settings.is_demo)
    kept = store.load_user(caller.id).password_hash
    db.session.rollback()
    with paid(attempt_of(caller.email, request.environ[CLIENT_ADDRESS])):
        is_right = house().passwords.verify(body.current, kept)
    if not is_right:
        raise bad_fields(NOT_YOURS)
    new_hash = house().passwords.hash(body.new)
    if store.hold_user(caller.id).password_hash != kept:  # changed or reset while we hashed: that one stands
        raise bad_fields(NOT_YOURS)
    store.set_password(caller.id, new_hash)
    store.end_other_sessions(caller.id, kept=caller.session_id)
    return 204, None


@routes.add(
    "POST",
    "/api/v1/auth/email/verify/",
    body=schemas.EmailVerification,
    query=Wait,
    answers={202: schemas.Answer[schemas.MailAccepted], 204: None},
    problems=(401,),
)
def verify_email(body: schemas.EmailVerification, query: Wait) -> Any:
    """Without a body: be sent a mail, for which you must be signed in. With the mail's token: confirm the address."""
    if body.token is not None:
        recovery.confirm_email(body.token)
        return 204, None
    caller = read_caller(read_claims())
    status = recovery.send_confirmation(caller.id, query.wait)
    return 202, envelope("A mail is on its way", schemas.MailAccepted(status=status))


@routes.add(
    "POST", "/api/v1/auth/password/forgot/", body=schemas.ForgottenPassword, answers={202: schemas.Answer[None]}
)
def forgot_password(body: schemas.ForgottenPassword) -> Any:
    """Ask for a mail with which a new password can be chosen. The answer is the same for unknown addresses."""
    recovery.send_reset(body.email)
    return 202, envelope("If the address is known, a mail is on its way", None)


@routes.add("POST", "/api/v1/auth/password/reset/", body=schemas.PasswordReset, answers={204: None})
def reset_password(body: schemas.PasswordReset) -> Any:
    """Choose a new password with the token of the mail; every session ends."""
    check_choice(body.new, "new", is_demo=house().settings.is_demo)
    recovery.reset_password(body.token, body.new)
    return 204, None


def _add_user(email: str, password: str, **names: str) -> User:
    """A new account. Raises Problem 409 for a taken e-mail, before and, should two come at once, after the hash."""
    check_choice(password, "password", is_demo=house().settings.is_demo)
    if store.find_user(email):
        raise Problem(409, TAKEN)
    db.session.rollback()
    return store.add_user(email=email, password_hash=house().passwords.hash(password), **names)


def _read_refresh(body: schemas.RefreshToken) -> Claims:
    reader: TokenReader = current_app.extensions["token_reader"]
    claims = reader.read(body.refresh, "refresh")
    request.environ[USER_ID] = claims.user_id
    return claims
