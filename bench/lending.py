"""Borrow and return beside a bare transaction of two statements each, through the same driver and server.

The house's are all that a request does beneath HTTP: rights of the person, limits, lines, totals. The bare ones move a
copy and a loan and know no rule.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from uuid import UUID

from flask import Flask

from auth.app import create_app
from auth.database import db
from auth.loans import lending
from auth.settings import read_settings
from auth.sign_in import Caller
from bench.report import Figure, at_least
from bench.stage import THREADS, open_database
from sql.engine import transaction
from tests.support.databases import Database

ROUNDS = 7
SECONDS = 0.6
PEOPLE = """INSERT INTO app_users (email, password_hash) SELECT 'bench-' || n || '@example.com', ''
    FROM generate_series(1, %s) n RETURNING id"""
SHELVE = """INSERT INTO books (title, category, copies_total, copies_available)
    SELECT 'Book ' || n, 'Novels', 100, 100 FROM generate_series(1, %s) n"""
TAKE = """UPDATE books SET copies_available = copies_available - 1, copies_lent = copies_lent + 1
    WHERE id = %s AND copies_available > 0"""
LEND = """INSERT INTO loans (user_id, book_id, role, due_at) VALUES (%s, %s, 'student', now() + interval '14 days')
    RETURNING id"""
PUT = "UPDATE books SET copies_available = copies_available + 1, copies_lent = copies_lent - 1 WHERE id = %s"
END = "UPDATE loans SET status = 'returned', returned_at = now() WHERE id = %s"

Pair = Callable[[UUID, int], None]


def measure(folder: Path) -> list[Figure]:
    """Pairs a second of both, in turn: of one caller, of many over books of their own, of many over one book."""
    with open_database(folder) as database, _open_house(database, folder) as app:
        people = [UUID(str(row[0])) for row in database.rows(PEOPLE, THREADS)]
        database.rows(SHELVE, THREADS)
        database.rows("ANALYZE")
        pairs = {"bare": _bare_pair(app), "house": _house_pair}
        settings = {
            "one caller": (1, lambda number: number + 1),
            f"{THREADS} callers, a book each": (THREADS, lambda number: number + 1),
            f"{THREADS} callers, one book": (THREADS, lambda _: 1),
        }
        return [_compare(name, app, pairs, people[:count], book_of) for name, (count, book_of) in settings.items()]


@contextmanager
def _open_house(database: Database, folder: Path) -> Iterator[Flask]:
    own = {"WATCHHOUSE_DEMO": "1", "WATCHHOUSE_DATA": str(folder / "data"), "DATABASE_URL": database.auth_url}
    app = create_app(read_settings(own))
    yield app
    with app.app_context():
        db.engine.dispose()


def _house_pair(user_id: UUID, book_id: int) -> None:
    caller = Caller(user_id, "bench@example.com", "student", is_staff=False, is_superuser=False, session_id="")
    loan = lending.borrow(caller, book_id)
    db.session.commit()
    lending.give_back(caller, loan["id"])
    db.session.commit()


def _bare_pair(app: Flask) -> Pair:
    with app.app_context():
        engine = db.engine

    def act(user_id: UUID, book_id: int) -> None:
        with transaction(engine) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(TAKE, [book_id])
            cursor.execute(LEND, [str(user_id), book_id])
            [(loan_id,)] = cursor.fetchall()
        with transaction(engine) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(PUT, [book_id])
            cursor.execute(END, [loan_id])

    return act


def _compare(
    name: str, app: Flask, pairs: dict[str, Pair], people: list[UUID], book_of: Callable[[int], int]
) -> Figure:
    for pair in pairs.values():
        _rate(app, pair, people, book_of, SECONDS / 3)
    rounds = [{kind: _rate(app, pair, people, book_of, SECONDS) for kind, pair in pairs.items()} for _ in range(ROUNDS)]
    for kind in pairs:
        print(f"     {name:<28} {kind:<6} {median(found[kind] for found in rounds):7.0f} pairs/s")
    ratio = median(found["house"] / found["bare"] for found in rounds)
    return at_least(f"borrow and return, {name}: of two bare statements each", ratio, 0.5)


def _rate(app: Flask, pair: Pair, people: list[UUID], book_of: Callable[[int], int], seconds: float) -> float:
    """Pairs a second of all people together."""
    started = perf_counter()

    def act(number: int) -> int:
        done = 0
        with app.app_context():
            while perf_counter() - started < seconds:
                pair(people[number], book_of(number))
                done += 1
        return done

    with ThreadPoolExecutor(len(people)) as pool:
        done = sum(pool.map(act, range(len(people))))
    return done / (perf_counter() - started)
