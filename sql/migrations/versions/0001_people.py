"""People: their accounts and ways in, what they share, what they did.

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
    make_idempotency_keys()


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
    # Every action changes its person's total: room on the page keeps those changes away from the index.
    op.execute("ALTER TABLE user_action_totals SET (fillfactor = 50)")


def make_idempotency_keys() -> None:
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
