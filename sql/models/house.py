"""The house's own few rows: how its status page looks, its keys, and who changed what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment

COLOR = "~ '^#[0-9a-f]{6}$'"


class StatusPage(Base):
    """How the status page looks; one row, made by the migration."""

    __tablename__ = "status_page"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("char_length(title) BETWEEN 1 AND 100", name="title_length"),
        CheckConstraint("char_length(description) <= 1000", name="description_length"),
        CheckConstraint(f"primary_color {COLOR}", name="primary_color_is_hex"),
        CheckConstraint(f"success_color {COLOR}", name="success_color_is_hex"),
        CheckConstraint(f"warning_color {COLOR}", name="warning_color_is_hex"),
        CheckConstraint(f"danger_color {COLOR}", name="danger_color_is_hex"),
        CheckConstraint("refresh_seconds BETWEEN 5 AND 3600", name="refresh_bounded"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, server_default=text("1"))
    title: Mapped[str] = mapped_column(server_default="Watchhouse")
    description: Mapped[str] = mapped_column(server_default="How this service is doing, and how it has been.")
    primary_color: Mapped[str] = mapped_column(server_default="#1f5f8b")
    success_color: Mapped[str] = mapped_column(server_default="#1a7f4b")
    warning_color: Mapped[str] = mapped_column(server_default="#b26a00")
    danger_color: Mapped[str] = mapped_column(server_default="#b3261e")
    refresh_seconds: Mapped[int] = mapped_column(server_default=text("30"))
    shows_response_times: Mapped[bool] = mapped_column(server_default=text("true"))
    shows_uptime: Mapped[bool] = mapped_column(server_default=text("true"))
    shows_incidents: Mapped[bool] = mapped_column(server_default=text("true"))
    updated_at: Mapped[Moment]


class AuditEntry(Base):
    """Who changed what, written with the change; never changed itself. Secrets stand in it as `***`."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("audit_log_of_subject", "subject_type", "subject_id", "id"),
        Index("audit_log_of_user", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[Moment]
    user_id: Mapped[UUID | None]
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[str]
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    ip_address: Mapped[str | None]
    request_id: Mapped[str | None]


class HouseKey(Base):
    """A key that only this house's processes know, made at random by the migration."""

    __tablename__ = "house_keys"

    name: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
