"""What happened at locks, ways in by code, alerts of devices.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    make_device_logs()
    make_device_telemetry()
    make_device_chains()
    make_device_checkpoints()
    make_dead_letters()
    make_access_pins()
    make_qr_uses()
    make_code_brakes()
    widen_alerts()
    widen_sessions()
    op.execute("""
        INSERT INTO partition_policies (table_name, span, ahead, keep) VALUES
            ('device_logs', 'month', 2, '1 year'),
            ('device_telemetry', 'day', 7, '30 days')
    """)


def make_device_logs() -> None:
    op.execute("CREATE SEQUENCE device_logs_numbers AS bigint")
    op.create_table(
        "device_logs",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("ip_address", sa.Text(), nullable=True),
        sa.Column("personal_salt", sa.LargeBinary(), nullable=True),
        sa.Column("personal_hash", sa.LargeBinary(), nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.create_index("device_logs_of_device", "device_logs", ["device_id", "id"], unique=False)
    op.create_index(
        "device_logs_refused",
        "device_logs",
        ["id"],
        unique=False,
        postgresql_where=sa.text("event_type IN ('PIN_DENIED', 'QR_DENIED')"),
    )


def make_device_telemetry() -> None:
    op.create_table(
        "device_telemetry",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("boot", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("battery_level", sa.SmallInteger(), nullable=True),
        sa.Column("rssi", sa.Integer(), nullable=True),
        sa.Column("temperature", sa.Double(), nullable=True),
        sa.Column("uptime_seconds", sa.BigInteger(), nullable=True),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.create_index("device_telemetry_of_device", "device_telemetry", ["device_id", "created_at"], unique=False)


def make_device_chains() -> None:
    op.create_table(
        "device_chains",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("length", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("device_chains_device_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("device_chains_pkey")),
    )


def make_device_checkpoints() -> None:
    op.create_table(
        "device_checkpoints",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("device_checkpoints_device_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_id", "position", name=op.f("device_checkpoints_pkey")),
    )


def make_dead_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("payload_bytes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("dead_letters_pkey")),
    )
    op.create_index("dead_letters_received", "dead_letters", ["received_at"], unique=False)


def make_access_pins() -> None:
    op.create_table(
        "access_pins",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("starts_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("schedule", JSONB(), nullable=True),
        sa.Column("max_uses", sa.Integer(), nullable=True),
        sa.Column("uses", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("one_time", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("NOT one_time OR max_uses = 1", name=op.f("access_pins_one_time_is_once")),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 100", name=op.f("access_pins_name_length")),
        sa.CheckConstraint("expires_at > starts_at", name=op.f("access_pins_window_in_order")),
        sa.CheckConstraint("max_uses >= 1", name=op.f("access_pins_max_uses_positive")),
        sa.CheckConstraint("uses >= 0", name=op.f("access_pins_uses_counted")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("access_pins_device_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("access_pins_pkey")),
    )
    op.create_index("access_pins_of_device", "access_pins", ["device_id", "id"], unique=False)


def make_qr_uses() -> None:
    op.create_table(
        "qr_uses",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("used_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("verifier IN ('server', 'lock')", name=op.f("qr_uses_verifier_known")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("qr_uses_device_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("device_id", "nonce", name=op.f("qr_uses_pkey")),
    )
    op.create_index("qr_uses_used", "qr_uses", ["used_at"], unique=False)


def make_code_brakes() -> None:
    op.create_table(
        "code_brakes",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.ARRAY(MOMENT), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("reserved", sa.ARRAY(MOMENT), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("lockouts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_at", MOMENT, nullable=True),
        sa.Column("locked_until", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("code_brakes_device_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("code_brakes_pkey")),
    )


def widen_alerts() -> None:
    op.add_column("alerts", sa.Column("device_id", sa.Uuid(), nullable=True))
    op.add_column("alerts", sa.Column("acknowledged_at", MOMENT, nullable=True))
    op.add_column("alerts", sa.Column("acknowledged_by", sa.Uuid(), nullable=True))
    op.add_column("alerts", sa.Column("resolved_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("alerts_device_id_fkey"), "alerts", "devices", ["device_id"], ["id"], ondelete="CASCADE")
    op.create_index(
        "alerts_of_device", "alerts", ["device_id", "id"], postgresql_where=sa.text("device_id IS NOT NULL")
    )


def widen_sessions() -> None:
    op.drop_constraint(op.f("sessions_kind_known"), "sessions", type_="check")
    op.create_check_constraint(op.f("sessions_kind_known"), "sessions", "kind IN ('api', 'login', 'admin', 'home')")
