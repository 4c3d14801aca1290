"""What is watched, when, and what somebody asks to be checked; the keys of the house.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    make_endpoints()
    make_endpoint_schedule()
    make_check_requests()
    make_house_keys()
    op.execute(
        "INSERT INTO house_keys (name, key) VALUES ('probe', gen_random_uuid()::text || gen_random_uuid()::text)"
    )


def make_endpoints() -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), server_default="GET", nullable=False),
        sa.Column("headers", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("interval_seconds", sa.Integer(), server_default=sa.text("60"), nullable=False),
        sa.Column("timeout_seconds", sa.Integer(), server_default=sa.text("10"), nullable=False),
        sa.Column("retries", sa.Integer(), server_default=sa.text("2"), nullable=False),
        sa.Column("expected_status", sa.ARRAY(sa.Text()), server_default=sa.text("'{2xx}'"), nullable=False),
        sa.Column("assertions", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("degraded_after_ms", sa.Integer(), server_default=sa.text("1000"), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_public", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.CheckConstraint("jsonb_typeof(assertions) = 'array'", name=op.f("endpoints_assertions_are_a_list")),
        sa.CheckConstraint("jsonb_typeof(headers) = 'object'", name=op.f("endpoints_headers_are_an_object")),
        sa.CheckConstraint(
            "method IN ('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')",
            name=op.f("endpoints_method_known"),
        ),
        sa.CheckConstraint("url ~ '^(/|https?://)'", name=op.f("endpoints_url_is_path_or_http")),
        sa.CheckConstraint(
            "cardinality(expected_status) BETWEEN 1 AND 20", name=op.f("endpoints_expected_status_given")
        ),
        sa.CheckConstraint("char_length(group_name) BETWEEN 1 AND 100", name=op.f("endpoints_group_length")),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 100", name=op.f("endpoints_name_length")),
        sa.CheckConstraint("char_length(url) BETWEEN 1 AND 2048", name=op.f("endpoints_url_length")),
        sa.CheckConstraint("degraded_after_ms BETWEEN 1 AND 60000", name=op.f("endpoints_degraded_after_bounded")),
        sa.CheckConstraint("interval_seconds BETWEEN 5 AND 86400", name=op.f("endpoints_interval_bounded")),
        sa.CheckConstraint("parent_id <> id", name=op.f("endpoints_no_parent_of_itself")),
        sa.CheckConstraint("retries BETWEEN 0 AND 10", name=op.f("endpoints_retries_bounded")),
        sa.CheckConstraint("timeout_seconds BETWEEN 1 AND 60", name=op.f("endpoints_timeout_bounded")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["endpoints.id"], name=op.f("endpoints_parent_id_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("endpoints_pkey")),
        sa.UniqueConstraint("name", name=op.f("endpoints_name_key")),
    )
    op.create_index("endpoints_of_parent", "endpoints", ["parent_id"], unique=False)


def make_endpoint_schedule() -> None:
    op.create_table(
        "endpoint_schedule",
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("next_slot", MOMENT, nullable=False),
        sa.Column("claimed_slot", MOMENT, nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(claimed_slot IS NULL) = (claimed_by IS NULL) AND (claimed_slot IS NULL) = (claimed_until IS NULL)",
            name=op.f("endpoint_schedule_claimed_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("endpoint_schedule_endpoint_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("endpoint_id", name=op.f("endpoint_schedule_pkey")),
    )
    op.create_index(
        "endpoint_schedule_claims",
        "endpoint_schedule",
        ["claimed_until"],
        unique=False,
        postgresql_where=sa.text("claimed_slot IS NOT NULL"),
    )
    op.create_index("endpoint_schedule_next", "endpoint_schedule", ["next_slot"], unique=False)


def make_check_requests() -> None:
    op.create_table(
        "check_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("endpoint_ids", sa.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("expires_at", MOMENT, server_default=sa.text("now() + interval '2 minutes'"), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("results", JSONB(), nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (results IS NULL)", name=op.f("check_requests_results_when_finished")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["app_users.id"], name=op.f("check_requests_asked_by_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("check_requests_pkey")),
    )
    op.create_index(
        "check_requests_open",
        "check_requests",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NULL"),
    )


def make_house_keys() -> None:
    op.create_table(
        "house_keys",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("house_keys_pkey")),
    )
