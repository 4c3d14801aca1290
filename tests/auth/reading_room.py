"""What tests of the library do all the time: books added, borrowed, brought back, waited for; how it stands then."""

import itertools
from typing import Any

from werkzeug.test import TestResponse

from tests.support.client import Api, Person

BOOKS, LOANS, RESERVATIONS = "/api/v1/books/", "/api/v1/loans/", "/api/v1/reservations/"

_numbers = itertools.count(1)


def librarian(api: Api) -> Person:
    """Somebody who may write books and loans, and is no staff."""
    return api.person(role="librarian")


def add_book(keeper: Person, **fields: Any) -> int:
    """A new book's id; of one copy, unless told otherwise."""
    answer = keeper.call("POST", BOOKS, {"title": f"Book {next(_numbers):06}", "category": "Novels", **fields})
    assert answer.status_code == 201, answer.text
    book_id: int = answer.get_json()["data"]["id"]
    return book_id


def read_book(person: Person, book_id: int) -> dict[str, Any]:
    """A book as it is shown."""
    answer = person.call("GET", f"{BOOKS}{book_id}/")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()["data"]
    return found


def borrow(person: Person, book_id: int, **headers: str) -> TestResponse:
    """Ask for a copy."""
    return person.call("POST", f"{BOOKS}{book_id}/borrow/", headers=headers)


def lend(person: Person, book_id: int, **columns: Any) -> int:
    """The id of a new loan; `columns` are set afterwards, as time would."""
    answer = borrow(person, book_id)
    assert answer.status_code == 201, answer.text
    loan_id: int = answer.get_json()["data"]["id"]
    for column, value in columns.items():
        person.api.rows(f"UPDATE loans SET {column} = %s WHERE id = %s", value, loan_id)
    return loan_id


def give_back(person: Person, loan_id: int, **headers: str) -> TestResponse:
    """Bring a book back."""
    return person.call("POST", f"{LOANS}{loan_id}/return/", headers=headers)


def renew(person: Person, loan_id: int) -> TestResponse:
    """Ask to keep a book for longer."""
    return person.call("POST", f"{LOANS}{loan_id}/renew/")


def reserve(person: Person, book_id: int) -> TestResponse:
    """Join the line."""
    return person.call("POST", f"{BOOKS}{book_id}/reserve/")


def cancel(person: Person, book_id: int) -> TestResponse:
    """Leave the line."""
    return person.call("DELETE", f"{BOOKS}{book_id}/reserve/")


def items(person: Person, path: str) -> list[dict[str, Any]]:
    """A page of a list."""
    answer = person.call("GET", path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.get_json()["data"]["items"]
    return found


def copies(api: Api, book_id: int) -> tuple[int, int, int]:
    """How many copies are available, lent, and held."""
    [found] = api.rows("SELECT copies_available, copies_lent, copies_held FROM books WHERE id = %s", book_id)
    return found[0], found[1], found[2]


def told(answer: TestResponse) -> tuple[int, str]:
    """The status, and what the answer says."""
    return answer.status_code, answer.get_json()["message"]


def total(api: Api, event: str) -> int:
    """How often something happened."""
    found: int = api.one("SELECT coalesce(sum(total), 0)::int FROM event_totals WHERE event = %s", event)
    return found
