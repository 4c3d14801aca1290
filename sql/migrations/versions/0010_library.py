"""Books, loans, reservations, and totals of what happened.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
ROOMY = {"fillfactor": 80}


def upgrade() -> None:
    make_books()
    make_book_words()
    make_book_views()
    make_borrowers()
    make_loans()
    make_reservations()
    make_event_totals()
    make_counter_totals()
    op.execute("INSERT INTO event_totals (event, stripe, total) SELECT 'registration', 0, count(*) FROM app_users")


def make_books() -> None:
    op.create_table(
        "books",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=200), server_default="", nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("isbn", sa.Text(), nullable=True),
        sa.Column("copies_total", sa.Integer(), nullable=False),
        sa.Column("copies_available", sa.Integer(), nullable=False),
        sa.Column("copies_lent", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("copies_held", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("borrows", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("returns", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lent_seconds", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("updated_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.CheckConstraint("isbn ~ '^([0-9]{9}[0-9X]|[0-9]{13})$'", name=op.f("books_isbn_form")),
        sa.CheckConstraint("char_length(category) BETWEEN 1 AND 100", name=op.f("books_category_length")),
        sa.CheckConstraint("char_length(title) BETWEEN 1 AND 200", name=op.f("books_title_length")),
        sa.CheckConstraint("copies_held BETWEEN 0 AND copies_available", name=op.f("books_held_are_available")),
        sa.CheckConstraint("copies_lent + copies_available = copies_total", name=op.f("books_copies_add_up")),
        sa.CheckConstraint("copies_lent >= 0 AND copies_available >= 0", name=op.f("books_copies_are_there")),
        sa.CheckConstraint("copies_total BETWEEN 0 AND 100000", name=op.f("books_copies_few")),
        sa.CheckConstraint(
            "deleted_at IS NULL OR (copies_lent = 0 AND copies_held = 0)", name=op.f("books_none_lent_when_withdrawn")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("books_pkey")),
        postgresql_with=ROOMY,
    )
    op.create_index(
        "books_by_category", "books", ["category", "id"], unique=False, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.create_index("books_isbn_key", "books", ["isbn"], unique=True, postgresql_where=sa.text("deleted_at IS NULL"))
    op.create_index(
        "books_withdrawn", "books", ["id"], unique=False, postgresql_where=sa.text("deleted_at IS NOT NULL")
    )


def make_book_words() -> None:
    op.create_table(
        "book_words",
        sa.Column("book_id", sa.BigInteger(), nullable=False),
        sa.Column("words", TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name=op.f("book_words_book_id_fkey")),
        sa.PrimaryKeyConstraint("book_id", name=op.f("book_words_pkey")),
    )
    op.create_index("books_by_word", "book_words", ["words"], unique=False, postgresql_using="gin")


def make_book_views() -> None:
    op.create_table(
        "book_views",
        sa.Column("book_id", sa.BigInteger(), nullable=False),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name=op.f("book_views_book_id_fkey")),
        sa.PrimaryKeyConstraint("book_id", name=op.f("book_views_pkey")),
        postgresql_with=ROOMY,
    )


def make_borrowers() -> None:
    op.create_table(
        "borrowers",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("open_loans", sa.Integer(), nullable=False),
        sa.CheckConstraint("open_loans >= 0", name=op.f("borrowers_loans_not_negative")),
        sa.ForeignKeyConstraint(["user_id"], ["app_users.id"], name=op.f("borrowers_user_id_fkey")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("borrowers_pkey")),
        postgresql_with=ROOMY,
    )


def make_loans() -> None:
    op.create_table(
        "loans",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("book_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("renewals", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("borrowed_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("overdue_at", MOMENT, nullable=True),
        sa.Column("returned_at", MOMENT, nullable=True),
        sa.CheckConstraint("(status = 'returned') = (returned_at IS NOT NULL)", name=op.f("loans_returned_when_said")),
        sa.CheckConstraint("status <> 'overdue' OR overdue_at IS NOT NULL", name=op.f("loans_overdue_when_said")),
        sa.CheckConstraint("status IN ('active', 'overdue', 'returned')", name=op.f("loans_status_known")),
        sa.CheckConstraint("due_at > borrowed_at", name=op.f("loans_due_after_borrowed")),
        sa.CheckConstraint("renewals >= 0", name=op.f("loans_renewals_not_negative")),
        sa.CheckConstraint("returned_at >= borrowed_at", name=op.f("loans_returned_after_borrowed")),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name=op.f("loans_book_id_fkey")),
        sa.ForeignKeyConstraint(["user_id"], ["app_users.id"], name=op.f("loans_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("loans_pkey")),
    )
    op.create_index("loans_by_borrowed", "loans", ["borrowed_at"], unique=False, postgresql_using="brin")
    op.create_index(
        "loans_by_due",
        "loans",
        ["due_at"],
        unique=False,
        postgresql_include=["status", "role", "book_id"],
        postgresql_where=sa.text("returned_at IS NULL"),
    )
    op.create_index(
        "loans_by_returned", "loans", ["returned_at"], unique=False, postgresql_where=sa.text("returned_at IS NOT NULL")
    )
    op.create_index("loans_of_user", "loans", ["user_id", "id"], unique=False)
    op.create_index(
        "loans_one_each", "loans", ["user_id", "book_id"], unique=True, postgresql_where=sa.text("returned_at IS NULL")
    )
    op.create_index("loans_open", "loans", ["id"], unique=False, postgresql_where=sa.text("returned_at IS NULL"))


def make_reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("book_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("created_at", MOMENT, server_default=NOW, nullable=False),
        sa.Column("ready_at", MOMENT, nullable=True),
        sa.Column("ready_until", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(status = 'ready') <= (ready_until IS NOT NULL)", name=op.f("reservations_held_for_a_while")
        ),
        sa.CheckConstraint(
            "(status IN ('waiting', 'ready')) = (ended_at IS NULL)", name=op.f("reservations_ended_when_said")
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'ready', 'fulfilled', 'cancelled', 'expired')",
            name=op.f("reservations_status_known"),
        ),
        sa.ForeignKeyConstraint(["book_id"], ["books.id"], name=op.f("reservations_book_id_fkey")),
        sa.ForeignKeyConstraint(["user_id"], ["app_users.id"], name=op.f("reservations_user_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("reservations_pkey")),
    )
    op.create_index(
        "reservations_held", "reservations", ["ready_until"], unique=False, postgresql_where=sa.text("status = 'ready'")
    )
    op.create_index(
        "reservations_line",
        "reservations",
        ["book_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index("reservations_of_user", "reservations", ["user_id", "id"], unique=False)
    op.create_index(
        "reservations_one_each",
        "reservations",
        ["book_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def make_event_totals() -> None:
    op.create_table(
        "event_totals",
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("stripe", sa.SmallInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "event IN ('registration', 'login', 'search', 'loan', 'return')", name=op.f("event_totals_event_known")
        ),
        sa.PrimaryKeyConstraint("event", "stripe", name=op.f("event_totals_pkey")),
        postgresql_with={"fillfactor": 50},
    )


def make_counter_totals() -> None:
    """In the place of request_totals, which knew one counter only."""
    op.create_table(
        "counter_totals",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("total", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("source", "subject", "figure", name=op.f("counter_totals_pkey")),
    )
    op.execute("INSERT INTO counter_totals SELECT source, 'counter', 'requests', at, requests FROM request_totals")
    op.drop_table("request_totals")
