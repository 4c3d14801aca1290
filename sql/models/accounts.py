"""People and their ways in: accounts, sessions, one-time tokens, the brake on guessing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment, UuidKey

ROLES = ("student", "teacher", "librarian", "admin")


class User(Base):
    """An account. `number` counts accounts in the order they came: the bound of metric labels rests on it."""

    __tablename__ = "app_users"
    __table_args__ = (
        CheckConstraint("role IN ('student', 'teacher', 'librarian', 'admin')", name="role_known"),
        CheckConstraint("role <> 'admin' OR is_staff", name="admin_is_staff"),
        CheckConstraint("char_length(email) <= 254", name="email_short"),
        Index("app_users_email_key", func.lower(text("email")), unique=True),
    )

    id: Mapped[UuidKey]
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    email: Mapped[str]
    password_hash: Mapped[str]
    phone: Mapped[str] = mapped_column(String(20), server_default="")
    first_name: Mapped[str] = mapped_column(String(150), server_default="")
    last_name: Mapped[str] = mapped_column(String(150), server_default="")
    role: Mapped[str] = mapped_column(server_default="student")
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    is_staff: Mapped[bool] = mapped_column(server_default=text("false"))
    is_superuser: Mapped[bool] = mapped_column(server_default=text("false"))
    email_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    phone_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    identity_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    professional_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    last_login_at: Mapped[datetime | None]
    last_login_ip: Mapped[str | None] = mapped_column(INET)
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]

    @property
    def full_name(self) -> str:
        """First and last name, with one space between those that are there."""
        return f"{self.first_name} {self.last_name}".strip()


class Session(Base):
    """One sign-in. It is also the family of its refresh tokens: `generation` tells the one that is not spent."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("kind IN ('api', 'login', 'admin', 'home')", name="kind_known"),
        Index("sessions_of_user", "user_id", postgresql_where=text("ended_at IS NULL")),
        Index("sessions_by_expiry", "expires_at"),
    )

    id: Mapped[UuidKey]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    generation: Mapped[int] = mapped_column(server_default=text("0"))
    rotated_at: Mapped[Moment]
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ip: Mapped[str | None] = mapped_column(INET)


class OneTimeToken(Base):
    """A token sent by mail, kept only as a hash, good once."""

    __tablename__ = "one_time_tokens"
    __table_args__ = (
        CheckConstraint("purpose IN ('verify_email', 'reset_password')", name="purpose_known"),
        Index("one_time_tokens_of_user", "user_id", "purpose"),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_users.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class LoginThrottle(Base):
    """How far ahead of its rate an account's guesser is, by network; the network `*` stands for all unknown ones."""

    __tablename__ = "login_throttle"

    account: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    network: Mapped[str] = mapped_column(primary_key=True)
    paid_until: Mapped[datetime]
    is_admitted: Mapped[bool] = mapped_column(server_default=text("true"))
    succeeded_at: Mapped[datetime | None]
