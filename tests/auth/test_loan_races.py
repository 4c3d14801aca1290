"""What happens to books when many ask at once, each on a connection of their own: the rules are the database's."""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

import auth.app
from auth.database import db
from auth.settings import read_settings
from standalone.postgres import Server
from tests.auth.remote import at_once
from tests.conftest import CHEAP_HASHER
from tests.support.client import PASSWORD
from tests.support.databases import Database, throw_away

CROWD = 8
BOOK = """INSERT INTO books (title, category, copies_total, copies_available) VALUES ('Dune', 'Novels', %s, %s)
    RETURNING id"""
COPIES = "SELECT copies_available, copies_lent, copies_held FROM books WHERE id = %s"
DRAWN = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('loans', 'id')), 0)"
TIDY = """SELECT count(*) FROM borrowers b
    WHERE open_loans <> (SELECT count(*) FROM loans l WHERE l.user_id = b.user_id AND l.returned_at IS NULL)"""


class House:
    """An app with a pool, its database, and a crowd's tokens."""

    def __init__(self, app: Flask, database: Database) -> None:
        self.app, self.database = app, database
        self.tokens = [self._join(f"reader-{number}@example.com") for number in range(CROWD)]

    def _join(self, email: str) -> str:
        body = {"email": email, "password": PASSWORD}
        client = self.app.test_client()
        assert client.post("/register", json=body).status_code == 201
        token: str = client.post("/login", json=body).get_json()["token"]
        return token

    def ask(self, number: int, path: str, method: str = "POST") -> TestResponse:
        """A call of one of the crowd."""
        bearer = {"Authorization": f"Bearer {self.tokens[number]}"}
        return self.app.test_client().open("/api/v1/" + path, method=method, headers=bearer)

    def book(self, copies: int) -> int:
        """A new book."""
        found: int = self.database.one(BOOK, copies, copies)
        return found

    def copies(self, book_id: int) -> tuple[int, ...]:
        """How many are available, lent and held."""
        return tuple(self.database.rows(COPIES, book_id)[0])


@pytest.fixture(scope="module")
def house(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests here; each has books of its own, and none leaves a loan behind."""
    with throw_away(server) as database:
        own = {
            "WATCHHOUSE_DEMO": "1",
            "WATCHHOUSE_DATA": str(tmp_path_factory.mktemp("data")),
            "DATABASE_URL": database.auth_url,
            "AUTH_THREADS": str(CROWD),
        }
        app = auth.app.create_app(read_settings(own), CHEAP_HASHER)
        yield House(app, database)
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(autouse=True)
def everything_comes_back(house: House) -> Iterator[None]:
    """All counts are right after each test, and nobody keeps a book."""
    yield
    assert house.database.one(TIDY) == 0
    house.database.rows("UPDATE loans SET status = 'returned', returned_at = now() WHERE returned_at IS NULL")
    house.database.rows("UPDATE borrowers SET open_loans = 0")


def statuses(answers: list[TestResponse]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def test_the_last_copy_is_lent_to_one(house: House) -> None:
    book_id = house.book(1)
    answers = at_once(lambda number: house.ask(number, f"books/{book_id}/borrow/"), CROWD)
    assert statuses(answers) == [201] + [409] * (CROWD - 1)
    assert house.copies(book_id) == (0, 1, 0)


def test_one_person_at_once_gets_a_book_once(house: House) -> None:
    """Whoever comes second is refused before a loan is tried: a number that is drawn is not given back."""
    book_id, drawn = house.book(CROWD), house.database.one(DRAWN)
    answers = at_once(lambda _: house.ask(0, f"books/{book_id}/borrow/"), CROWD)
    assert statuses(answers) == [201] + [409] * (CROWD - 1)
    assert house.database.one(DRAWN) == drawn + 1
    assert {answer.get_json()["message"] for answer in answers} == {"Book borrowed", "You have this book already"}


def test_one_person_at_once_gets_no_more_than_they_may(house: House) -> None:
    books = [house.book(1) for _ in range(CROWD)]
    answers = at_once(lambda number: house.ask(0, f"books/{books[number]}/borrow/"), CROWD)
    assert statuses(answers) == [201] * 5 + [409] * (CROWD - 5)
    assert sum(house.copies(book_id)[1] for book_id in books) == 5


def test_a_book_comes_back_once(house: House) -> None:
    book_id = house.book(1)
    loan_id = house.ask(0, f"books/{book_id}/borrow/").get_json()["data"]["id"]
    answers = at_once(lambda _: house.ask(0, f"loans/{loan_id}/return/"), CROWD)
    assert statuses(answers) == [200] + [409] * (CROWD - 1)
    assert house.copies(book_id) == (1, 0, 0)


def test_a_loan_is_renewed_as_often_as_it_may_be(house: House) -> None:
    book_id = house.book(1)
    loan_id = house.ask(0, f"books/{book_id}/borrow/").get_json()["data"]["id"]
    answers = at_once(lambda _: house.ask(0, f"loans/{loan_id}/renew/"), CROWD)
    assert statuses(answers) == [200] * 2 + [409] * (CROWD - 2)


def test_a_place_is_taken_once(house: House) -> None:
    book_id = house.book(0)
    answers = at_once(lambda _: house.ask(0, f"books/{book_id}/reserve/"), CROWD)
    assert statuses(answers) == [201] + [409] * (CROWD - 1)
    assert house.database.one("SELECT count(*) FROM reservations WHERE book_id = %s", book_id) == 1


def test_who_joins_while_a_copy_comes_back_is_not_left_waiting(house: House) -> None:
    """Again and again: the one returns, all others reserve; whoever waits, no copy is free meanwhile."""
    for _ in range(6):
        book_id = house.book(1)
        loan_id = house.ask(0, f"books/{book_id}/borrow/").get_json()["data"]["id"]

        def act(number: int, book_id: int = book_id, loan_id: int = loan_id) -> TestResponse:
            return house.ask(number, f"loans/{loan_id}/return/" if number == 0 else f"books/{book_id}/reserve/")

        answers = at_once(act, CROWD)
        rows = house.database.rows("SELECT status FROM reservations WHERE book_id = %s ORDER BY id", book_id)
        assert answers[0].status_code == 200
        assert len(rows) == statuses(answers[1:]).count(201)
        assert house.copies(book_id) == (1, 0, 1 if rows else 0)
        assert [status for (status,) in rows] == ["ready", *["waiting"] * (len(rows) - 1)][: len(rows)]


def test_borrowing_and_reserving_at_once_never_do_both(house: House) -> None:
    for _ in range(6):
        book_id = house.book(1)
        loan_id = house.ask(1, f"books/{book_id}/borrow/").get_json()["data"]["id"]

        def act(number: int, book_id: int = book_id, loan_id: int = loan_id) -> TestResponse:
            paths = [f"books/{book_id}/reserve/", f"books/{book_id}/borrow/", f"loans/{loan_id}/return/"]
            return house.ask(1 if number == 2 else 0, paths[number])

        at_once(act, 3)
        both = """SELECT count(*) FROM reservations r JOIN loans l USING (user_id, book_id)
            WHERE r.ended_at IS NULL AND l.returned_at IS NULL AND r.book_id = %s"""
        assert house.database.one(both, book_id) == 0
        house.ask(0, f"books/{book_id}/reserve/", "DELETE")
