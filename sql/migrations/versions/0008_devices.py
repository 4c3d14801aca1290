"""Smart locks: whose they are, what they say, what they are told.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    make_devices()
    make_device_shares()
    make_device_states()
    make_device_boots()
    make_device_commands()
    index_device_commands()


def make_devices() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("mqtt_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("key_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("code_key_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("codes_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("owned_since", MOMENT, server_default=NOW, nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.CheckConstraint("device_id ~ '^[A-Za-z0-9_-]{1,50}$'", name=op.f("devices_device_id_form")),
        sa.CheckConstraint("status IN ('ACTIVE', 'INACTIVE')", name=op.f("devices_status_known")),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 100", name=op.f("devices_name_length")),
        sa.ForeignKeyConstraint(["owner_id"], ["app_users.id"], name=op.f("devices_owner_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("devices_pkey")),
    )
    op.create_index(
        "devices_device_id_key", "devices", ["device_id"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_index(
        "devices_in_order",
        "devices",
        ["created_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "devices_of_owner",
        "devices",
        ["owner_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def make_device_shares() -> None:
    op.create_table(
        "device_shares",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("can_unlock", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("can_lock", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("valid_from", MOMENT, server_default=NOW, nullable=False),
        sa.Column("valid_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("can_unlock OR can_lock", name=op.f("device_shares_of_some_use")),
        sa.CheckConstraint("valid_until > valid_from", name=op.f("device_shares_window_in_order")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("device_shares_device_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_users.id"], name=op.f("device_shares_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("device_shares_pkey")),
    )
    op.create_index("device_shares_of_user", "device_shares", ["user_id"], unique=False)
    op.create_index("device_shares_one_each", "device_shares", ["device_id", "user_id"], unique=True)


def make_device_states() -> None:
    op.create_table(
        "device_states",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("is_online", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_locked", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_door_open", sa.Boolean(), nullable=True),
        sa.Column("is_jammed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("battery_level", sa.SmallInteger(), nullable=True),
        sa.Column("is_battery_low", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("firmware_version", sa.Text(), server_default="1.0.0", nullable=False),
        sa.Column("rssi", sa.Integer(), nullable=True),
        sa.Column("temperature", sa.Double(), nullable=True),
        sa.Column("uptime_seconds", sa.BigInteger(), nullable=True),
        sa.Column("codes_version", sa.BigInteger(), nullable=True),
        sa.Column("codes_hash", sa.Text(), nullable=True),
        sa.Column("last_seen_at", MOMENT, nullable=True),
        sa.Column("status_boot", sa.BigInteger(), server_default=sa.text("-1"), nullable=False),
        sa.Column("status_conn", sa.BigInteger(), server_default=sa.text("-1"), nullable=False),
        sa.Column("offline_since", MOMENT, nullable=True),
        sa.Column("state_boot", sa.BigInteger(), server_default=sa.text("-1"), nullable=False),
        sa.Column("state_seq", sa.BigInteger(), server_default=sa.text("-1"), nullable=False),
        sa.Column("telemetry_boot", sa.BigInteger(), server_default=sa.text("-1"), nullable=False),
        sa.Column("telemetry_seq", sa.BigInteger(), server_default=sa.text("-1"), nullable=False),
        sa.Column("command_counter", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("battery_level BETWEEN 0 AND 100", name=op.f("device_states_battery_percent")),
        sa.CheckConstraint("char_length(firmware_version) <= 20", name=op.f("device_states_firmware_short")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("device_states_device_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("device_states_pkey")),
    )


def make_device_boots() -> None:
    op.create_table(
        "device_boots",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("seen", INT8MULTIRANGE(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("device_boots_device_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_id", "boot", name=op.f("device_boots_pkey")),
    )


def make_device_commands() -> None:
    op.create_table(
        "device_commands",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("ip_address", sa.Text(), nullable=True),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("params", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("counter", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("retry_at", MOMENT, nullable=True),
        sa.Column("received_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(status IN ('queued', 'sent')) = (finished_at IS NULL)", name=op.f("device_commands_finished_when_done")
        ),
        sa.CheckConstraint(
            "command IN ('LOCK', 'UNLOCK', 'REBOOT', 'CODES', 'BACKFILL')", name=op.f("device_commands_command_known")
        ),
        sa.CheckConstraint("status <> 'sent' OR counter IS NOT NULL", name=op.f("device_commands_counted_when_sent")),
        sa.CheckConstraint(
            "status IN ('queued', 'sent', 'acknowledged', 'failed', 'rejected', 'expired')",
            name=op.f("device_commands_status_known"),
        ),
        sa.CheckConstraint("expires_at > created_at", name=op.f("device_commands_expires_later")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("device_commands_device_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("device_commands_pkey")),
    )


def index_device_commands() -> None:
    op.create_index(
        "device_commands_finished",
        "device_commands",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_index("device_commands_of_device", "device_commands", ["device_id", "number"], unique=False)
    op.create_index(
        "device_commands_open",
        "device_commands",
        ["device_id", "number"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
