"""Mailed tokens: to confirm an address, to choose a new password."""

import secrets
from datetime import timedelta
from uuid import UUID

from flask import request

from auth.accounts import mails, store
from auth.accounts.throttle import attempt_of
from auth.database import db
from auth.gate import CLIENT_ADDRESS
from auth.house import house
from auth.http.problems import bad_fields

CONFIRM, RESET = "verify_email", "reset_password"
CONFIRM_LIFE = timedelta(hours=24)
RESET_LIFE = timedelta(minutes=30)
NOT_GOOD = {"token": ["is unknown, was used, or has expired"]}


def send_confirmation(user_id: UUID, wait_seconds: float) -> str:
    """Queue the mail that confirms an address, wait a while for its end, and tell how far it has come."""
    user = store.hold_user(user_id)  # of two equal requests the second one sees the first one's mail
    if store.was_mailed_lately(user_id, CONFIRM):
        return "queued"
    token = secrets.token_urlsafe(32)
    message_id = store.mail_token(
        user,
        CONFIRM,
        token,
        CONFIRM_LIFE,
        mails.confirm_address(token, house().settings.public_url),
    )
    db.session.commit()
    ended = house().waiting_room.wait(lambda: _ended_status(message_id), wait_seconds)
    return ended or "queued"


def _ended_status(message_id: int) -> str | None:
    status = store.read_message_status(message_id)
    return status if status != "queued" else None


def confirm_email(token: str) -> None:
    """Confirm the address that the token was mailed to. Raises Problem 422."""
    user_id = store.use_token(token, CONFIRM)
    if user_id is None:
        raise bad_fields(NOT_GOOD)
    store.confirm_email(user_id)


def send_reset(email: str) -> None:
    """Queue the mail that leads back in, when the account is there and active; else nothing, as silently."""
    lock = store.find_lock(email)
    user = store.hold_user(lock.user_id) if lock else None
    if user is None or not user.is_active or store.was_mailed_lately(user.id, RESET):
        return
    token = secrets.token_urlsafe(32)
    store.mail_token(user, RESET, token, RESET_LIFE, mails.reset_password(token, house().settings.public_url))


def reset_password(token: str, new: str) -> None:
    """Choose a new password with a mailed token, once. Raises Problem 422.

    Who reads the owner's mail is the owner: where they do it is a network of theirs from now on.
    """
    if not store.is_token_good(token, RESET):
        raise bad_fields(NOT_GOOD)
    db.session.rollback()
    new_hash = house().passwords.hash(new)
    user_id = store.use_token(token, RESET)
    if user_id is None:
        raise bad_fields(NOT_GOOD)
    store.set_password(user_id, new_hash)
    store.end_other_sessions(user_id, kept=None)
    store.admit_network(attempt_of(store.load_user(user_id).email, request.environ[CLIENT_ADDRESS]))
