"""The outbox, what collectors write, and how tables that grow are parted.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    make_outbox()
    make_collecting()
    make_partitioning()


def make_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("idempotency_key", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("expires_at", MOMENT, server_default=sa.text("now() + interval '24 hours'"), nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("(status = 'queued') = (finished_at IS NULL)", name=op.f("outbox_finished_when_done")),
        sa.CheckConstraint("channel IN ('mail')", name=op.f("outbox_channel_known")),
        sa.CheckConstraint("status IN ('queued', 'sent', 'failed')", name=op.f("outbox_status_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("outbox_pkey")),
    )
    op.create_index("outbox_due", "outbox", ["due_at"], unique=False, postgresql_where=sa.text("status = 'queued'"))
    op.create_index(
        "outbox_finished", "outbox", ["finished_at"], unique=False, postgresql_where=sa.text("status <> 'queued'")
    )


def make_collecting() -> None:
    op.create_table(
        "collectors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("collectors_pkey")),
    )
    op.create_table(
        "service_states",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("is_up", sa.Boolean(), nullable=False),
        sa.Column("latency_seconds", sa.Double(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.Column("succeeded_at", MOMENT, nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("service", name=op.f("service_states_pkey")),
    )
    op.create_table(
        "host_metrics",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("cpu_percent", sa.Double(), nullable=False),
        sa.Column("memory_mb", sa.Double(), nullable=False),
        sa.Column("memory_percent", sa.Double(), nullable=False),
        sa.Column("disk_percent", sa.Double(), nullable=False),
        sa.Column("load_1m", sa.Double(), nullable=False),
        sa.Column("network_sent_bytes", sa.BigInteger(), nullable=False),
        sa.Column("network_received_bytes", sa.BigInteger(), nullable=False),
        sa.Column("open_files", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("host", "at", name=op.f("host_metrics_pkey")),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_table(
        "job_runs",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("slot", MOMENT, nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("claimed_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("leased_until", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("job", "slot", name=op.f("job_runs_pkey")),
    )
    op.create_index("job_runs_by_slot", "job_runs", ["slot"], unique=False)


def make_partitioning() -> None:
    op.create_table(
        "partition_policies",
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("span", sa.Text(), nullable=False),
        sa.Column("ahead", sa.Integer(), nullable=False),
        sa.Column("keep", sa.Interval(), nullable=False),
        sa.CheckConstraint("span IN ('day', 'month')", name=op.f("partition_policies_span_known")),
        sa.PrimaryKeyConstraint("table_name", name=op.f("partition_policies_pkey")),
    )
    op.execute("""
        INSERT INTO partition_policies (table_name, span, ahead, keep) VALUES
            ('usage_stats', 'month', 2, '1 year'),
            ('host_metrics', 'day', 7, '30 days')
    """)
