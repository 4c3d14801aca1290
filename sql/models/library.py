"""Books, who has them, who waits for them. Every rule of lending that a race could break is a constraint here."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from sql.models.base import Base, Moment

# Rows that change with every loan and no column of an index with them: room on the page keeps that cheap.
ROOMY = {"fillfactor": 80}


class Book(Base):
    """A title with copies. A copy is lent or available; one that is held for who waited is still available, to them.

    `borrows`, `returns` and `lent_seconds` are of all its loans there ever were, the last of those that ended. One that
    was withdrawn keeps its row, since its loans are told of.
    """

    __tablename__ = "books"
    __table_args__ = (
        CheckConstraint("char_length(title) BETWEEN 1 AND 200", name="title_length"),
        CheckConstraint("char_length(category) BETWEEN 1 AND 100", name="category_length"),
        CheckConstraint("isbn ~ '^([0-9]{9}[0-9X]|[0-9]{13})$'", name="isbn_form"),
        CheckConstraint("copies_total BETWEEN 0 AND 100000", name="copies_few"),
        CheckConstraint("copies_lent + copies_available = copies_total", name="copies_add_up"),
        CheckConstraint("copies_lent >= 0 AND copies_available >= 0", name="copies_are_there"),
        CheckConstraint("copies_held BETWEEN 0 AND copies_available", name="held_are_available"),
        CheckConstraint("deleted_at IS NULL OR (copies_lent = 0 AND copies_held = 0)", name="none_lent_when_withdrawn"),
        Index("books_isbn_key", "isbn", unique=True, postgresql_where=text("deleted_at IS NULL")),
        Index("books_by_category", "category", "id", postgresql_where=text("deleted_at IS NULL")),
        Index("books_withdrawn", "id", postgresql_where=text("deleted_at IS NOT NULL")),
        {"postgresql_with": ROOMY},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    title: Mapped[str]
    author: Mapped[str] = mapped_column(String(200), server_default="")
    category: Mapped[str]
    isbn: Mapped[str | None]
    copies_total: Mapped[int] = mapped_column(Integer)
    copies_available: Mapped[int] = mapped_column(Integer)
    copies_lent: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    copies_held: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    borrows: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    returns: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    lent_seconds: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    deleted_at: Mapped[datetime | None]


class BookWords(Base):
    """The words of a book's title and author as a search means them, and its category: a row of its own, so that the
    figures of all books are read without them. One that was withdrawn has none.

    Told by auth: the database's own parser takes the 22 of Catch-22 for a negative number, and its locale does not know
    that é is É.
    """

    __tablename__ = "book_words"
    __table_args__ = (Index("books_by_word", "words", postgresql_using="gin"),)

    book_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("books.id"), primary_key=True)
    words: Mapped[Any] = mapped_column(TSVECTOR)


class BookView(Base):
    """How often a book was looked at: a row of its own, so that who looks never waits for who borrows."""

    __tablename__ = "book_views"
    __table_args__ = ({"postgresql_with": ROOMY},)

    book_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("books.id"), primary_key=True)
    views: Mapped[int] = mapped_column(BigInteger)


class Borrower(Base):
    """How many books a person has now: the row that their own requests wait for, so that no race passes the limit."""

    __tablename__ = "borrowers"
    __table_args__ = (
        CheckConstraint("open_loans >= 0", name="loans_not_negative"),
        {"postgresql_with": ROOMY},
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_users.id"), primary_key=True)
    open_loans: Mapped[int] = mapped_column(Integer)


class Loan(Base):
    """A book lent to a person, under the `role` they had. `overdue_at` is when it was found overdue, and told, once."""

    __tablename__ = "loans"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'overdue', 'returned')", name="status_known"),
        CheckConstraint("(status = 'returned') = (returned_at IS NOT NULL)", name="returned_when_said"),
        CheckConstraint("status <> 'overdue' OR overdue_at IS NOT NULL", name="overdue_when_said"),
        CheckConstraint("due_at > borrowed_at", name="due_after_borrowed"),
        CheckConstraint("returned_at >= borrowed_at", name="returned_after_borrowed"),
        CheckConstraint("renewals >= 0", name="renewals_not_negative"),
        Index("loans_one_each", "user_id", "book_id", unique=True, postgresql_where=text("returned_at IS NULL")),
        Index("loans_of_user", "user_id", "id"),
        Index("loans_open", "id", postgresql_where=text("returned_at IS NULL")),
        Index(
            "loans_by_due",
            "due_at",
            postgresql_include=["status", "role", "book_id"],
            postgresql_where=text("returned_at IS NULL"),
        ),
        Index("loans_by_borrowed", "borrowed_at", postgresql_using="brin"),
        Index("loans_by_returned", "returned_at", postgresql_where=text("returned_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_users.id"))
    book_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("books.id"))
    role: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="active")
    renewals: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    borrowed_at: Mapped[Moment]
    due_at: Mapped[datetime]
    overdue_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]


class Reservation(Base):
    """A place in a book's line. The first one of the line is `ready` when a copy comes back, and held for a while."""

    __tablename__ = "reservations"
    __table_args__ = (
        CheckConstraint(
            "status IN ('waiting', 'ready', 'fulfilled', 'cancelled', 'expired')",
            name="status_known",
        ),
        CheckConstraint("(status = 'ready') <= (ready_until IS NOT NULL)", name="held_for_a_while"),
        CheckConstraint("(status IN ('waiting', 'ready')) = (ended_at IS NULL)", name="ended_when_said"),
        Index(
            "reservations_one_each",
            "book_id",
            "user_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("reservations_line", "book_id", "id", postgresql_where=text("status = 'waiting'")),
        Index("reservations_held", "ready_until", postgresql_where=text("status = 'ready'")),
        Index("reservations_of_user", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    book_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("books.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_users.id"))
    status: Mapped[str] = mapped_column(server_default="waiting")
    created_at: Mapped[Moment]
    ready_at: Mapped[datetime | None]
    ready_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
