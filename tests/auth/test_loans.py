"""Borrowing, returning and renewing: the terms by role, every refusal, who may do what, what is counted."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import ANY

import pytest

from tests.auth.reading_room import (
    LOANS,
    add_book,
    borrow,
    copies,
    give_back,
    items,
    lend,
    librarian,
    read_book,
    renew,
    reserve,
    told,
    total,
)
from tests.support.client import Api, Person

NO_LOAN = (404, "There is no such loan")
TERMS = [
    pytest.param({}, 14, 5, id="student"),
    pytest.param({"role": "teacher"}, 30, 10, id="teacher"),
    pytest.param({"role": "librarian"}, 30, 20, id="librarian"),
    pytest.param({"is_staff": True, "role": "admin"}, 30, 20, id="admin"),
]
MAKE_BOOKS = """INSERT INTO books (title, category, copies_total, copies_available)
    SELECT 'Book', 'Novels', 1, 1 FROM generate_series(1, %s) RETURNING id"""
AUDITED = """SELECT user_id::text, action, subject_id, changes FROM audit_log WHERE subject_type = 'loan' ORDER BY id"""
OPEN_LOANS = "SELECT coalesce(sum(open_loans), 0)::int FROM borrowers"


def days(loan: dict[str, Any]) -> timedelta:
    return datetime.fromisoformat(loan["due_at"]) - datetime.fromisoformat(loan["borrowed_at"])


def age(api: Api, loan_id: int, by: int) -> None:
    """As if it had been borrowed `by` days earlier."""
    change = "UPDATE loans SET borrowed_at = borrowed_at - %s, due_at = due_at - %s WHERE id = %s"
    api.rows(change, timedelta(days=by), timedelta(days=by), loan_id)


@pytest.fixture
def lent(api: Api) -> tuple[Person, int, int]:
    """A borrower, their loan and its book, of one copy."""
    anna, book_id = api.person(), add_book(librarian(api), title="Dune", author="Frank Herbert")
    return anna, lend(anna, book_id), book_id


def test_a_loan_is_told_with_every_field(api: Api) -> None:
    anna, book_id = api.person(), add_book(librarian(api), title="Dune", author="Frank Herbert")
    answer = borrow(anna, book_id)
    loan = answer.get_json()["data"]
    [listed] = items(anna, LOANS)
    assert (answer.status_code, answer.get_json()["success"], listed) == (201, True, loan)
    assert days(loan) == timedelta(days=14)
    del loan["id"], loan["borrowed_at"], loan["due_at"]
    assert loan == {
        "user": anna.email,
        "book": {"id": book_id, "title": "Dune", "author": "Frank Herbert"},
        "returned_at": None,
        "status": "active",
        "renewals": 0,
    }


@pytest.mark.parametrize(("rights", "span", "most"), TERMS)
def test_terms_go_by_role(api: Api, rights: dict[str, Any], span: int, most: int) -> None:
    person = api.person(**rights)
    *first, last = (row[0] for row in api.rows(MAKE_BOOKS, most + 1))
    loans = [borrow(person, book_id).get_json()["data"] for book_id in first]
    assert {days(loan) for loan in loans} == {timedelta(days=span)}
    assert told(borrow(person, last)) == (409, f"You have as many books as you may at once: {most}")
    assert copies(api, last) == (1, 0, 0)
    assert api.one("SELECT open_loans FROM borrowers WHERE user_id = %s", person.id) == most
    give_back(person, loans[0]["id"])
    assert borrow(person, last).status_code == 201


def test_borrowing_moves_a_copy_and_is_counted(api: Api) -> None:
    keeper, anna = librarian(api), api.person()
    book_id = add_book(keeper, copies_total=3)
    loan_id = lend(anna, book_id)
    assert (copies(api, book_id), read_book(keeper, book_id)["borrows"]) == ((2, 1, 0), 1)
    assert (total(api, "loan"), total(api, "return"), api.one(OPEN_LOANS)) == (1, 0, 1)
    assert give_back(anna, loan_id).status_code == 200
    assert (copies(api, book_id), read_book(keeper, book_id)["borrows"]) == ((3, 0, 0), 1)
    assert (total(api, "loan"), total(api, "return"), api.one(OPEN_LOANS)) == (1, 1, 0)
    assert api.one("SELECT returns FROM books WHERE id = %s", book_id) == 1


def test_the_last_copy_is_lent_once(api: Api, lent: tuple[Person, int, int]) -> None:
    _, _, book_id = lent
    bob = api.person()
    assert told(borrow(bob, book_id)) == (409, "No copy is left; you may reserve the book")
    assert (copies(api, book_id), items(bob, LOANS), total(api, "loan")) == ((0, 1, 0), [], 1)
    assert api.one("SELECT count(*) FROM borrowers WHERE user_id = %s", bob.id) == 0


def test_nobody_borrows_the_same_book_twice(api: Api) -> None:
    anna, book_id = api.person(), add_book(librarian(api), copies_total=2)
    first = lend(anna, book_id)
    assert told(borrow(anna, book_id)) == (409, "You have this book already")
    assert copies(api, book_id) == (1, 1, 0)
    give_back(anna, first)
    assert borrow(anna, book_id).status_code == 201


def test_an_unknown_book_cannot_be_borrowed(api: Api) -> None:
    anna = api.person()
    assert told(borrow(anna, 10**9)) == (404, "There is no such book")
    assert api.one(OPEN_LOANS) == 0


def test_a_returned_loan_tells_how_long_it_was(api: Api, lent: tuple[Person, int, int]) -> None:
    anna, loan_id, book_id = lent
    age(api, loan_id, 3)
    loan = give_back(anna, loan_id).get_json()["data"]
    assert (loan["status"], loan["id"]) == ("returned", loan_id)
    assert datetime.fromisoformat(loan["returned_at"]) - datetime.fromisoformat(loan["borrowed_at"]) == timedelta(3)
    assert api.one("SELECT lent_seconds FROM books WHERE id = %s", book_id) == 3 * 86_400


def test_a_clock_that_went_back_ends_no_loan_before_it_began(api: Api, lent: tuple[Person, int, int]) -> None:
    anna, loan_id, book_id = lent
    age(api, loan_id, -2)
    loan = give_back(anna, loan_id).get_json()["data"]
    assert loan["returned_at"] == loan["borrowed_at"]
    assert api.one("SELECT lent_seconds FROM books WHERE id = %s", book_id) == 0


def test_a_book_is_returned_once(api: Api, lent: tuple[Person, int, int]) -> None:
    anna, loan_id, book_id = lent
    assert give_back(anna, loan_id).status_code == 200
    for person in (anna, librarian(api)):
        assert told(give_back(person, loan_id)) == (409, "The book was returned")
    assert (copies(api, book_id), total(api, "return"), api.one(OPEN_LOANS)) == ((1, 0, 0), 1, 0)


def test_an_overdue_book_comes_back(api: Api, lent: tuple[Person, int, int]) -> None:
    anna, loan_id, book_id = lent
    age(api, loan_id, 20)
    api.rows("UPDATE loans SET status = 'overdue', overdue_at = now()")
    assert [loan["status"] for loan in items(anna, LOANS)] == ["overdue"]
    assert give_back(anna, loan_id).get_json()["data"]["status"] == "returned"
    assert api.one("SELECT overdue_at IS NOT NULL FROM loans WHERE id = %s", loan_id)
    assert copies(api, book_id) == (1, 0, 0)


@pytest.mark.parametrize(
    ("rights", "may"),
    [
        ({}, False),
        ({"role": "teacher"}, False),
        ({"role": "librarian"}, True),
        ({"is_staff": True}, True),
        ({"is_staff": True, "role": "admin"}, True),
    ],
    ids=["student", "teacher", "librarian", "staff", "admin"],
)
def test_loans_of_others_are_for_librarians_and_staff(
    api: Api, lent: tuple[Person, int, int], rights: dict[str, Any], may: bool
) -> None:
    anna, loan_id, _ = lent
    person = api.person(**rights)
    assert len(items(person, LOANS)) == (1 if may else 0)
    assert items(person, f"{LOANS}?own=1") == []
    renewed, returned = renew(person, loan_id), give_back(person, loan_id)
    if not may:
        assert [told(renewed), told(returned)] == [NO_LOAN, NO_LOAN]
        assert [loan["status"] for loan in items(anna, LOANS)] == ["active"]
        return
    assert (renewed.status_code, returned.status_code) == (200, 200)
    assert (renewed.get_json()["data"]["user"], returned.get_json()["data"]["user"]) == (anna.email, anna.email)
    assert api.one("SELECT open_loans FROM borrowers WHERE user_id = %s", anna.id) == 0


def test_what_is_done_to_a_loan_of_others_is_in_the_audit_log(api: Api, lent: tuple[Person, int, int]) -> None:
    anna, loan_id, _ = lent
    keeper = librarian(api)
    assert renew(anna, loan_id).status_code == 200
    before = api.one("SELECT due_at FROM loans WHERE id = %s", loan_id)
    due, ended = (act(keeper, loan_id).get_json()["data"] for act in (renew, give_back))
    assert told(give_back(keeper, loan_id))[0] == 409
    own = lend(keeper, lent[2])
    assert (renew(keeper, own).status_code, give_back(keeper, own).status_code) == (200, 200)
    entries = api.rows(AUDITED)
    assert entries == [
        (keeper.id, "loan.renewed", str(loan_id), {"due_at": [before.isoformat(), ANY], "renewals": [1, 2]}),
        (keeper.id, "loan.returned", str(loan_id), {"returned_at": [None, ANY]}),
    ]
    moments = [entries[0][3]["due_at"][1], entries[1][3]["returned_at"][1]]
    assert [datetime.fromisoformat(moment) for moment in moments] == [
        datetime.fromisoformat(due["due_at"]),
        datetime.fromisoformat(ended["returned_at"]),
    ]


def test_an_unknown_loan_is_none(api: Api) -> None:
    keeper = librarian(api)
    assert [told(give_back(keeper, 10**9)), told(renew(keeper, 10**9))] == [NO_LOAN, NO_LOAN]


def test_a_loan_is_renewed_twice(api: Api, lent: tuple[Person, int, int]) -> None:
    anna, loan_id, _ = lent
    loans = [renew(anna, loan_id).get_json()["data"] for _ in range(2)]
    assert [(days(loan), loan["renewals"]) for loan in loans] == [(timedelta(days=28), 1), (timedelta(days=42), 2)]
    assert told(renew(anna, loan_id)) == (409, "The loan was renewed as often as it may be")
    assert days(items(anna, LOANS)[0]) == timedelta(days=42)


def test_a_renewal_goes_by_the_borrowers_role_whoever_renews(api: Api, lent: tuple[Person, int, int]) -> None:
    _, loan_id, _ = lent
    assert days(renew(librarian(api), loan_id).get_json()["data"]) == timedelta(days=28)


@pytest.mark.parametrize("found", [False, True], ids=["not found yet", "found"])
def test_an_overdue_loan_is_not_renewed(api: Api, lent: tuple[Person, int, int], found: bool) -> None:
    anna, loan_id, _ = lent
    age(api, loan_id, 14)
    if found:
        api.rows("UPDATE loans SET status = 'overdue', overdue_at = now()")
    assert told(renew(anna, loan_id)) == (409, "The loan is overdue: the book must be returned")
    assert api.one("SELECT renewals FROM loans WHERE id = %s", loan_id) == 0


def test_a_returned_loan_is_not_renewed(lent: tuple[Person, int, int]) -> None:
    anna, loan_id, _ = lent
    give_back(anna, loan_id)
    assert told(renew(anna, loan_id)) == (409, "The book was returned")


def test_a_loan_is_not_renewed_while_somebody_waits(api: Api, lent: tuple[Person, int, int]) -> None:
    anna, loan_id, book_id = lent
    bob = api.person()
    reserve(bob, book_id)
    assert told(renew(anna, loan_id)) == (409, "Somebody waits for this book")
    bob.call("DELETE", f"/api/v1/books/{book_id}/reserve/")
    assert renew(anna, loan_id).status_code == 200


def test_loans_come_newest_first_page_by_page(api: Api) -> None:
    anna, keeper = api.person(), librarian(api)
    loans = [lend(anna, add_book(keeper)) for _ in range(3)]
    give_back(anna, loans[1])
    for person in (anna, keeper):
        first = person.call("GET", f"{LOANS}?limit=2").get_json()["data"]
        rest = person.call("GET", f"{LOANS}?limit=2&cursor={first['next']}").get_json()["data"]
        assert [loan["id"] for loan in first["items"] + rest["items"]] == loans[::-1]
        assert rest["next"] is None
        by_status = {
            status: [loan["id"] for loan in items(person, f"{LOANS}?status={status}")]
            for status in ("active", "overdue", "returned")
        }
        assert by_status == {"active": [loans[2], loans[0]], "overdue": [], "returned": [loans[1]]}


def test_an_unknown_status_is_named(api: Api) -> None:
    answer = api.person().call("GET", f"{LOANS}?status=lost")
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["status"])


def test_a_repeated_key_borrows_and_returns_once(api: Api) -> None:
    anna, book_id = api.person(), add_book(librarian(api), copies_total=2)
    key = {"Idempotency-Key": "one"}
    first, again = borrow(anna, book_id, **key), borrow(anna, book_id, **key)
    assert (first.status_code, first.data, copies(api, book_id)) == (201, again.data, (1, 1, 0))
    loan_id = first.get_json()["data"]["id"]
    first, again = give_back(anna, loan_id, **key), give_back(anna, loan_id, **key)
    assert (first.status_code, first.data, copies(api, book_id)) == (200, again.data, (2, 0, 0))
    assert (total(api, "loan"), total(api, "return")) == (1, 1)


def test_a_refusal_may_be_asked_again_by_its_key(api: Api, lent: tuple[Person, int, int]) -> None:
    anna, loan_id, book_id = lent
    bob, key = api.person(), {"Idempotency-Key": "one"}
    refused = borrow(bob, book_id, **key).status_code
    give_back(anna, loan_id)
    assert (refused, borrow(bob, book_id, **key).status_code) == (409, 201)


def test_nobody_lends_without_a_token(api: Api) -> None:
    paths = ("books/1/borrow/", "books/1/reserve/", "loans/1/return/", "loans/1/renew/")
    assert [api.call("POST", f"/api/v1/{path}").status_code for path in paths] == [401] * 4
    assert [api.call("GET", path).status_code for path in (LOANS, "/api/v1/reservations/")] == [401] * 2
