"""/admin/library/: the overview's figures and charts; books added, changed and withdrawn; loans taken back."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.auth.reading_room import add_book, lend
from tests.auth.staff_pages import Desk
from tests.support.client import Api

LIBRARY, BOOKS, LOANS = "/admin/library/", "/admin/library/books/", "/admin/library/loans/"


def late(days: int) -> dict[str, Any]:
    """A loan that has been overdue for so many days."""
    now = datetime.now(UTC)
    return {
        "borrowed_at": now - timedelta(days=days + 14),
        "due_at": now - timedelta(days=days, hours=1),
        "overdue_at": now - timedelta(days=days),
        "status": "overdue",
    }


def text_of(page: str) -> str:
    """A page without its tags, for whoever reads it."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_a_book_is_added_changed_and_withdrawn_and_who_did_it_is_kept(api: Api) -> None:
    desk = Desk(api)
    page = desk.change(
        f"{BOOKS}new/", title="The Castle", author="F. Kafka", category="Novels", isbn="0-306-40615-2", copies_total="3"
    )
    assert "The Castle is in the library." in page
    book = api.one("SELECT id FROM books")
    action, subject, changes = desk.audited()
    assert (action, subject, changes["isbn"]) == ("book.created", str(book), [None, "0306406152"])
    assert "The Castle is saved." in desk.change(f"{BOOKS}{book}/", copies_total="5")
    assert api.rows("SELECT copies_total, copies_available FROM books") == [(5, 5)]
    assert desk.audited() == ("book.changed", str(book), {"copies_total": [3, 5]})
    assert f'href="{BOOKS}{book}/"' in desk.see("/admin/audit/?action=book.changed")
    assert "Nothing was changed." in desk.change(f"{BOOKS}{book}/")
    assert "The Castle is withdrawn." in desk.change(f"{BOOKS}{book}/withdraw/")
    assert desk.audited()[:2] == ("book.withdrawn", str(book))
    assert desk.get(f"{BOOKS}{book}/").status_code == 404
    assert "No such book." in desk.see(BOOKS)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        pytest.param({"title": ""}, "title", "at least 1 character", id="no title"),
        pytest.param({"isbn": "123"}, "isbn", "must be an ISBN", id="broken ISBN"),
        pytest.param({"copies_total": "many"}, "copies_total", "valid integer", id="no number"),
        pytest.param({"copies_total": "-1"}, "copies_total", "greater than or equal to 0", id="fewer than none"),
    ],
)
def test_a_fault_is_said_beside_its_field_with_all_that_was_typed(
    api: Api, fields: dict[str, str], field: str, words: str
) -> None:
    desk = Desk(api)
    answer = desk.send(f"{BOOKS}new/", **{"title": "Kept <b>", "category": "Novels", **fields})
    assert answer.status_code == 422
    fault = re.search(rf'<p class="fault" id="field-{field}-fault">(.*?)</p>', answer.text)
    assert fault
    assert words in fault[1]
    assert ("Kept &lt;b&gt;" in answer.text) == ("title" not in fields)
    assert api.one("SELECT count(*) FROM books") == 0


def test_conflicts_are_said_in_words(api: Api) -> None:
    desk, reader = Desk(api), api.person()
    add_book(desk.person, title="First", isbn="0306406152")
    book = add_book(desk.person, title="Second", copies_total=2)
    answer = desk.send(f"{BOOKS}{book}/", isbn="0306406152")
    assert (answer.status_code, "A book with this ISBN is there already." in answer.text) == (409, True)
    lend(reader, book)
    answer = desk.send(f"{BOOKS}{book}/", copies_total="0")
    assert (answer.status_code, "More copies are lent, or held for who waited." in answer.text) == (409, True)
    page = desk.change(f"{BOOKS}{book}/withdraw/")
    assert "Nothing was done: Copies are lent, or held for who waited." in page
    assert "<h1>Second</h1>" in page
    assert api.rows("SELECT copies_total, deleted_at FROM books WHERE id = %s", book) == [(2, None)]


def test_who_was_overtaken_undoes_nothing_unseen(api: Api) -> None:
    desk = Desk(api)
    book = add_book(desk.person, title="Old title")
    form = desk.form(f"{BOOKS}{book}/")
    desk.person.call("PATCH", f"/api/v1/books/{book}/", {"title": "New title"})
    answer = desk.api.client.post(
        form.action, data={**form.fields, "copies_total": "9"}, headers={"Accept": "text/html"}
    )
    assert (answer.status_code, "Somebody else changed this meanwhile" in answer.text) == (409, True)
    assert api.rows("SELECT title, copies_total FROM books") == [("New title", 1)]


def test_books_are_found_by_words_and_category_and_reading_them_is_no_view(api: Api) -> None:
    desk = Desk(api)
    book = add_book(desk.person, title="The Castle", category="Novels & more")
    add_book(desk.person, title="Emma")
    assert "Emma" not in desk.see(f"{BOOKS}?q=cas")
    link = re.search(r'href="(\?category=[^"]+)">Novels &amp; more', desk.see(f"{BOOKS}?q=&category="))
    assert link
    only = desk.see(BOOKS + link[1].replace("&amp;", "&"))
    assert ("The Castle" in only, "Emma" in only) == (True, False)
    desk.see(f"{BOOKS}{book}/")
    assert api.one("SELECT coalesce(sum(views), 0) FROM book_views") == 0
    assert api.one("SELECT coalesce(sum(total), 0) FROM event_totals WHERE event = 'search'") == 0


def test_staff_takes_a_book_back_and_stays_in_its_list(api: Api) -> None:
    desk, reader = Desk(api), api.person()
    loan = lend(reader, add_book(desk.person, title="The Castle"), **late(3))
    lend(reader, add_book(desk.person, title="Emma"))
    shown = desk.see(f"{LOANS}?status=overdue")
    assert ("The Castle" in shown, "Emma" in shown, reader.email in shown) == (True, False, True)
    action = f"{LOANS}{loan}/return/"
    answer = desk.send(f"{LOANS}?status=overdue", action)
    assert answer.headers["Location"] == f"{LOANS}?status=overdue"
    assert f"The Castle is back from {reader.email}." in desk.see(answer.headers["Location"])
    assert api.one("SELECT status FROM loans WHERE id = %s", loan) == "returned"
    assert desk.audited()[:2] == ("loan.returned", str(loan))
    csrf = desk.form(f"{LOANS}?status=active", "/admin/logout/").fields["csrf_token"][0]
    again = api.client.post(action, data={"csrf_token": csrf, "status": "?x=1"}, headers={"Accept": "text/html"})
    assert (again.status_code, again.headers["Location"]) == (303, LOANS)
    assert "Nothing was done: The book was returned." in desk.see(LOANS)
    assert "Emma" not in desk.see(f"{LOANS}?status=returned").partition('role="alert"')[2]
    api.client.post(f"{LOANS}4711/return/", data={"csrf_token": csrf}, headers={"Accept": "text/html"})
    assert "Nothing was done: There is no such loan." in desk.see(LOANS)


def test_a_librarian_who_is_no_staff_has_no_room_here(api: Api) -> None:
    librarian = api.person(role="librarian")
    assert librarian.call("GET", BOOKS).headers["Location"] == "/admin/login/"


def test_the_overview_draws_what_the_house_lends(api: Api) -> None:
    desk, readers = Desk(api), [api.person() for _ in range(3)]
    castle = add_book(desk.person, title="The Castle", author="F. Kafka", copies_total=4)
    emma = add_book(desk.person, title="Emma", author="J. Austen", copies_total=2)
    lend(readers[1], add_book(desk.person, title="Gone"))
    add_book(desk.person, title="Atlas <1>", category="Maps & more", copies_total=3)
    lend(readers[0], castle, **late(3))
    lend(readers[1], castle, **late(9))
    lend(readers[2], castle, **late(40))
    lend(readers[2], emma, due_at=datetime.now(UTC) + timedelta(days=1))
    page = desk.see(LIBRARY)
    text = text_of(page)
    assert "Copies 10 Available 5 50.00 %" in text
    assert "Loans that run 5 Overdue 3 60.00 %" in text
    assert "Due within 3 days 1" in text
    assert "Category Share lent Lent Available Copies Lent, % Novels 5 2 7 71.43 %" in text
    assert "Maps &amp; more 0 3 3 0.00 %" in text
    assert "1 to 7 days 1 8 to 30 days 1 Over 30 days 1" in text
    assert re.search(rf"Loans that end next Book and reader Due \(UTC\) Emma {readers[2].email} \d{{4}}-", text)
    assert re.search(r"overdue.* critical 60.00 10", text, re.IGNORECASE)
    assert "Most borrowed books Book Share Loans The Castle 3 Emma 1" in text
    assert "Books with 1 or 2 copies left Book Left Of Waiting The Castle F. Kafka 1 4 0 Emma J. Austen 1 2 0" in text
    assert page.count('style="width: 71.4%"') == 1
    assert "Gone" not in text.partition("Loans that end next")[2].partition("Busiest hours")[0]
    assert "Gone" not in text.partition("Books with 1 or 2 copies left")[2]


def test_the_busiest_hour_is_named_and_shaded_deepest(api: Api) -> None:
    desk = Desk(api)
    book = add_book(desk.person, title="The Castle", copies_total=9)
    monday = datetime.now(UTC).replace(hour=9, minute=30) - timedelta(days=7 + datetime.now(UTC).weekday())
    for reader, moment in (
        *((api.person(), monday) for _ in range(5)),
        (api.person(), monday + timedelta(days=2, hours=6)),
        (api.person(), monday - timedelta(days=28)),
    ):
        lend(reader, book, borrowed_at=moment, due_at=moment + timedelta(days=60))
    page = desk.see(LIBRARY)
    assert "on Monday from 09 to 10 UTC: 5 loans in that hour" in text_of(page)
    rows = re.findall(r'<tr><th scope="row">(\w{3})</th>(.*?)</tr>', page)
    cells = {day: re.findall(r"<td(?: class=\"(shade-\d)\")?>(\d*)</td>", row) for day, row in rows}
    found = {(day, hour): cell for day, row in cells.items() for hour, cell in enumerate(row) if cell[1]}
    assert found == {("Mon", 9): ("shade-5", "5"), ("Wed", 15): ("shade-2", "1")}
    assert {day: len(row) for day, row in cells.items()} == dict.fromkeys(cells, 24)


def test_the_overview_tells_of_this_moment_what_is_not_the_monitors(api: Api) -> None:
    desk = Desk(api)
    desk.see(LIBRARY)
    lend(api.person(), add_book(desk.person, title="Emma", copies_total=2))
    text = text_of(desk.see(LIBRARY))
    assert "1 loan in that hour" in text
    assert "Waiting Emma 1 2 0" in text


def test_an_empty_library_says_so(api: Api) -> None:
    page = Desk(api).see(LIBRARY)
    for words in ("No book yet.", "Nothing was borrowed within the last 4 weeks.", "No loan ends within 3 days."):
        assert words in page
