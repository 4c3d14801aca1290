"""/home/loans/ and /home/books/: a reader borrows, renews, returns and waits, without scripts, and is told why not."""

import re

import pytest

from tests.auth.home_pages import Home
from tests.auth.reading_room import add_book, lend, librarian
from tests.support.client import Api

LOANS, BOOKS = "/home/loans/", "/home/books/"


def buttons(page: str) -> set[str]:
    """What the buttons of a page do, by its forms."""
    return set(re.findall(rf'action="({LOANS}\d+/\w+/|{BOOKS}\d+/\w+/)"', page))


def test_a_reader_finds_borrows_renews_and_returns_a_book(api: Api) -> None:
    book = add_book(librarian(api), title="The Castle")
    add_book(librarian(api), title="Emma")
    home = Home(api)
    assert "Nothing." in home.see(LOANS)
    found = home.see(f"{BOOKS}?q=cast")
    assert ("The Castle" in found, "Emma" in found, "1 of 1 available" in found) == (True, False, True)
    assert "The Castle is yours until" in home.change(f"{BOOKS}?q=cast", f"{BOOKS}{book}/borrow/")
    [(loan, status, due)] = api.rows("SELECT id, status, due_at FROM loans WHERE user_id = %s", home.person.id)
    assert status == "active"
    assert "You have it." in home.see(BOOKS)
    assert buttons(home.see(LOANS)) == {f"{LOANS}{loan}/renew/", f"{LOANS}{loan}/return/"}
    for left in (1, 0):
        page = home.change(LOANS, f"{LOANS}{loan}/renew/")
        assert f"<dt>Renewals left</dt><dd>{left}" in page
    assert "renewed as often as one may" in page
    assert api.one("SELECT due_at FROM loans WHERE id = %s", loan) > due
    assert buttons(page) == {f"{LOANS}{loan}/return/"}
    assert "The Castle is given back." in home.change(LOANS, f"{LOANS}{loan}/return/")
    assert api.one("SELECT status FROM loans WHERE id = %s", loan) == "returned"
    page = home.see(LOANS)
    assert buttons(page) == set()
    assert page.index("What you had") < page.index("The Castle")


def test_who_finds_no_copy_waits_in_the_line_and_fetches_what_is_held(api: Api) -> None:
    book, first, second = add_book(librarian(api), title="The Trial"), api.person(), api.person()
    taken = lend(first, book)
    second.call("POST", f"/api/v1/books/{book}/reserve/")
    home = Home(api)
    assert "No copy left of 1" in home.see(BOOKS)
    assert "a mail tells when a copy is held" in home.change(BOOKS, f"{BOOKS}{book}/reserve/")
    api.person().call("POST", f"/api/v1/books/{book}/reserve/")
    assert "<b>number 2</b> in the line" in home.see(LOANS)
    assert "You wait for it." in home.see(BOOKS)
    assert second.call("DELETE", f"/api/v1/books/{book}/reserve/").status_code == 204
    assert "<b>number 1</b> in the line" in home.see(LOANS)
    assert first.call("POST", f"/api/v1/loans/{taken}/return/").status_code == 200
    assert "Held for you" in home.see(LOANS)
    assert "A copy is held for you." in home.see(BOOKS)
    assert buttons(home.see(BOOKS)) == {f"{BOOKS}{book}/borrow/"}
    assert "The Trial is yours" in home.change(LOANS, f"{BOOKS}{book}/borrow/")
    assert api.rows("SELECT status FROM reservations ORDER BY id") == [("cancelled",), ("fulfilled",), ("waiting",)]


def test_a_place_is_given_up(api: Api) -> None:
    book = add_book(librarian(api), title="The Trial")
    lend(api.person(), book)
    home = Home(api)
    home.change(BOOKS, f"{BOOKS}{book}/reserve/")
    assert "You wait for it no longer." in home.change(LOANS, f"{BOOKS}{book}/cancel/")
    assert api.one("SELECT status FROM reservations") == "cancelled"
    answer = home.post(f"{BOOKS}{book}/cancel/")
    assert (answer.status_code, answer.headers["Location"]) == (303, LOANS)
    assert "Nothing was done: You have not reserved this book." in home.see(LOANS)


@pytest.mark.parametrize(
    ("way", "words"),
    [
        pytest.param("borrow", "No copy is left", id="borrowed meanwhile"),
        pytest.param("reserve", "A copy is left: borrow it", id="returned meanwhile"),
    ],
)
def test_what_a_rule_forbids_is_said_where_the_button_was(api: Api, way: str, words: str) -> None:
    book, other = add_book(librarian(api), title="Ulysses", copies_total=1), api.person()
    home = Home(api)
    if way == "reserve":
        taken = lend(other, book)
    shown = f"{BOOKS}?q=uly%26&category=Novels"
    form = home.form(shown, f"{BOOKS}{book}/{way}/")
    if way == "reserve":
        other.call("POST", f"/api/v1/loans/{taken}/return/")
    else:
        lend(other, book)
    answer = home.post(form.action, q=form.fields["q"][0], category=form.fields["category"][0])
    assert (answer.status_code, answer.headers["Location"]) == (303, shown)
    page = home.see(answer.headers["Location"])
    assert re.search(rf'<p class="refused" role="alert">Nothing was done: {words}.*?</p>', page)
    assert api.one("SELECT count(*) FROM loans WHERE user_id = %s", home.person.id) == 0
    assert api.one("SELECT coalesce(sum(open_loans), 0) FROM borrowers WHERE user_id = %s", home.person.id) == 0


def test_as_many_as_one_may_is_said_in_words(api: Api) -> None:
    home = Home(api)
    for number in range(5):
        lend(home.person, add_book(librarian(api), title=f"Volume {number}"))
    book = add_book(librarian(api), title="Volume 5")
    assert "Nothing was done: You have as many books as you may at once: 5." in home.change(
        BOOKS, f"{BOOKS}{book}/borrow/"
    )
    assert "You may have 5 books at once, each for 14 days" in home.see(LOANS)


def test_an_overdue_book_is_told_clearly_and_not_renewed(api: Api) -> None:
    home, book = Home(api), add_book(librarian(api), title="Late & <Later>")
    loan = lend(home.person, book)
    api.rows(
        "UPDATE loans SET status = 'overdue', overdue_at = now(), borrowed_at = now() - interval '20 days',"
        " due_at = now() - interval '5 days' - interval '1 hour' WHERE id = %s",
        loan,
    )
    page = home.see(LOANS)
    assert "Overdue</span> for 5 days: please give it back." in page
    assert "Late &amp; &lt;Later&gt;" in page
    assert buttons(page) == {f"{LOANS}{loan}/return/"}
    answer = home.post(f"{LOANS}{loan}/renew/")
    assert "Nothing was done: The loan is overdue" in home.see(answer.headers["Location"])


def test_somebody_who_waits_stops_a_renewal(api: Api) -> None:
    home, book = Home(api), add_book(librarian(api), title="Middlemarch")
    loan = lend(home.person, book)
    api.person().call("POST", f"/api/v1/books/{book}/reserve/")
    page = home.see(LOANS)
    assert "somebody waits for it" in page
    assert f"{LOANS}{loan}/renew/" not in buttons(page)


def test_what_others_have_is_neither_seen_nor_touched(api: Api) -> None:
    other, book = api.person(), add_book(librarian(api), title="Hidden", copies_total=2)
    other.call("POST", f"/api/v1/loans/{lend(other, book)}/return/")
    loan = lend(other, book)
    home = Home(api)
    page = home.see(LOANS)
    assert ("Hidden" in page, other.email in page) == (False, False)
    for path, words in (
        (f"{LOANS}{loan}/return/", "There is no such loan"),
        (f"{LOANS}{loan}/renew/", "There is no such loan"),
        (f"{BOOKS}4711/borrow/", "There is no such book"),
        (f"{BOOKS}4711/reserve/", "There is no such book"),
    ):
        assert f"Nothing was done: {words}." in home.see(home.post(path).headers["Location"])
    assert api.one("SELECT status FROM loans WHERE id = %s", loan) == "active"


def test_books_come_by_pages_and_by_category(api: Api) -> None:
    for number in range(3):
        add_book(librarian(api), title=f"Novel {number}")
    add_book(librarian(api), title="Atlas", category="Maps & more")
    home = Home(api)
    page = home.see(f"{BOOKS}?limit=2")
    assert ("Novel 1" in page, "Novel 2" in page, 'rel="next"' in page) == (True, False, True)
    link = re.search(r'rel="next" href="([^"]+)"', page)
    assert link
    assert "Atlas" in home.see(BOOKS + link[1].replace("&amp;", "&"))
    within = f"{BOOKS}?category=Maps+%26+more"
    search = home.form(f"{within}&cursor=1", BOOKS)
    assert search.fields == {"q": [""], "category": ["Maps & more"]}
    assert home.form(f"{BOOKS}?cursor=1", BOOKS).fields == {"q": [""]}
    only = home.see(within)
    assert ("Atlas" in only, "Novel 0" in only) == (True, False)
    assert "No such book." in home.see(f"{BOOKS}?q=%3Cnothing%3E")
    assert home.get(f"{BOOKS}?cursor=x").status_code == 422


def test_a_search_is_counted_once_and_its_next_page_is_not(api: Api) -> None:
    for number in range(3):
        add_book(librarian(api), title=f"Novel {number}")
    home = Home(api)
    for nothing in ("", "?q=", "?q=+"):
        home.see(BOOKS + nothing)
    assert api.one("SELECT coalesce(sum(total), 0) FROM event_totals WHERE event = 'search'") == 0
    page = home.see(f"{BOOKS}?q=novel&limit=2")
    link = re.search(r'rel="next" href="([^"]+)"', page)
    assert link
    home.see(BOOKS + link[1].replace("&amp;", "&"))
    assert api.client.head(f"{BOOKS}?q=novel").status_code == 200
    assert api.one("SELECT sum(total) FROM event_totals WHERE event = 'search'") == 1
