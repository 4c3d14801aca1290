"""All database work of accounts and sessions. No hashing happens here, so no connection is held while one runs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from auth.accounts.mails import Mail
from auth.accounts.throttle import Attempt
from auth.database import db, run_alone, run_within
from sql.models import LoginThrottle, OneTimeToken, User
from sql.statements import load

MAIL_PAUSE = timedelta(minutes=1)

statements = load("accounts")
outbox = load("outbox")


@dataclass(frozen=True, slots=True)
class Family:
    """A session as a refresh token shows it."""

    outcome: str
    user_id: UUID
    generation: int
    rotated_at: datetime


@dataclass(frozen=True, slots=True)
class Lock:
    """What opens an account; it outlives the transaction that it was read in."""

    user_id: UUID
    email: str
    password_hash: str


def find_lock(email: str) -> Lock | None:
    """What opens the account with that e-mail, in any case of letters."""
    found = select(User.id, User.email, User.password_hash).where(func.lower(User.email) == func.lower(email))
    row = db.session.execute(found).one_or_none()
    return Lock(*row) if row else None


def find_user(email: str) -> User | None:
    """The account with that e-mail, in any case of letters."""
    return db.session.scalar(select(User).where(func.lower(User.email) == func.lower(email)))


def load_user(user_id: UUID) -> User:
    """The account with that id, which is known to be there."""
    return db.session.get_one(User, user_id, populate_existing=True)


def hold_user(user_id: UUID) -> User:
    """The account with that id, which nobody else may change before this request's transaction ends."""
    return db.session.get_one(User, user_id, populate_existing=True, with_for_update=True)


def add_user(**values: Any) -> User:
    """A new account, counted, still uncommitted. A taken e-mail raises IntegrityError on `app_users_email_key`."""
    user = User(**values)
    db.session.add(user)
    db.session.flush()
    run_within(statements.count_registration)
    return user


def change_user(user_id: UUID, values: dict[str, Any]) -> User:
    """The account with `values` put into it, still uncommitted; a broken rule raises IntegrityError by its name."""
    user = load_user(user_id)
    for name, value in values.items():
        setattr(user, name, value)
    user.updated_at = func.now()
    db.session.flush()
    db.session.refresh(user)
    return user


def set_password(user_id: UUID, password_hash: str) -> None:
    """Put a new hash in the place of the old one; a way back in that was mailed before leads nowhere any more."""
    run_within(statements.void_tokens, user_id=user_id, purpose="reset_password")
    db.session.execute(
        update(User).where(User.id == user_id).values(password_hash=password_hash, updated_at=func.now())
    )


def admit_network(attempt: Attempt) -> None:
    """Let a network that proved to be the owner's pay only for itself, so that no guesser elsewhere keeps it out."""
    now = {"paid_until": func.now(), "succeeded_at": func.now()}
    known = insert(LoginThrottle).values(**attempt.key, **now)
    db.session.execute(known.on_conflict_do_update(index_elements=["account", "network"], set_=now))


def open_session(user_id: UUID, kind: str, life: timedelta, attempt: Attempt) -> tuple[UUID, datetime]:
    """A session for a right password, with the moment its first tokens are made from; the brake is released.

    In the request's transaction, which holds the account.
    """
    [(session_id, started_at)] = run_within(
        statements.open_session, user_id=user_id, kind=kind, life=life, ip=attempt.address, **attempt.key
    )
    return UUID(str(session_id)), started_at


def rotate_session(session_id: str, generation: int, life: timedelta, overlap: timedelta) -> Family | None:
    """Spend the refresh token of `generation`; None when its family has ended."""
    rows = run_alone(statements.rotate_session, sid=session_id, generation=generation, life=life, overlap=overlap)
    return Family(rows[0][0], UUID(str(rows[0][1])), *rows[0][2:]) if rows else None


def end_session(session_id: str) -> None:
    """Log a family out."""
    run_alone(statements.end_session, sid=session_id)


def end_other_sessions(user_id: UUID, kept: str | None) -> None:
    """End every session of a person but `kept`, in the request's transaction."""
    run_within(statements.end_other_sessions, user_id=user_id, kept=kept)


def was_mailed_lately(user_id: UUID, purpose: str) -> bool:
    """Whether a token for `purpose` was mailed so shortly ago that another one would only be a nuisance."""
    found = select(OneTimeToken.token_hash).where(
        OneTimeToken.user_id == user_id,
        OneTimeToken.purpose == purpose,
        OneTimeToken.created_at > func.now() - MAIL_PAUSE,
    )
    return db.session.scalar(found.limit(1)) is not None


def mail_token(user: User, purpose: str, token: str, life: timedelta, mail: Mail) -> int:
    """Make `token` the only good one for `purpose` and queue the mail that brings it; returns the message's id."""
    run_within(statements.void_tokens, user_id=user.id, purpose=purpose)
    db.session.add(
        OneTimeToken(token_hash=hash_token(token), user_id=user.id, purpose=purpose, expires_at=func.now() + life)
    )
    db.session.flush()
    message_id: int = run_within(
        outbox.queue_message, channel="mail", recipient=user.email, subject=mail.subject, body=mail.body
    )[0][0]
    return message_id


def read_message_status(message_id: int) -> str:
    """`queued`, `sent` or `failed`."""
    status: str = run_alone(outbox.read_message_status, id=message_id)[0][0]
    return status


def is_token_good(token: str, purpose: str) -> bool:
    """Whether a mailed token could be used now."""
    found = select(OneTimeToken.token_hash).where(
        OneTimeToken.token_hash == hash_token(token),
        OneTimeToken.purpose == purpose,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > func.now(),
    )
    return db.session.scalar(found) is not None


def use_token(token: str, purpose: str) -> UUID | None:
    """Whose token it is, once; None for one that is unknown, used or expired."""
    rows = run_within(statements.use_token, token_hash=hash_token(token), purpose=purpose)
    return UUID(str(rows[0][0])) if rows else None


def confirm_email(user_id: UUID) -> None:
    """The address of the account is its owner's."""
    db.session.execute(update(User).where(User.id == user_id).values(email_verified=True, updated_at=func.now()))


def hash_token(token: str) -> bytes:
    """What is kept of a mailed token; it is random enough to need no slow hash."""
    return sha256(token.encode()).digest()
