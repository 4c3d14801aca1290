"""What is watched, and when: endpoints, their schedule, and checks that somebody asks for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment


class Endpoint(Base):
    """An address that is watched. One whose `url` begins with `/` is a path of this house's own service."""

    __tablename__ = "endpoints"
    __table_args__ = (
        CheckConstraint("char_length(name) BETWEEN 1 AND 100", name="name_length"),
        CheckConstraint("char_length(url) BETWEEN 1 AND 2048", name="url_length"),
        CheckConstraint(r"url ~ '^(/|https?://)'", name="url_is_path_or_http"),
        CheckConstraint("method IN ('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')", name="method_known"),
        CheckConstraint("jsonb_typeof(headers) = 'object'", name="headers_are_an_object"),
        CheckConstraint("jsonb_typeof(assertions) = 'array'", name="assertions_are_a_list"),
        CheckConstraint("interval_seconds BETWEEN 5 AND 86400", name="interval_bounded"),
        CheckConstraint("timeout_seconds BETWEEN 1 AND 60", name="timeout_bounded"),
        CheckConstraint("retries BETWEEN 0 AND 10", name="retries_bounded"),
        CheckConstraint("degraded_after_ms BETWEEN 1 AND 60000", name="degraded_after_bounded"),
        CheckConstraint("cardinality(expected_status) BETWEEN 1 AND 20", name="expected_status_given"),
        CheckConstraint("char_length(group_name) BETWEEN 1 AND 100", name="group_length"),
        CheckConstraint("parent_id <> id", name="no_parent_of_itself"),
        Index("endpoints_of_parent", "parent_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str]
    method: Mapped[str] = mapped_column(server_default="GET")
    headers: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))
    body: Mapped[str | None]
    interval_seconds: Mapped[int] = mapped_column(server_default=text("60"))
    timeout_seconds: Mapped[int] = mapped_column(server_default=text("10"))
    retries: Mapped[int] = mapped_column(server_default=text("2"))
    expected_status: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{2xx}'"))
    assertions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    degraded_after_ms: Mapped[int] = mapped_column(server_default=text("1000"))
    is_enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    is_public: Mapped[bool] = mapped_column(server_default=text("true"))
    group_name: Mapped[str | None]
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("endpoints.id", ondelete="SET NULL"))
    position: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class EndpointSchedule(Base):
    """The next slot of an endpoint, and who holds a slot that is being checked; enabled endpoints have a row."""

    __tablename__ = "endpoint_schedule"
    __table_args__ = (
        CheckConstraint(
            "(claimed_slot IS NULL) = (claimed_by IS NULL) AND (claimed_slot IS NULL) = (claimed_until IS NULL)",
            name="claimed_whole",
        ),
        Index("endpoint_schedule_next", "next_slot"),
        Index("endpoint_schedule_claims", "claimed_until", postgresql_where=text("claimed_slot IS NOT NULL")),
    )

    endpoint_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("endpoints.id", ondelete="CASCADE"), primary_key=True
    )
    next_slot: Mapped[datetime]
    claimed_slot: Mapped[datetime | None]
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[datetime | None]


class CheckRequest(Base):
    """A wish for checks now: of some endpoints, or of all that are enabled. The collector writes their results."""

    __tablename__ = "check_requests"
    __table_args__ = (
        CheckConstraint("(finished_at IS NULL) = (results IS NULL)", name="results_when_finished"),
        Index("check_requests_open", "created_at", postgresql_where=text("finished_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    endpoint_ids: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_users.id", ondelete="SET NULL"))
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime] = mapped_column(server_default=text("now() + interval '2 minutes'"))
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[datetime | None]
    results: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    finished_at: Mapped[datetime | None]
