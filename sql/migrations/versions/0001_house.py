"""The house: accounts, resources, the outbox, what collectors write of themselves.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    make_users()
    make_ways_in()
    make_resources()
    make_outbox()
    make_collecting()
    make_partitioning()


def make_users() -> None:
    op.create_table(
        "app_users",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=20), server_default="", nullable=False),
        sa.Column("first_name", sa.String(length=150), server_default="", nullable=False),
        sa.Column("last_name", sa.String(length=150), server_default="", nullable=False),
        sa.Column("role", sa.Text(), server_default="student", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_staff", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_superuser", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("email_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("phone_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("identity_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("professional_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("last_login_at", MOMENT, nullable=True),
        sa.Column("last_login_ip", postgresql.INET(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("role <> 'admin' OR is_staff", name=op.f("app_users_admin_is_staff")),
        sa.CheckConstraint("role IN ('student', 'teacher', 'librarian', 'admin')", name=op.f("app_users_role_known")),
        sa.CheckConstraint("char_length(email) <= 254", name=op.f("app_users_email_short")),
        sa.PrimaryKeyConstraint("id", name=op.f("app_users_pkey")),
        sa.UniqueConstraint("number", name=op.f("app_users_number_key")),
    )
    op.create_index("app_users_email_key", "app_users", [sa.literal_column("lower(email)")], unique=True)


def make_ways_in() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rotated_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ip", postgresql.INET(), nullable=True),
        sa.CheckConstraint("kind IN ('api', 'login', 'admin')", name=op.f("sessions_kind_known")),
        sa.ForeignKeyConstraint(["user_id"], ["app_users.id"], name=op.f("sessions_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("sessions_pkey")),
    )
    op.create_index("sessions_by_expiry", "sessions", ["expires_at"], unique=False)
    op.create_index(
        "sessions_of_user", "sessions", ["user_id"], unique=False, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "one_time_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.CheckConstraint("purpose IN ('verify_email', 'reset_password')", name=op.f("one_time_tokens_purpose_known")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_users.id"], name=op.f("one_time_tokens_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("one_time_tokens_pkey")),
    )
    op.create_index("one_time_tokens_of_user", "one_time_tokens", ["user_id", "purpose"], unique=False)
    op.create_table(
        "login_throttle",
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("paid_until", MOMENT, nullable=False),
        sa.Column("is_admitted", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("succeeded_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("account", "network", name=op.f("login_throttle_pkey")),
    )


def make_resources() -> None:
    op.create_table(
        "resources",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=True),
        sa.Column("annotation", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=100), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("open_date", sa.Date(), nullable=True),
        sa.Column("expiry_date", sa.Date(), nullable=True),
        sa.Column("usage_conditions", sa.Text(), nullable=True),
        sa.Column("url", sa.String(length=2048), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 200", name=op.f("resources_name_length")),
        sa.CheckConstraint("expiry_date >= open_date", name=op.f("resources_expiry_after_open")),
        sa.ForeignKeyConstraint(["owner_id"], ["app_users.id"], name=op.f("resources_owner_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("resources_pkey")),
    )
    op.create_index("resources_by_kind", "resources", ["kind", "id"], unique=False)
    op.create_index("resources_of_owner", "resources", ["owner_id"], unique=False)
    op.create_table(
        "usage_stats",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("action IN ('create', 'read', 'update', 'delete')", name=op.f("usage_stats_action_known")),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("usage_stats_at", "usage_stats", ["at"], unique=False, postgresql_using="brin")
    op.create_table(
        "user_action_totals",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "action IN ('create', 'read', 'update', 'delete')", name=op.f("user_action_totals_action_known")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_users.id"], name=op.f("user_action_totals_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "action", name=op.f("user_action_totals_pkey")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_users.id"], name=op.f("idempotency_keys_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "path", "key_hash", name=op.f("idempotency_keys_pkey")),
    )


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
    # Every action changes its person's total: room on the page keeps those changes away from the index.
    op.execute("ALTER TABLE user_action_totals SET (fillfactor = 50)")
