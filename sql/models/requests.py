"""Requests: one by one, by minute and by hour, and whether the three agree. Written by the collectors only.

A request's time is what auth took for it, in whole microseconds, so that sums are the same in any order. Probes of our
own stand in `request_log` and are counted nowhere else. A total over all routes has an empty endpoint and method.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment

# A log, not an entity. Partitioned by day on `at`, which is also the higher part of `id` (see common/journal.py): so
# (at, id) is the order of the requests, without ties.
request_log = Table(
    "request_log",
    Base.metadata,
    Column("id", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("duration_us", BigInteger, nullable=False),
    Column("request_bytes", BigInteger, nullable=False),
    Column("response_bytes", BigInteger, nullable=False),
    Column("is_probe", Boolean, nullable=False),
    Column("user_id", Uuid),
    Column("ip_address", Text),
    Column("user_agent", Text),
    Column("request_id", Text),
    Column("problem_title", Text),
    Column("problem_detail", Text),
    Index("request_log_in_order", "at", "id"),
    Index("request_log_of_endpoint", "endpoint", "at", "id"),
    Index("request_log_of_user", "user_id", "at", "id", postgresql_where=text("user_id IS NOT NULL")),
    Index("request_log_errors", "at", "id", postgresql_where=text("status >= 500")),
    postgresql_partition_by="RANGE (at)",
)


class RequestCounts:
    """What is known of many requests. `bins` and `counts` are their times as a sketch, in milliseconds."""

    requests: Mapped[int] = mapped_column(BigInteger)
    status_2xx: Mapped[int] = mapped_column(BigInteger)
    status_3xx: Mapped[int] = mapped_column(BigInteger)
    status_4xx: Mapped[int] = mapped_column(BigInteger)
    status_5xx: Mapped[int] = mapped_column(BigInteger)
    request_bytes: Mapped[int] = mapped_column(BigInteger)
    response_bytes: Mapped[int] = mapped_column(BigInteger)
    duration_us: Mapped[int] = mapped_column(BigInteger)
    bins: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    counts: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class RequestMinute(RequestCounts, Base):
    """A minute of a route and method, or of all, as a host's collector read it. Partitioned by day on `minute`."""

    __tablename__ = "request_minutes"
    __table_args__ = ({"postgresql_partition_by": "RANGE (minute)"},)

    minute: Mapped[datetime] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(primary_key=True)
    endpoint: Mapped[str] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)


class RequestHour(RequestCounts, Base):
    """An hour of a route and method, or of all, over all hosts; kept for ever. An hour that is closed has a total."""

    __tablename__ = "request_hours"
    __table_args__ = (Index("request_hours_of_endpoint", "endpoint", "method", "hour"),)

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    endpoint: Mapped[str] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    average_ms: Mapped[float | None] = mapped_column(Double)
    p50_ms: Mapped[float | None] = mapped_column(Double)
    p75_ms: Mapped[float | None] = mapped_column(Double)
    p90_ms: Mapped[float | None] = mapped_column(Double)
    p95_ms: Mapped[float | None] = mapped_column(Double)
    p99_ms: Mapped[float | None] = mapped_column(Double)
    computed_at: Mapped[Moment]


class DirtyHour(Base):
    """An hour that a host's collector has added to since it was last rolled up, if ever."""

    __tablename__ = "request_dirty_hours"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(primary_key=True)
    marked_at: Mapped[Moment]


class RequestAudit(Base):
    """What a closed hour comes to by each way of counting; `counter` is auth's own, which may differ a little."""

    __tablename__ = "request_audits"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    journal_lines: Mapped[int] = mapped_column(BigInteger)
    raw_rows: Mapped[int] = mapped_column(BigInteger)
    route_requests: Mapped[int] = mapped_column(BigInteger)
    total_requests: Mapped[int] = mapped_column(BigInteger)
    counter: Mapped[int | None] = mapped_column(BigInteger)
    is_equal: Mapped[bool]
    audited_at: Mapped[Moment]


class RequestErasure(Base):
    """A person whose traces in `request_log` are being taken away: those up to `asked_at`, also if they come later."""

    __tablename__ = "request_erasures"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    rows: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
