"""Shared resources and the count of what people do with them."""

from datetime import date
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    String,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment

ACTIONS = ("create", "read", "update", "delete")
ACTION_KNOWN = "action IN ('create', 'read', 'update', 'delete')"


class Resource(Base):
    """Something a person shares."""

    __tablename__ = "resources"
    __table_args__ = (
        CheckConstraint("char_length(name) BETWEEN 1 AND 200", name="name_length"),
        CheckConstraint("expiry_date >= open_date", name="expiry_after_open"),
        Index("resources_by_kind", "kind", "id"),
        Index("resources_of_owner", "owner_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str]
    author: Mapped[str | None] = mapped_column(String(200))
    annotation: Mapped[str | None]
    kind: Mapped[str | None] = mapped_column(String(100))
    purpose: Mapped[str | None]
    open_date: Mapped[date | None]
    expiry_date: Mapped[date | None]
    usage_conditions: Mapped[str | None]
    url: Mapped[str | None] = mapped_column(String(2048))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("app_users.id"))
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class UserActionTotal(Base):
    """How often a person did an action; one row each, so that no two people wait on one another."""

    __tablename__ = "user_action_totals"
    __table_args__ = (CheckConstraint(ACTION_KNOWN, name="action_known"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_users.id", ondelete="CASCADE"), primary_key=True)
    action: Mapped[str] = mapped_column(primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger)


# A log, not an entity: no key, so that an insert touches one small index only. Partitioned by month on `at`.
usage_stats = Table(
    "usage_stats",
    Base.metadata,
    Column("user_id", Uuid, nullable=False),
    Column("resource_id", BigInteger),
    Column("action", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    CheckConstraint(ACTION_KNOWN, name="action_known"),
    Index("usage_stats_at", "at", postgresql_using="brin"),
    postgresql_partition_by="RANGE (at)",
)
