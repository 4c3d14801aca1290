"""A small library for the collector's jobs: people, books, loans and lines, as auth would have written them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import psycopg2

from tests.support.databases import Database

DAY = timedelta(days=1)
WRITTEN = (
    *("outbox", "channels", "alerts", "reservations", "loans", "borrowers", "book_views", "books", "event_totals"),
    *("figures", "request_minutes", "counter_totals", "app_users"),
)


@dataclass
class Library:
    """A database with a library in it."""

    database: Database

    def __post_init__(self) -> None:
        """A module's tests share a database; each begins with an empty library."""
        self.database.rows("; ".join(f"DELETE FROM {table}" for table in WRITTEN))

    def person(self, name: str, role: str = "student", *, is_active: bool = True) -> UUID:
        """Somebody with an account."""
        found: UUID = self.database.one(
            """INSERT INTO app_users (id, email, password_hash, role, is_active)
            VALUES (gen_random_uuid(), %s, '', %s, %s) RETURNING id::text""",
            f"{name}@example.com",
            role,
            is_active,
        )
        return found

    def book(self, title: str, copies: int = 1, category: str = "Prose") -> int:
        """A title with copies."""
        return int(
            self.database.one(
                """INSERT INTO books (title, category, copies_total, copies_available)
                VALUES (%s, %s, %s, %s) RETURNING id""",
                title,
                category,
                copies,
                copies,
            )
        )

    def lend(self, user_id: UUID, book_id: int, due_at: datetime) -> int:
        """One of its copies, for a fortnight that ends then."""
        self.database.rows(
            """UPDATE books SET copies_available = copies_available - 1, copies_lent = copies_lent + 1,
                borrows = borrows + 1 WHERE id = %s""",
            book_id,
        )
        return int(
            self.database.one(
                """INSERT INTO loans (user_id, book_id, role, borrowed_at, due_at)
                VALUES (%s, %s, 'student', %s, %s) RETURNING id""",
                user_id,
                book_id,
                due_at - 14 * DAY,
                due_at,
            )
        )

    def wait(self, user_id: UUID, book_id: int) -> int:
        """The next place in its line."""
        return int(
            self.database.one(
                "INSERT INTO reservations (user_id, book_id) VALUES (%s, %s) RETURNING id", user_id, book_id
            )
        )

    def hold(self, user_id: UUID, book_id: int, ready_until: datetime) -> int:
        """A copy that is held for somebody until then."""
        place = self.wait(user_id, book_id)
        self.database.rows(
            "UPDATE reservations SET status = 'ready', ready_at = now(), ready_until = %s WHERE id = %s",
            ready_until,
            place,
        )
        self.database.rows("UPDATE books SET copies_held = copies_held + 1 WHERE id = %s", book_id)
        return place

    def channel(self) -> None:
        """A channel that hears of alerts."""
        self.database.rows(
            "INSERT INTO channels (name, url, shown, kinds) VALUES ('Phone', 'http://127.0.0.1:9/', '***', '{alerts}')"
        )

    def mails(self) -> list[tuple[str, str]]:
        """Recipient, without its domain, and subject of all that was queued, in order."""
        return self.database.rows("SELECT split_part(recipient, '@', 1), subject FROM outbox ORDER BY id")  # type: ignore[return-value]  # by SQL

    def places(self) -> dict[int, str]:
        """The status of each place in a line."""
        return dict(self.database.rows("SELECT id, status FROM reservations"))

    def held(self, book_id: int) -> int:
        """How many of its copies are held, which must be one for each place that is ready."""
        held, ready = self.database.rows(
            """SELECT copies_held, (SELECT count(*) FROM reservations WHERE book_id = books.id AND status = 'ready')
            FROM books WHERE id = %s""",
            book_id,
        )[0]
        assert held == ready
        return int(held)

    @contextmanager
    def in_use(self, table: str, row: int) -> Iterator[None]:
        """Somebody else's transaction holds a row meanwhile."""
        connection = psycopg2.connect(self.database.owner_url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT FROM {table} WHERE id = %s FOR UPDATE", [row])
                yield
        finally:
            connection.close()
