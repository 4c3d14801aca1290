"""What checks found, the states that follow from them, and their rollups. Written by the collector only."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment

STATE_KNOWN = "state IN ('operational', 'degraded', 'major_outage', 'unknown')"

# A log, not an entity: no foreign key, so that an insert touches one index only, and a deleted endpoint's rows leave
# with their day. Partitioned by day on `slot`. A missed record stands for `slots` slots in a row from `slot` on.
checks = Table(
    "checks",
    Base.metadata,
    Column("endpoint_id", BigInteger, nullable=False),
    Column("slot", DateTime(timezone=True), nullable=False),
    Column("slots", Integer, nullable=False, server_default=text("1")),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("detail", Text),
    Column("started_at", DateTime(timezone=True)),
    Column("duration_ms", Double),
    Column("dns_ms", Double),
    Column("connect_ms", Double),
    Column("tls_ms", Double),
    Column("wait_ms", Double),
    Column("transfer_ms", Double),
    Column("status_code", Integer),
    Column("body_bytes", Integer),
    Column("attempts", Integer, nullable=False, server_default=text("1")),
    Column("address", Text),
    Column("certificate_expires_at", DateTime(timezone=True)),
    Column("assertions", JSONB),
    Column("collector", Text, nullable=False),
    Column("is_asked", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("endpoint_id", "slot"),
    CheckConstraint("outcome IN ('operational', 'degraded', 'major_outage', 'missed')", name="outcome_known"),
    CheckConstraint("slots >= 1 AND (slots = 1 OR outcome = 'missed')", name="slots_counted"),
    CheckConstraint("(outcome = 'missed') = (started_at IS NULL)", name="started_unless_missed"),
    Index("checks_slot", "slot", postgresql_using="brin"),
    postgresql_partition_by="RANGE (slot)",
)


class EndpointState(Base):
    """Where an endpoint stands. Its evidence reaches to `valid_until`: a reader after that shows `unknown`."""

    __tablename__ = "endpoint_states"
    __table_args__ = (CheckConstraint(STATE_KNOWN, name="state_known"),)

    endpoint_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("endpoints.id", ondelete="CASCADE"), primary_key=True
    )
    state: Mapped[str]
    since: Mapped[datetime]
    valid_until: Mapped[datetime]
    last_checked_at: Mapped[datetime]
    last_outcome: Mapped[str]
    last_reason: Mapped[str | None]
    last_duration_ms: Mapped[float | None] = mapped_column(Double)
    certificate_expires_at: Mapped[datetime | None]
    track: Mapped[dict[str, Any]] = mapped_column(JSONB)
    updated_at: Mapped[Moment]


class StateInterval(Base):
    """A span in which an endpoint's state was the same; at most one is open, and it reaches as far as the evidence."""

    __tablename__ = "state_intervals"
    __table_args__ = (
        CheckConstraint(STATE_KNOWN, name="state_known"),
        CheckConstraint("ended_at > began_at", name="ends_after_it_began"),
        Index("state_intervals_of_endpoint", "endpoint_id", "began_at", unique=True),
        Index(
            "state_intervals_one_open_per_endpoint",
            "endpoint_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("state_intervals_ended", "ended_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("endpoints.id", ondelete="CASCADE"))
    state: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class EndpointHour(Base):
    """An hour of an endpoint's checks, kept for ever; response times as a sketch: bins of a logarithm, and counts."""

    __tablename__ = "endpoint_hours"

    endpoint_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("endpoints.id", ondelete="CASCADE"), primary_key=True
    )
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    checks: Mapped[int] = mapped_column(BigInteger)
    failed: Mapped[int] = mapped_column(BigInteger)
    missed: Mapped[int] = mapped_column(BigInteger)
    response_ms_sum: Mapped[float] = mapped_column(Double)
    response_bins: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    response_counts: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class EndpointDay(Base):
    """A UTC day of an endpoint by state, kept for ever; a day that is over sums to 86,400 seconds."""

    __tablename__ = "endpoint_days"

    endpoint_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("endpoints.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    operational_seconds: Mapped[float] = mapped_column(Double)
    degraded_seconds: Mapped[float] = mapped_column(Double)
    down_seconds: Mapped[float] = mapped_column(Double)
    maintenance_seconds: Mapped[float] = mapped_column(Double)
    unknown_seconds: Mapped[float] = mapped_column(Double)


class EndpointFigures(Base):
    """An endpoint's figures as pages show them: uptime and coverage in percent, answers in ms, a letter a day."""

    __tablename__ = "endpoint_figures"

    endpoint_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("endpoints.id", ondelete="CASCADE"), primary_key=True
    )
    uptime_24h: Mapped[float | None] = mapped_column(Double)
    uptime_7d: Mapped[float | None] = mapped_column(Double)
    uptime_30d: Mapped[float | None] = mapped_column(Double)
    uptime_90d: Mapped[float | None] = mapped_column(Double)
    coverage_24h: Mapped[float | None] = mapped_column(Double)
    coverage_7d: Mapped[float | None] = mapped_column(Double)
    coverage_30d: Mapped[float | None] = mapped_column(Double)
    coverage_90d: Mapped[float | None] = mapped_column(Double)
    days: Mapped[str] = mapped_column(server_default=text("repeat('u', 90)"))
    response_avg_24h_ms: Mapped[float | None] = mapped_column(Double)
    response_p95_24h_ms: Mapped[float | None] = mapped_column(Double)
    measured_at: Mapped[Moment]
