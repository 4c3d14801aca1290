"""Whatever people do, in whatever order: copies, loans, places and totals agree, and the line is fair."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from auth.database import ENGINE
from collector.jobs import pass_holds
from sql.engine import transaction
from sql.statements import run
from tests.auth.reading_room import add_book, borrow, cancel, give_back, librarian, renew, reserve, total
from tests.support.client import Api, Person
from tests.support.long_runs import IS_LONG
from tests.support.passing_days import HOLDS_AGE
from tests.support.rollback import OuterTransaction

EXAMPLES = 400 if IS_LONG else 8
COPIES = (1, 2)
STATUSES = {
    "borrow": {201, 409},
    "return": {200, 409},
    "renew": {200, 409},
    "reserve": {201, 409},
    "cancel": {204, 404},
}
FAULTS = {
    "lent copies are open loans": """SELECT id FROM books b WHERE copies_lent <>
        (SELECT count(*) FROM loans l WHERE l.book_id = b.id AND l.returned_at IS NULL)""",
    "lent and available copies are all": "SELECT id FROM books WHERE copies_lent + copies_available <> copies_total",
    "held copies are ready places": """SELECT id FROM books b WHERE copies_held <>
        (SELECT count(*) FROM reservations r WHERE r.book_id = b.id AND r.status = 'ready')""",
    "a person's count is their open loans": """SELECT user_id FROM borrowers p WHERE open_loans <>
        (SELECT count(*) FROM loans l WHERE l.user_id = p.user_id AND l.returned_at IS NULL)""",
    "borrows and returns are all loans": """SELECT id FROM books b WHERE (borrows, returns) <>
        (SELECT count(*), count(returned_at) FROM loans l WHERE l.book_id = b.id)""",
    "nobody waits while a copy is free": """SELECT id FROM books b WHERE copies_available > copies_held
        AND EXISTS (SELECT FROM reservations r WHERE r.book_id = b.id AND r.status = 'waiting')""",
    "nobody waits for longer than who is served": """SELECT r.id FROM reservations r JOIN reservations s USING (book_id)
        WHERE r.status = 'waiting' AND s.ready_at IS NOT NULL AND s.id > r.id""",
    "nobody waits for what they have": """SELECT r.id FROM reservations r JOIN loans l USING (user_id, book_id)
        WHERE r.ended_at IS NULL AND l.returned_at IS NULL""",
    "who is ready was told once": """SELECT u.email FROM app_users u WHERE
        (SELECT count(*) FROM reservations r WHERE r.user_id = u.id AND r.ready_at IS NOT NULL)
        <> (SELECT count(*) FROM outbox o WHERE o.recipient = u.email AND o.subject LIKE '%%is ready%%')""",
}
FIND_FAULTS = " UNION ALL ".join(f"SELECT $${name}$$ FROM ({found}) f" for name, found in FAULTS.items())

Step = tuple[str, int, int]
steps = st.lists(
    st.tuples(
        st.sampled_from([*STATUSES, "pass on", "more", "fewer"]), st.integers(0, 3), st.integers(0, len(COPIES) - 1)
    ),
    min_size=8,
    max_size=24,
)


@dataclass
class Room:
    """Four people, a librarian, and two books that nobody has had yet."""

    api: Api
    outer: OuterTransaction
    engine: Engine
    keeper: Person
    people: list[Person]
    books: list[int]


@pytest.fixture(scope="module")
def room(rolled_back_app: Flask, outer: OuterTransaction) -> Iterator[Room]:
    """Furnished once; each history is undone."""
    outer.begin()
    try:
        api = Api(rolled_back_app.test_client(), outer)
        keeper = librarian(api)
        books = [add_book(keeper, copies_total=copies) for copies in COPIES]
        yield Room(api, outer, rolled_back_app.extensions[ENGINE], keeper, [api.person() for _ in range(4)], books)
    finally:
        outer.end()


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_any_history_leaves_the_library_in_order(room: Room, history: list[Step]) -> None:
    with room.outer.undone():
        loans: dict[tuple[int, int], int] = {}
        for action, who, which in history:
            take(room, loans, action, who, which)
            assert room.api.rows(FIND_FAULTS) == [], (action, who, which)
        kept = room.api.rows("SELECT count(*), count(returned_at) FROM loans")
        assert kept == [(total(room.api, "loan"), total(room.api, "return"))]


def take(room: Room, loans: dict[tuple[int, int], int], action: str, who: int, which: int) -> None:
    """A step: somebody does something to a book; the loan may be one that was returned, or none."""
    person, book_id, loan_id = room.people[who], room.books[which], loans.get((who, which))
    if action in ("more", "fewer"):
        change_copies(room, book_id, 1 if action == "more" else -1)
        return
    if action == "pass on":
        pass_on(room, book_id)
        return
    if action in ("return", "renew"):
        if loan_id is None:
            return
        answer = (give_back if action == "return" else renew)(person, loan_id)
    else:
        answer = {"borrow": borrow, "reserve": reserve, "cancel": cancel}[action](person, book_id)
    assert answer.status_code in STATUSES[action], answer.text
    if answer.status_code == 201 and action == "borrow":
        loans[who, which] = answer.get_json()["data"]["id"]


def change_copies(room: Room, book_id: int, by: int) -> None:
    """The librarian buys a copy, or sells one; not below none."""
    copies = room.api.one("SELECT copies_total FROM books WHERE id = %s", book_id) + by
    answer = room.keeper.call("PATCH", f"/api/v1/books/{book_id}/", {"copies_total": max(copies, 0)})
    assert answer.status_code in (200, 409), answer.text


def pass_on(room: Room, book_id: int) -> None:
    """The collector finds that nobody fetched what was held."""
    room.api.rows(HOLDS_AGE, 30)
    held = room.api.one("SELECT copies_held FROM books WHERE id = %s", book_id)
    with room.outer.as_collector(), transaction(room.engine) as connection:
        assert run(connection, pass_holds.sql.end_places, book_ids=[book_id]) == [(held, 0)]
        ready = run(connection, pass_holds.loans.pass_on_copies, book_ids=[book_id], hold=timedelta(days=3))
        pass_holds.tell(connection, ready)
