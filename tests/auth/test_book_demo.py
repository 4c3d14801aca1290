"""A demo's library: made once, whole, and with loans that add up; what people did since then stays."""

from flask import Flask

from auth.books.demo import LOANS, make_demo_library
from auth.people import make_demo_people
from auth.settings import read_settings
from tests.auth.reading_room import BOOKS, items, librarian, total
from tests.support.client import Api

WRONG = """SELECT id FROM books b WHERE (borrows, returns, copies_lent) <>
    (SELECT count(*), count(returned_at), count(*) - count(returned_at) FROM loans l WHERE l.book_id = b.id)"""
TIMES = "SELECT sum(lent_seconds) = (SELECT extract(epoch FROM sum(returned_at - borrowed_at)) FROM loans) FROM books"
MADE = sum(len(loans) for loans in LOANS.values())
RETURNED = sum(returned is not None for loans in LOANS.values() for _, _, returned in loans)
OVERDUE_RATE = "SELECT 100.0 * count(*) FILTER (WHERE due_at < now()) / count(*) FROM loans WHERE returned_at IS NULL"


def test_a_demos_library_is_made_once(api: Api, rolled_back_app: Flask) -> None:
    with rolled_back_app.app_context():
        make_demo_people()
        first, again = make_demo_library(), make_demo_library()
    assert first == f"66 demo books made, 0 were there; {MADE} loans made."
    assert again == "0 demo books made, 66 were there; 0 loans made."
    assert (api.rows(WRONG), api.one(TIMES)) == ([], True)
    assert (total(api, "loan"), total(api, "return")) == (MADE, RETURNED)
    assert api.rows(
        "SELECT b.title FROM loans l JOIN books b ON b.id = book_id WHERE due_at < now() AND returned_at IS NULL"
    ) == [("Dune",)]
    threshold = read_settings({"WATCHHOUSE_DEMO": "1"}).alert_overdue_rate
    assert api.one(OVERDUE_RATE) <= threshold, "a fresh demo raises no alert of its own loans"


def test_a_demos_books_are_found(api: Api, rolled_back_app: Flask) -> None:
    with rolled_back_app.app_context():
        make_demo_library()
    anna = api.person()
    assert [book["title"] for book in items(anna, f"{BOOKS}?q=marquez solitude")] == ["One Hundred Years of Solitude"]
    assert len({book["category"] for book in items(anna, f"{BOOKS}?limit=200")}) == 7


def test_a_demo_book_that_was_renamed_is_not_made_again(api: Api, rolled_back_app: Flask) -> None:
    with rolled_back_app.app_context():
        make_demo_library()
        api.rows("UPDATE books SET title = 'Pride' WHERE title = 'Pride and Prejudice'")
        again = make_demo_library()
    assert again == "0 demo books made, 66 were there; 0 loans made."


def test_a_withdrawn_demo_book_stays_away(api: Api, rolled_back_app: Flask) -> None:
    keeper = librarian(api)
    with rolled_back_app.app_context():
        make_demo_library()
    [momo] = items(keeper, f"{BOOKS}?q=momo")
    assert keeper.call("DELETE", f"{BOOKS}{momo['id']}/").status_code == 204
    with rolled_back_app.app_context():
        make_demo_library()
    assert items(keeper, f"{BOOKS}?q=momo") == []
