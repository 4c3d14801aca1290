"""Checks, states, and what follows from them.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    make_checks()
    make_endpoint_states()
    make_state_intervals()
    make_endpoint_hours()
    make_endpoint_days()
    make_endpoint_figures()
    op.execute("INSERT INTO partition_policies (table_name, span, ahead, keep) VALUES ('checks', 'day', 7, '30 days')")


def make_checks() -> None:
    op.create_table(
        "checks",
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", MOMENT, nullable=False),
        sa.Column("slots", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("duration_ms", sa.Double(), nullable=True),
        sa.Column("dns_ms", sa.Double(), nullable=True),
        sa.Column("connect_ms", sa.Double(), nullable=True),
        sa.Column("tls_ms", sa.Double(), nullable=True),
        sa.Column("wait_ms", sa.Double(), nullable=True),
        sa.Column("transfer_ms", sa.Double(), nullable=True),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("body_bytes", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("certificate_expires_at", MOMENT, nullable=True),
        sa.Column("assertions", JSONB(), nullable=True),
        sa.Column("collector", sa.Text(), nullable=False),
        sa.Column("is_asked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("(outcome = 'missed') = (started_at IS NULL)", name=op.f("checks_started_unless_missed")),
        sa.CheckConstraint(
            "outcome IN ('operational', 'degraded', 'major_outage', 'missed')", name=op.f("checks_outcome_known")
        ),
        sa.CheckConstraint("slots >= 1 AND (slots = 1 OR outcome = 'missed')", name=op.f("checks_slots_counted")),
        sa.PrimaryKeyConstraint("endpoint_id", "slot", name=op.f("checks_pkey")),
        postgresql_partition_by="RANGE (slot)",
    )
    op.create_index("checks_slot", "checks", ["slot"], unique=False, postgresql_using="brin")


def make_endpoint_states() -> None:
    op.create_table(
        "endpoint_states",
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("valid_until", MOMENT, nullable=False),
        sa.Column("last_checked_at", MOMENT, nullable=False),
        sa.Column("last_outcome", sa.Text(), nullable=False),
        sa.Column("last_reason", sa.Text(), nullable=True),
        sa.Column("last_duration_ms", sa.Double(), nullable=True),
        sa.Column("certificate_expires_at", MOMENT, nullable=True),
        sa.Column("track", JSONB(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "state IN ('operational', 'degraded', 'major_outage', 'unknown')", name=op.f("endpoint_states_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("endpoint_states_endpoint_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("endpoint_id", name=op.f("endpoint_states_pkey")),
    )


def make_state_intervals() -> None:
    op.create_table(
        "state_intervals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('operational', 'degraded', 'major_outage', 'unknown')", name=op.f("state_intervals_state_known")
        ),
        sa.CheckConstraint("ended_at > began_at", name=op.f("state_intervals_ends_after_it_began")),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("state_intervals_endpoint_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("state_intervals_pkey")),
    )
    op.create_index("state_intervals_ended", "state_intervals", ["ended_at"], unique=False)
    op.create_index("state_intervals_of_endpoint", "state_intervals", ["endpoint_id", "began_at"], unique=True)
    op.create_index(
        "state_intervals_one_open_per_endpoint",
        "state_intervals",
        ["endpoint_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def make_endpoint_hours() -> None:
    op.create_table(
        "endpoint_hours",
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("checks", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("missed", sa.BigInteger(), nullable=False),
        sa.Column("response_ms_sum", sa.Double(), nullable=False),
        sa.Column("response_bins", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("response_counts", sa.ARRAY(sa.Integer()), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("endpoint_hours_endpoint_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("endpoint_id", "hour", name=op.f("endpoint_hours_pkey")),
    )


def make_endpoint_days() -> None:
    op.create_table(
        "endpoint_days",
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("operational_seconds", sa.Double(), nullable=False),
        sa.Column("degraded_seconds", sa.Double(), nullable=False),
        sa.Column("down_seconds", sa.Double(), nullable=False),
        sa.Column("maintenance_seconds", sa.Double(), nullable=False),
        sa.Column("unknown_seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("endpoint_days_endpoint_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("endpoint_id", "day", name=op.f("endpoint_days_pkey")),
    )


def make_endpoint_figures() -> None:
    op.create_table(
        "endpoint_figures",
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("uptime_24h", sa.Double(), nullable=True),
        sa.Column("uptime_7d", sa.Double(), nullable=True),
        sa.Column("uptime_30d", sa.Double(), nullable=True),
        sa.Column("uptime_90d", sa.Double(), nullable=True),
        sa.Column("coverage_24h", sa.Double(), nullable=True),
        sa.Column("coverage_7d", sa.Double(), nullable=True),
        sa.Column("coverage_30d", sa.Double(), nullable=True),
        sa.Column("coverage_90d", sa.Double(), nullable=True),
        sa.Column("days", sa.Text(), server_default=sa.text("repeat('u', 90)"), nullable=False),
        sa.Column("response_avg_24h_ms", sa.Double(), nullable=True),
        sa.Column("response_p95_24h_ms", sa.Double(), nullable=True),
        sa.Column("measured_at", MOMENT, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("endpoint_figures_endpoint_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("endpoint_id", name=op.f("endpoint_figures_pkey")),
    )
