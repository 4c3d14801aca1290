"""Requests: one by one, by minute, by hour; how far journals are read; whether all of it agrees.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    make_request_log()
    make_request_minutes()
    make_request_hours()
    make_request_dirty_hours()
    make_request_audits()
    make_request_erasures()
    make_journal_segments()
    make_journal_hours()
    make_journal_states()
    make_quarantined_lines()
    for column in ("errors", "client_errors", "seconds"):
        op.drop_column("request_totals", column)
    op.execute("""
        INSERT INTO partition_policies (table_name, span, ahead, keep) VALUES
            ('request_log', 'day', 7, '30 days'),
            ('request_minutes', 'day', 7, '7 days')
    """)


def make_request_log() -> None:
    op.create_table(
        "request_log",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("duration_us", sa.BigInteger(), nullable=False),
        sa.Column("request_bytes", sa.BigInteger(), nullable=False),
        sa.Column("response_bytes", sa.BigInteger(), nullable=False),
        sa.Column("is_probe", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("ip_address", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("problem_title", sa.Text(), nullable=True),
        sa.Column("problem_detail", sa.Text(), nullable=True),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index(
        "request_log_errors", "request_log", ["at", "id"], unique=False, postgresql_where=sa.text("status >= 500")
    )
    op.create_index("request_log_in_order", "request_log", ["at", "id"], unique=False)
    op.create_index("request_log_of_endpoint", "request_log", ["endpoint", "at", "id"], unique=False)
    op.create_index(
        "request_log_of_user",
        "request_log",
        ["user_id", "at", "id"],
        unique=False,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )


def make_request_minutes() -> None:
    op.create_table(
        "request_minutes",
        sa.Column("minute", MOMENT, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("status_2xx", sa.BigInteger(), nullable=False),
        sa.Column("status_3xx", sa.BigInteger(), nullable=False),
        sa.Column("status_4xx", sa.BigInteger(), nullable=False),
        sa.Column("status_5xx", sa.BigInteger(), nullable=False),
        sa.Column("request_bytes", sa.BigInteger(), nullable=False),
        sa.Column("response_bytes", sa.BigInteger(), nullable=False),
        sa.Column("duration_us", sa.BigInteger(), nullable=False),
        sa.Column("bins", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("counts", sa.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("minute", "host", "endpoint", "method", name=op.f("request_minutes_pkey")),
        postgresql_partition_by="RANGE (minute)",
    )


def make_request_hours() -> None:
    op.create_table(
        "request_hours",
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("average_ms", sa.Double(), nullable=True),
        sa.Column("p50_ms", sa.Double(), nullable=True),
        sa.Column("p75_ms", sa.Double(), nullable=True),
        sa.Column("p90_ms", sa.Double(), nullable=True),
        sa.Column("p95_ms", sa.Double(), nullable=True),
        sa.Column("p99_ms", sa.Double(), nullable=True),
        sa.Column("computed_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("status_2xx", sa.BigInteger(), nullable=False),
        sa.Column("status_3xx", sa.BigInteger(), nullable=False),
        sa.Column("status_4xx", sa.BigInteger(), nullable=False),
        sa.Column("status_5xx", sa.BigInteger(), nullable=False),
        sa.Column("request_bytes", sa.BigInteger(), nullable=False),
        sa.Column("response_bytes", sa.BigInteger(), nullable=False),
        sa.Column("duration_us", sa.BigInteger(), nullable=False),
        sa.Column("bins", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("counts", sa.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("hour", "endpoint", "method", name=op.f("request_hours_pkey")),
    )
    op.create_index("request_hours_of_endpoint", "request_hours", ["endpoint", "method", "hour"], unique=False)


def make_request_dirty_hours() -> None:
    op.create_table(
        "request_dirty_hours",
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("marked_at", MOMENT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("hour", "host", name=op.f("request_dirty_hours_pkey")),
    )


def make_request_audits() -> None:
    op.create_table(
        "request_audits",
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("journal_lines", sa.BigInteger(), nullable=False),
        sa.Column("raw_rows", sa.BigInteger(), nullable=False),
        sa.Column("route_requests", sa.BigInteger(), nullable=False),
        sa.Column("total_requests", sa.BigInteger(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=True),
        sa.Column("is_equal", sa.Boolean(), nullable=False),
        sa.Column("audited_at", MOMENT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("request_audits_pkey")),
    )


def make_request_erasures() -> None:
    op.create_table(
        "request_erasures",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("rows", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("request_erasures_pkey")),
    )


def make_journal_segments() -> None:
    op.create_table(
        "journal_segments",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("journal_segments_pkey")),
    )


def make_journal_hours() -> None:
    op.create_table(
        "journal_hours",
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("probes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "host", name=op.f("journal_hours_pkey")),
    )


def make_journal_states() -> None:
    op.create_table(
        "journal_states",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("seen_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("lag_seconds", sa.Double(), nullable=False),
        sa.Column("backlog_bytes", sa.BigInteger(), nullable=False),
        sa.Column("lost_to_errors", sa.BigInteger(), nullable=False),
        sa.Column("lost_to_cap", sa.BigInteger(), nullable=False),
        sa.Column("lost_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("host", name=op.f("journal_states_pkey")),
    )


def make_quarantined_lines() -> None:
    op.create_table(
        "quarantined_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("found_at", MOMENT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("quarantined_lines_pkey")),
    )
    op.create_index("quarantined_lines_by_age", "quarantined_lines", ["found_at"], unique=False)
