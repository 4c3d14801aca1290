"""Incidents and their timelines, planned maintenance, the status page.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    make_incidents()
    make_incident_endpoints()
    make_incident_updates()
    make_maintenance()
    make_maintenance_endpoints()
    make_status_page()
    op.execute("INSERT INTO status_page DEFAULT VALUES")


def make_incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="investigating", nullable=False),
        sa.Column("impact", sa.Text(), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("started_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.Column("acknowledged_at", MOMENT, nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "(status = 'resolved') = (resolved_at IS NOT NULL)", name=op.f("incidents_resolved_at_its_end")
        ),
        sa.CheckConstraint(
            "impact IN ('degraded', 'partial_outage', 'major_outage')", name=op.f("incidents_impact_known")
        ),
        sa.CheckConstraint(
            "status IN ('investigating', 'identified', 'monitoring', 'resolved')", name=op.f("incidents_status_known")
        ),
        sa.CheckConstraint("char_length(title) BETWEEN 1 AND 200", name=op.f("incidents_title_length")),
        sa.CheckConstraint("resolved_at >= started_at", name=op.f("incidents_ends_after_it_began")),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"], ["app_users.id"], name=op.f("incidents_acknowledged_by_fkey"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("incidents_endpoint_id_fkey"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"], ["app_users.id"], name=op.f("incidents_opened_by_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("incidents_pkey")),
    )
    op.create_index(
        "incidents_one_open_per_endpoint",
        "incidents",
        ["endpoint_id"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index("incidents_started", "incidents", ["started_at"], unique=False)


def make_incident_endpoints() -> None:
    op.create_table(
        "incident_endpoints",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("incident_endpoints_endpoint_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("incident_endpoints_incident_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("incident_id", "endpoint_id", name=op.f("incident_endpoints_pkey")),
    )
    op.create_index("incident_endpoints_of_endpoint", "incident_endpoints", ["endpoint_id"], unique=False)


def make_incident_updates() -> None:
    op.create_table(
        "incident_updates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint(
            "status IN ('investigating', 'identified', 'monitoring', 'resolved')",
            name=op.f("incident_updates_status_known"),
        ),
        sa.CheckConstraint("char_length(message) BETWEEN 1 AND 5000", name=op.f("incident_updates_message_length")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("incident_updates_incident_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["written_by"], ["app_users.id"], name=op.f("incident_updates_written_by_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("incident_updates_pkey")),
    )
    op.create_index("incident_updates_of_incident", "incident_updates", ["incident_id", "id"], unique=False)


def make_maintenance() -> None:
    op.create_table(
        "maintenance",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("rrule", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("repeats_until", MOMENT, nullable=True),
        sa.Column("is_for_all", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("planned_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("ends_at <= starts_at + interval '30 days'", name=op.f("maintenance_at_most_30_days")),
        sa.CheckConstraint("char_length(description) <= 5000", name=op.f("maintenance_description_length")),
        sa.CheckConstraint("char_length(rrule) BETWEEN 1 AND 500", name=op.f("maintenance_rrule_length")),
        sa.CheckConstraint("char_length(title) BETWEEN 1 AND 200", name=op.f("maintenance_title_length")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("maintenance_ends_after_it_began")),
        sa.ForeignKeyConstraint(
            ["planned_by"], ["app_users.id"], name=op.f("maintenance_planned_by_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("maintenance_pkey")),
    )
    op.create_index("maintenance_ends", "maintenance", ["ends_at"], unique=False)


def make_maintenance_endpoints() -> None:
    op.create_table(
        "maintenance_endpoints",
        sa.Column("maintenance_id", sa.BigInteger(), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("maintenance_endpoints_endpoint_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["maintenance_id"],
            ["maintenance.id"],
            name=op.f("maintenance_endpoints_maintenance_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("maintenance_id", "endpoint_id", name=op.f("maintenance_endpoints_pkey")),
    )
    op.create_index("maintenance_endpoints_of_endpoint", "maintenance_endpoints", ["endpoint_id"], unique=False)


def make_status_page() -> None:
    op.create_table(
        "status_page",
        sa.Column("id", sa.Integer(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), server_default="Watchhouse", nullable=False),
        sa.Column(
            "description", sa.Text(), server_default="How this service is doing, and how it has been.", nullable=False
        ),
        sa.Column("primary_color", sa.Text(), server_default="#1f5f8b", nullable=False),
        sa.Column("success_color", sa.Text(), server_default="#1a7f4b", nullable=False),
        sa.Column("warning_color", sa.Text(), server_default="#b26a00", nullable=False),
        sa.Column("danger_color", sa.Text(), server_default="#b3261e", nullable=False),
        sa.Column("refresh_seconds", sa.Integer(), server_default=sa.text("30"), nullable=False),
        sa.Column("shows_response_times", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("shows_uptime", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("shows_incidents", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("danger_color ~ '^#[0-9a-f]{6}$'", name=op.f("status_page_danger_color_is_hex")),
        sa.CheckConstraint("primary_color ~ '^#[0-9a-f]{6}$'", name=op.f("status_page_primary_color_is_hex")),
        sa.CheckConstraint("success_color ~ '^#[0-9a-f]{6}$'", name=op.f("status_page_success_color_is_hex")),
        sa.CheckConstraint("warning_color ~ '^#[0-9a-f]{6}$'", name=op.f("status_page_warning_color_is_hex")),
        sa.CheckConstraint("char_length(description) <= 1000", name=op.f("status_page_description_length")),
        sa.CheckConstraint("char_length(title) BETWEEN 1 AND 100", name=op.f("status_page_title_length")),
        sa.CheckConstraint("id = 1", name=op.f("status_page_only_one")),
        sa.CheckConstraint("refresh_seconds BETWEEN 5 AND 3600", name=op.f("status_page_refresh_bounded")),
        sa.PrimaryKeyConstraint("id", name=op.f("status_page_pkey")),
    )
