"""Channels and alerts, figures, and the record of changes.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    make_channels()
    make_alerts()
    widen_outbox()
    make_figures()
    make_figure_hours()
    make_daily_figures()
    make_request_totals()
    make_audit_log()
    op.drop_constraint(op.f("outbox_channel_known"), "outbox", type_="check")
    op.create_check_constraint(op.f("outbox_channel_known"), "outbox", "channel IN ('mail', 'notification')")
    op.create_check_constraint(
        op.f("outbox_channel_named"), "outbox", "(channel = 'notification') = (channel_id IS NOT NULL)"
    )
    op.create_check_constraint(op.f("outbox_kind_said"), "outbox", "(channel = 'notification') = (kind IS NOT NULL)")
    op.execute("INSERT INTO partition_policies (table_name, span, ahead, keep) VALUES ('figures', 'day', 7, '30 days')")


def make_channels() -> None:
    op.create_table(
        "channels",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("kinds", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "cardinality(kinds) > 0 AND kinds <@ ARRAY['changes', 'incidents', 'alerts']",
            name=op.f("channels_kinds_known"),
        ),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 100", name=op.f("channels_name_length")),
        sa.CheckConstraint("char_length(url) BETWEEN 1 AND 2048", name=op.f("channels_url_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("channels_pkey")),
        sa.UniqueConstraint("name", name=op.f("channels_name_key")),
    )


def make_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("is_silenced", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("opened_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("reminded_at", MOMENT, nullable=True),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.CheckConstraint("severity IN ('warning', 'critical')", name=op.f("alerts_severity_known")),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("alerts_endpoint_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("alerts_pkey")),
    )
    op.create_index(
        "alerts_one_open_per_subject",
        "alerts",
        ["rule", "subject"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index("alerts_opened", "alerts", ["opened_at"], unique=False)


def widen_outbox() -> None:
    op.add_column("outbox", sa.Column("channel_id", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("kind", sa.Text(), nullable=True))
    op.create_index(
        "outbox_of_channel", "outbox", ["channel_id", "id"], unique=False, postgresql_where=sa.text("status = 'queued'")
    )
    op.create_foreign_key(
        op.f("outbox_channel_id_fkey"), "outbox", "channels", ["channel_id"], ["id"], ondelete="CASCADE"
    )


def make_figures() -> None:
    op.create_table(
        "figures",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "figure", "at", name=op.f("figures_pkey")),
        postgresql_partition_by="RANGE (at)",
    )


def make_figure_hours() -> None:
    op.create_table(
        "figure_hours",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("average", sa.Double(), nullable=False),
        sa.Column("lowest", sa.Double(), nullable=False),
        sa.Column("highest", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "figure", "hour", name=op.f("figure_hours_pkey")),
    )


def make_daily_figures() -> None:
    op.create_table(
        "daily_figures",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("day", "figure", "subject", name=op.f("daily_figures_pkey")),
    )


def make_request_totals() -> None:
    op.create_table(
        "request_totals",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("client_errors", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("request_totals_pkey")),
    )


def make_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("changes", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("ip_address", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_log_pkey")),
    )
    op.create_index("audit_log_of_subject", "audit_log", ["subject_type", "subject_id", "id"], unique=False)
    op.create_index("audit_log_of_user", "audit_log", ["user_id", "id"], unique=False)
