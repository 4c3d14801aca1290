"""What went wrong and what is planned: incidents with their timelines, and maintenance."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment

STATUS_KNOWN = "status IN ('investigating', 'identified', 'monitoring', 'resolved')"


class Incident(Base):
    """Something that went wrong. One opened by rule names its endpoint, which has at most one that is open."""

    __tablename__ = "incidents"
    __table_args__ = (
        CheckConstraint("char_length(title) BETWEEN 1 AND 200", name="title_length"),
        CheckConstraint(STATUS_KNOWN, name="status_known"),
        CheckConstraint("impact IN ('degraded', 'partial_outage', 'major_outage')", name="impact_known"),
        CheckConstraint("(status = 'resolved') = (resolved_at IS NOT NULL)", name="resolved_at_its_end"),
        CheckConstraint("resolved_at >= started_at", name="ends_after_it_began"),
        Index(
            "incidents_one_open_per_endpoint", "endpoint_id", unique=True, postgresql_where=text("resolved_at IS NULL")
        ),
        Index("incidents_started", "started_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    title: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="investigating")
    impact: Mapped[str]
    endpoint_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("endpoints.id", ondelete="SET NULL"))
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_users.id", ondelete="SET NULL"))
    started_at: Mapped[Moment]
    resolved_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_users.id", ondelete="SET NULL"))
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class IncidentEndpoint(Base):
    """An endpoint that an incident affects."""

    __tablename__ = "incident_endpoints"
    __table_args__ = (Index("incident_endpoints_of_endpoint", "endpoint_id"),)

    incident_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True
    )
    endpoint_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("endpoints.id", ondelete="CASCADE"), primary_key=True
    )


class IncidentUpdate(Base):
    """An entry of an incident's timeline; by rule when nobody wrote it."""

    __tablename__ = "incident_updates"
    __table_args__ = (
        CheckConstraint(STATUS_KNOWN, name="status_known"),
        CheckConstraint("char_length(message) BETWEEN 1 AND 5000", name="message_length"),
        Index("incident_updates_of_incident", "incident_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("incidents.id", ondelete="CASCADE"))
    status: Mapped[str]
    message: Mapped[str]
    written_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_users.id", ondelete="SET NULL"))
    created_at: Mapped[Moment]


class Maintenance(Base):
    """Planned work, once or by an RRULE in a time zone; `starts_at` and `ends_at` are its first occurrence's."""

    __tablename__ = "maintenance"
    __table_args__ = (
        CheckConstraint("char_length(title) BETWEEN 1 AND 200", name="title_length"),
        CheckConstraint("char_length(description) <= 5000", name="description_length"),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_began"),
        CheckConstraint("ends_at <= starts_at + interval '30 days'", name="at_most_30_days"),
        CheckConstraint("char_length(rrule) BETWEEN 1 AND 500", name="rrule_length"),
        Index("maintenance_ends", "ends_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    rrule: Mapped[str | None]
    timezone: Mapped[str] = mapped_column(server_default="UTC")
    repeats_until: Mapped[datetime | None]
    is_for_all: Mapped[bool] = mapped_column(server_default=text("false"))
    planned_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_users.id", ondelete="SET NULL"))
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class MaintenanceEndpoint(Base):
    """An endpoint that a plan covers, of a plan that is not for all."""

    __tablename__ = "maintenance_endpoints"
    __table_args__ = (Index("maintenance_endpoints_of_endpoint", "endpoint_id"),)

    maintenance_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("maintenance.id", ondelete="CASCADE"), primary_key=True
    )
    endpoint_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("endpoints.id", ondelete="CASCADE"), primary_key=True
    )
