"""Alerts, and the channels through which people hear of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Double, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment


class Channel(Base):
    """Where notifications go. `url` may hold a password: pages read `shown`, its masked form."""

    __tablename__ = "channels"
    __table_args__ = (
        CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name_length"),
        CheckConstraint("char_length(url) BETWEEN 1 AND 2048", name="url_length"),
        CheckConstraint(
            "cardinality(kinds) > 0 AND kinds <@ ARRAY['changes', 'incidents', 'alerts']", name="kinds_known"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str]
    shown: Mapped[str]
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    is_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class Alert(Base):
    """A rule that a subject breaks, from when it was noticed to when it held again; at most one is open for both.

    One of a device is a security alert, which its owner may take note of and resolve.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint("severity IN ('warning', 'critical')", name="severity_known"),
        Index(
            "alerts_one_open_per_subject",
            "rule",
            "subject",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
        Index("alerts_opened", "opened_at"),
        Index("alerts_of_device", "device_id", "id", postgresql_where=text("device_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    rule: Mapped[str]
    subject: Mapped[str]
    endpoint_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("endpoints.id", ondelete="CASCADE"))
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    severity: Mapped[str]
    value: Mapped[float | None] = mapped_column(Double)
    threshold: Mapped[float | None] = mapped_column(Double)
    message: Mapped[str]
    is_silenced: Mapped[bool] = mapped_column(server_default=text("false"))
    opened_at: Mapped[Moment]
    reminded_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None]
