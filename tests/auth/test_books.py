"""/api/v1/books/: who may write what, how a book is told, found, looked at, changed and withdrawn."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.books.isbn import read_isbn
from auth.books.words import lexemes_of, queries_of
from tests.auth.reading_room import (
    BOOKS,
    RESERVATIONS,
    add_book,
    borrow,
    copies,
    give_back,
    items,
    lend,
    librarian,
    read_book,
    reserve,
    told,
    total,
)
from tests.support.client import Api, Person

ISBN_13, ISBN_10 = "9780306406157", "080442957X"
TITLES = {
    "catch": ("Catch-22", "Joseph Heller", "Novels"),
    "solaris": ("Solaris", "Stanisław Lem", "Science fiction"),
    "godel": ("Gödel, Escher, Bach: ein Endloses Geflochtenes Band", "Douglas R. Hofstadter", "Science"),
    "histories": ("The Histories", "Herodotus", "History"),
    "history": ("A Brief History of Time", "Stephen Hawking", "Science"),
}


@pytest.fixture
def shelved(api: Api) -> tuple[Person, dict[int, str]]:
    """A librarian, and the names in TITLES of the books by id."""
    keeper = librarian(api)
    named = {
        add_book(keeper, title=title, author=author, category=category): name
        for name, (title, author, category) in TITLES.items()
    }
    return keeper, named


def test_a_book_is_told_with_every_field(api: Api) -> None:
    keeper = librarian(api)
    body = {"title": "Dune", "author": "Frank Herbert", "category": "Novels", "isbn": ISBN_13, "copies_total": 3}
    book_id = keeper.call("POST", BOOKS, body).get_json()["data"]["id"]
    found = read_book(api.person(), book_id)
    moments = [datetime.fromisoformat(found.pop(name)) for name in ("created_at", "updated_at")]
    assert found == {**body, "id": book_id, "copies_available": 3, "views": 1, "borrows": 0}
    assert moments[0] == moments[1]
    assert moments[0].tzinfo


@pytest.mark.parametrize(
    ("rights", "status"),
    [
        ({}, 403),
        ({"role": "teacher"}, 403),
        ({"role": "librarian"}, 201),
        ({"is_staff": True}, 201),
        ({"is_staff": True, "role": "admin"}, 201),
    ],
    ids=["student", "teacher", "librarian", "staff", "admin"],
)
def test_only_librarians_and_staff_write_books(api: Api, rights: dict[str, Any], status: int) -> None:
    person, book_id = api.person(**rights), add_book(librarian(api))
    path, is_allowed = f"{BOOKS}{book_id}/", status == 201
    assert person.call("POST", BOOKS, {"title": "Dune", "category": "Novels"}).status_code == status
    assert person.call("PATCH", path, {"title": "Dune"}).status_code == (200 if is_allowed else 403)
    assert person.call("DELETE", path).status_code == (204 if is_allowed else 403)


def test_nobody_reads_books_without_a_session(api: Api) -> None:
    book_id = add_book(librarian(api))
    anna = api.person()
    api.rows("UPDATE sessions SET ended_at = now() WHERE user_id = %s", anna.id)
    for path in (BOOKS, f"{BOOKS}{book_id}/"):
        assert api.call("GET", path).status_code == 401
        assert anna.call("GET", path).status_code == 401
    assert api.rows("SELECT * FROM book_views") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 201),
        ("title", "two\nlines"),
        ("title", None),
        ("author", "x" * 201),
        ("category", ""),
        ("category", "x" * 101),
        ("isbn", "9780306406158"),
        ("isbn", "0306406153"),
        ("isbn", "97803064061"),
        ("isbn", "٩٧٨٠٣٠٦٤٠٦١٥٧"),
        ("copies_total", -1),
        ("copies_total", 100_001),
        ("copies_total", "3"),
        ("copies_available", 3),
    ],
)
def test_a_wrong_field_is_named(api: Api, field: str, value: Any) -> None:
    keeper = librarian(api)
    book_id = add_book(keeper)
    for answer in (
        keeper.call("POST", BOOKS, {"title": "Dune", "category": "Novels", field: value}),
        keeper.call("PATCH", f"{BOOKS}{book_id}/", {field: value}),
    ):
        assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


@pytest.mark.parametrize(
    ("told_as", "kept"),
    [("978-0-306-40615-7", ISBN_13), ("978 0 306 40615 7", ISBN_13), ("0-8044-2957-x", ISBN_10), (None, None)],
)
def test_an_isbn_is_kept_without_dashes_and_blanks(api: Api, told_as: str | None, kept: str | None) -> None:
    keeper = librarian(api)
    assert read_book(keeper, add_book(keeper, isbn=told_as))["isbn"] == kept


def test_an_isbn_is_one_books_while_it_is_there(api: Api) -> None:
    keeper = librarian(api)
    first, second = add_book(keeper, isbn=ISBN_13), add_book(keeper)
    again = {"title": "Dune", "category": "Novels", "isbn": ISBN_13}
    refused = (409, "A book with this ISBN is there already")
    assert told(keeper.call("POST", BOOKS, again)) == refused
    assert told(keeper.call("PATCH", f"{BOOKS}{second}/", {"isbn": ISBN_13})) == refused
    assert keeper.call("DELETE", f"{BOOKS}{first}/").status_code == 204
    assert keeper.call("POST", BOOKS, again).status_code == 201


@given(st.text("0123456789", min_size=9, max_size=9), st.text("0123456789", min_size=12, max_size=12), st.data())
def test_a_wrong_digit_of_an_isbn_is_found(nine: str, twelve: str, data: st.DataObject) -> None:
    for body, signs in ((nine, "0123456789X"), (twelve, "0123456789")):
        [right] = [body + check for check in signs if read_isbn(body + check)]
        place = data.draw(st.integers(0, len(body) - 1))
        other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != right[place]]))
        assert read_isbn(right[:place] + other + right[place + 1 :]) is None


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=catch", "catch"),
        ("q=CATCH 22", "catch"),
        ("q=22", "catch"),
        ("q=heller jos", "catch"),
        ("q=c", "catch"),
        ("q=lem", "solaris"),
        ("q=stanislaw", "solaris"),
        ("q=godel", "godel"),
        ("q=GÖDEL", "godel"),
        ("q=endlos bach", "godel"),
        ("q=hist", "histories history"),
        ("q=hist time", "history"),
        ("q=a brief history of time by stephen", ""),
        ("q=a brief history of time stephen h", "history"),
        ("q=h h", "catch godel histories history"),
        ("q=h t", "histories history"),
        ("q=histories time", ""),
        ("q=istories", ""),
        ("q=hist&category=Science", "history"),
        ("category=Science", "godel history"),
        ("category=science", ""),
        ("q=s&category=It%27s a \\ %26 more:*", ""),
        ("q=", "catch solaris godel histories history"),
        ("q=%20", "catch solaris godel histories history"),
        ("q=!?", ""),
    ],
)
def test_search(shelved: tuple[Person, dict[int, str]], asked: str, found: str) -> None:
    keeper, named = shelved
    assert [named[book["id"]] for book in items(keeper, f"{BOOKS}?{asked}")] == found.split()


@pytest.mark.parametrize(
    "hostile",
    ["'", "\\", "a:*|b", "!catch", "(", "catch & | !", "<->", "catch:A", "%25", "_", "'; DROP TABLE books; --"],
)
def test_no_sign_of_a_search_means_anything(shelved: tuple[Person, dict[int, str]], hostile: str) -> None:
    keeper, _ = shelved
    answer = keeper.call("GET", f"{BOOKS}?q={hostile}".replace(" ", "%20").replace("&", "%26").replace(";", "%3B"))
    assert answer.status_code == 200
    assert len(answer.get_json()["data"]["items"]) <= 1


@given(st.text(max_size=200))
def test_any_text_is_a_query_of_its_own_words(text: str) -> None:
    words = [part.strip("':*") for query in queries_of(text) if query for part in query.split(" & ")]
    assert set(words) <= set(lexemes_of(text))
    assert all(word.isalnum() for word in words)


def test_an_isbn_finds_its_book(api: Api) -> None:
    keeper = librarian(api)
    book_id, _ = add_book(keeper, isbn=ISBN_13), add_book(keeper)
    for asked in ("978-0-306-40615-7", ISBN_13):
        assert [book["id"] for book in items(keeper, f"{BOOKS}?q={asked}")] == [book_id]


def test_a_search_comes_page_by_page(api: Api) -> None:
    """Also past the books that a search walks over before it asks the index."""
    keeper = librarian(api)
    first = add_book(keeper, title="Sea first")
    api.rows(
        "WITH made AS ("
        " INSERT INTO books (title, category, copies_total, copies_available)"
        " SELECT 'Filler', 'Novels', 0, 0 FROM generate_series(1, 2100) RETURNING id)"
        " INSERT INTO book_words (book_id, words) SELECT id, array_to_tsvector('{filler}') FROM made"
    )
    rest = [add_book(keeper, title=f"Sea {number}, green waves", category=f"It's \\ {number}") for number in range(4)]
    gone = add_book(keeper, title="Sea gone")
    assert keeper.call("DELETE", f"{BOOKS}{gone}/").status_code == 204
    found: list[int] = []
    cursor = 0
    while cursor is not None:
        page = keeper.call("GET", f"{BOOKS}?q=sea&limit=2&cursor={cursor}").get_json()["data"]
        found += [book["id"] for book in page["items"]]
        cursor = page["next"]
    assert found == [first, *rest]
    assert [book["id"] for book in items(keeper, f"{BOOKS}?q=sea 3 green waves")] == [rest[3]]
    assert [book["id"] for book in items(keeper, f"{BOOKS}?q=sea&category=It%27s \\ 2")] == [rest[2]]
    assert len(items(keeper, f"{BOOKS}?q=fil&limit=200")) == 200


def test_a_search_is_counted_once(api: Api) -> None:
    keeper = librarian(api)
    for _ in range(3):
        add_book(keeper, title="Sea")
    first = keeper.call("GET", f"{BOOKS}?q=sea&limit=2").get_json()["data"]
    keeper.call("GET", f"{BOOKS}?q=sea&limit=2&cursor={first['next']}")
    keeper.call("HEAD", f"{BOOKS}?q=sea")
    keeper.call("GET", f"{BOOKS}?category=Novels&q=")
    assert total(api, "search") == 1


def test_reading_one_book_counts_a_view(api: Api) -> None:
    anna, bob = api.person(), api.person()
    book_id = add_book(librarian(api))
    seen = [read_book(person, book_id)["views"] for person in (anna, bob, anna)]
    anna.call("HEAD", f"{BOOKS}{book_id}/")
    items(anna, BOOKS)
    assert seen == [1, 2, 3]
    assert api.rows("SELECT book_id, views FROM book_views") == [(book_id, 3)]


def test_a_changed_title_is_found_by_its_new_words(api: Api) -> None:
    keeper = librarian(api)
    book_id = add_book(keeper, title="Dune", author="Frank Herbert")
    changed = keeper.call("PATCH", f"{BOOKS}{book_id}/", {"title": "Arrakis"}).get_json()["data"]
    assert (changed["title"], changed["author"]) == ("Arrakis", "Frank Herbert")
    assert [len(items(keeper, f"{BOOKS}?q={word}")) for word in ("arrakis herbert", "dune")] == [1, 0]


def test_a_changed_category_is_found_within(api: Api) -> None:
    keeper = librarian(api)
    book_id = add_book(keeper, title="Dune", category="Novels")
    assert keeper.call("PATCH", f"{BOOKS}{book_id}/", {"category": "Science fiction"}).status_code == 200
    found = [len(items(keeper, f"{BOOKS}?q=dune&category={name}")) for name in ("Novels", "Science fiction")]
    assert found == [0, 1]


def test_a_change_to_what_is_so_already_changes_nothing(api: Api) -> None:
    keeper = librarian(api)
    book_id = add_book(keeper, title="Dune", isbn=ISBN_13)
    api.rows("UPDATE books SET updated_at = updated_at - interval '1 day'")
    before, kept = (api.rows(f"SELECT xmin::text, ctid::text, * FROM {name}") for name in ("books", "book_words"))
    same = {"title": "Dune", "category": "Novels", "isbn": "978-0-306-40615-7", "copies_total": 1}
    answer = keeper.call("PATCH", f"{BOOKS}{book_id}/", same)
    assert (answer.status_code, answer.get_json()["data"]["title"]) == (200, "Dune")
    assert api.rows("SELECT xmin::text, ctid::text, * FROM books") == before
    assert api.rows("SELECT xmin::text, ctid::text, * FROM book_words") == kept
    assert api.one("SELECT count(*) FROM audit_log WHERE action = 'book.changed'") == 0


@pytest.mark.parametrize(("method", "path"), [("POST", BOOKS), ("PATCH", f"{BOOKS}{{}}/")], ids=["new", "changed"])
def test_a_session_that_ends_meanwhile_writes_no_book(api: Api, method: str, path: str) -> None:
    keeper = librarian(api)
    book_id = add_book(keeper, title="Dune")
    api.rows("RESET ROLE")
    api.rows("""
        CREATE FUNCTION pg_temp.end_sessions() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN UPDATE sessions SET ended_at = now(); RETURN NULL; END $$
    """)
    api.rows("CREATE TRIGGER late AFTER INSERT OR UPDATE ON books EXECUTE FUNCTION pg_temp.end_sessions()")
    api.rows("SET LOCAL ROLE watchhouse_auth")
    answer = keeper.call(method, path.format(book_id), {"title": "Arrakis", "category": "Novels"})
    assert told(answer) == (401, "The session has ended")
    assert api.rows("SELECT title FROM books") == [("Dune",)]


def test_more_and_fewer_copies(api: Api) -> None:
    keeper, anna = librarian(api), api.person()
    book_id = add_book(keeper, copies_total=2)
    lend(anna, book_id)
    path = f"{BOOKS}{book_id}/"
    seen = []
    for copies_total in (5, 1):
        assert keeper.call("PATCH", path, {"copies_total": copies_total}).status_code == 200
        seen.append(copies(api, book_id))
    assert seen == [(4, 1, 0), (0, 1, 0)]
    refused = keeper.call("PATCH", path, {"copies_total": 0})
    assert told(refused) == (409, "More copies are lent, or held for who waited")
    assert copies(api, book_id) == (0, 1, 0)


def test_copies_that_are_held_cannot_be_taken_away(api: Api) -> None:
    keeper, anna, bob = librarian(api), api.person(), api.person()
    book_id = add_book(keeper)
    loan_id = lend(anna, book_id)
    reserve(bob, book_id)
    give_back(anna, loan_id)
    refused = keeper.call("PATCH", f"{BOOKS}{book_id}/", {"copies_total": 0})
    assert told(refused) == (409, "More copies are lent, or held for who waited")
    assert told(keeper.call("DELETE", f"{BOOKS}{book_id}/")) == (409, "Copies are lent, or held for who waited")


def test_a_copy_more_goes_to_who_waits(api: Api) -> None:
    keeper, anna, bob, carl = librarian(api), api.person(), api.person(), api.person()
    book_id = add_book(keeper)
    lend(anna, book_id)
    for person in (bob, carl):
        assert reserve(person, book_id).status_code == 201
    assert keeper.call("PATCH", f"{BOOKS}{book_id}/", {"copies_total": 2}).status_code == 200
    assert copies(api, book_id) == (1, 1, 1)
    assert [borrow(person, book_id).status_code for person in (carl, bob)] == [409, 201]
    assert api.rows("SELECT recipient FROM outbox WHERE subject LIKE '%%is ready%%'") == [(bob.email,)]


def test_a_withdrawn_book_is_nowhere_and_its_loans_are_told_of(api: Api) -> None:
    keeper, anna = librarian(api), api.person()
    book_id = add_book(keeper, title="Dune")
    loan_id, path = lend(anna, book_id), f"{BOOKS}{book_id}/"
    assert told(keeper.call("DELETE", path)) == (409, "Copies are lent, or held for who waited")
    give_back(anna, loan_id)
    assert keeper.call("DELETE", path).status_code == 204
    gone = [keeper.call("DELETE", path), keeper.call("PATCH", path, {"title": "x"}), anna.call("GET", path)]
    gone += [borrow(anna, book_id), reserve(anna, book_id)]
    assert [answer.status_code for answer in gone] == [404] * 5
    assert [items(anna, f"{BOOKS}?{asked}") for asked in ("", "q=dune", "category=Novels")] == [[], [], []]
    assert [loan["book"]["title"] for loan in items(anna, "/api/v1/loans/")] == ["Dune"]
    assert api.rows("SELECT * FROM book_words") == []


def test_nobody_waits_for_a_withdrawn_book(api: Api) -> None:
    keeper, anna = librarian(api), api.person()
    book_id = add_book(keeper, copies_total=0)
    assert reserve(anna, book_id).status_code == 201
    assert keeper.call("DELETE", f"{BOOKS}{book_id}/").status_code == 204
    assert [place["status"] for place in items(anna, RESERVATIONS)] == ["cancelled"]


def test_a_repeated_key_makes_one_book(api: Api) -> None:
    keeper = librarian(api)
    body, key = {"title": "Dune", "category": "Novels"}, {"Idempotency-Key": "one"}
    first, again = (keeper.call("POST", BOOKS, body, key) for _ in range(2))
    assert (first.status_code, first.data) == (again.status_code, again.data)
    assert len(items(keeper, BOOKS)) == 1


def test_a_change_must_name_a_field(api: Api) -> None:
    keeper = librarian(api)
    answer = keeper.call("PATCH", f"{BOOKS}{add_book(keeper)}/", {})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["body"])
