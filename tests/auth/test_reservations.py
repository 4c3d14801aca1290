"""The line for a book: who may join it, who is next, what is held for them, who is told."""

import pytest

from tests.auth.reading_room import (
    BOOKS,
    RESERVATIONS,
    add_book,
    borrow,
    cancel,
    copies,
    give_back,
    items,
    lend,
    librarian,
    reserve,
    told,
)
from tests.support.client import Api, Person

MAILED = "SELECT recipient FROM outbox WHERE subject = 'Dune is ready for you' ORDER BY id"
Line = tuple[int, int, Person, list[Person]]


@pytest.fixture
def line(api: Api) -> Line:
    """A book of one copy, the loan of it, who has it, and three who wait."""
    anna, book_id = api.person(), add_book(librarian(api), title="Dune", author="Frank Herbert")
    loan_id = lend(anna, book_id)
    waiting = [api.person() for _ in range(3)]
    for person in waiting:
        assert reserve(person, book_id).status_code == 201
    return book_id, loan_id, anna, waiting


def statuses(api: Api) -> list[str]:
    return [status for (status,) in api.rows("SELECT status FROM reservations ORDER BY id")]


def test_a_place_is_told_with_every_field(api: Api) -> None:
    anna, bob, book_id = api.person(), api.person(), add_book(librarian(api), title="Dune", author="Frank Herbert")
    lend(anna, book_id)
    answer = reserve(bob, book_id)
    place = answer.get_json()["data"]
    [listed] = items(bob, RESERVATIONS)
    assert (answer.status_code, listed) == (201, place)
    del place["id"], place["created_at"]
    assert place == {
        "user": bob.email,
        "book": {"id": book_id, "title": "Dune", "author": "Frank Herbert"},
        "status": "waiting",
        "place": 1,
        "ready_until": None,
        "ended_at": None,
    }


def test_places_are_counted(line: Line) -> None:
    assert [items(person, RESERVATIONS)[0]["place"] for person in line[3]] == [1, 2, 3]


def test_a_copy_that_comes_back_is_held_for_the_first(api: Api, line: Line) -> None:
    book_id, loan_id, anna, (bob, carl, dora) = line
    give_back(anna, loan_id)
    assert (copies(api, book_id), statuses(api)) == ((1, 0, 1), ["ready", "waiting", "waiting"])
    assert api.rows(MAILED) == [(bob.email,)]
    [ready] = items(bob, RESERVATIONS)
    assert (ready["status"], ready["place"]) == ("ready", None)
    assert api.one("SELECT ready_until - ready_at = interval '3 days' FROM reservations WHERE id = %s", ready["id"])
    refused = (409, "No copy is left; you may reserve the book")
    assert [told(borrow(person, book_id)) for person in (anna, carl, dora)] == [refused] * 3
    assert borrow(bob, book_id).status_code == 201
    assert (copies(api, book_id), statuses(api)) == ((0, 1, 0), ["fulfilled", "waiting", "waiting"])


def test_the_line_is_served_in_its_order(api: Api, line: Line) -> None:
    book_id, loan_id, anna, waiting = line
    holder = anna
    for person in waiting:
        give_back(holder, loan_id)
        holder, loan_id = person, lend(person, book_id)
    give_back(holder, loan_id)
    assert (copies(api, book_id), statuses(api)) == ((1, 0, 0), ["fulfilled"] * 3)
    assert [email for (email,) in api.rows(MAILED)] == [person.email for person in waiting]


def test_who_leaves_the_line_is_passed_over(api: Api, line: Line) -> None:
    book_id, loan_id, anna, (bob, carl, _) = line
    assert cancel(bob, book_id).status_code == 204
    give_back(anna, loan_id)
    assert statuses(api) == ["cancelled", "ready", "waiting"]
    assert api.rows(MAILED) == [(carl.email,)]


def test_a_held_copy_that_is_given_up_goes_to_the_next(api: Api, line: Line) -> None:
    book_id, loan_id, anna, waiting = line
    give_back(anna, loan_id)
    seen = []
    for person in waiting:
        assert cancel(person, book_id).status_code == 204
        seen.append(copies(api, book_id))
    assert (seen, statuses(api)) == ([(1, 0, 1), (1, 0, 1), (1, 0, 0)], ["cancelled"] * 3)
    assert [email for (email,) in api.rows(MAILED)] == [person.email for person in waiting]
    assert borrow(anna, book_id).status_code == 201


def test_all_whose_turn_it_is_are_mailed_by_one_statement(api: Api, line: Line) -> None:
    keeper, (book_id, _, _, waiting) = librarian(api), line
    api.rows("RESET ROLE")
    api.rows("CREATE TEMP SEQUENCE inserts")
    api.rows("GRANT USAGE, SELECT ON SEQUENCE inserts TO watchhouse_auth")
    api.rows("""
        CREATE FUNCTION pg_temp.count_insert() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM nextval('inserts'); RETURN NULL; END $$
    """)
    api.rows("CREATE TRIGGER counted AFTER INSERT ON outbox EXECUTE FUNCTION pg_temp.count_insert()")
    api.rows("SET LOCAL ROLE watchhouse_auth")
    assert keeper.call("PATCH", f"{BOOKS}{book_id}/", {"copies_total": 4}).status_code == 200
    assert [email for (email,) in api.rows(MAILED)] == [person.email for person in waiting]
    assert api.one("SELECT last_value FROM inserts WHERE is_called") == 1


def test_who_is_disabled_is_not_mailed(api: Api, line: Line) -> None:
    _, loan_id, anna, (bob, _, _) = line
    api.rows("UPDATE app_users SET is_active = false WHERE id = %s", bob.id)
    give_back(anna, loan_id)
    assert (statuses(api)[0], api.rows(MAILED)) == ("ready", [])


def test_nobody_reserves_what_is_there(api: Api) -> None:
    anna, book_id = api.person(), add_book(librarian(api))
    assert told(reserve(anna, book_id)) == (409, "A copy is left: borrow it")
    assert statuses(api) == []


def test_nobody_reserves_what_they_have_or_wait_for(api: Api, line: Line) -> None:
    book_id, _, anna, (bob, *_) = line
    assert told(reserve(anna, book_id)) == (409, "You have this book already")
    assert told(reserve(bob, book_id)) == (409, "You have reserved this book already")
    assert len(statuses(api)) == 3


def test_who_is_waited_for_cannot_jump_the_line_again(api: Api, line: Line) -> None:
    """Who has brought a book back that others wait for joins the end of the line."""
    book_id, loan_id, anna, _ = line
    give_back(anna, loan_id)
    assert reserve(anna, book_id).get_json()["data"]["place"] == 3


def test_a_full_borrower_keeps_the_held_copy_waiting(api: Api, line: Line) -> None:
    book_id, loan_id, anna, (bob, *_) = line
    api.rows("INSERT INTO borrowers VALUES (%s, 5) ON CONFLICT (user_id) DO UPDATE SET open_loans = 5", bob.id)
    give_back(anna, loan_id)
    assert told(borrow(bob, book_id)) == (409, "You have as many books as you may at once: 5")
    assert (copies(api, book_id), statuses(api)[0]) == ((1, 0, 1), "ready")


def test_only_who_waits_can_give_a_place_up(api: Api, line: Line) -> None:
    book_id, _, anna, _ = line
    refused = (404, "You have not reserved this book")
    assert [told(cancel(anna, book_id)), told(cancel(anna, 10**9))] == [refused, refused]
    assert statuses(api) == ["waiting"] * 3


def test_an_unknown_book_cannot_be_reserved(api: Api) -> None:
    assert told(reserve(api.person(), 10**9)) == (404, "There is no such book")


def test_reservations_of_others_are_for_librarians_and_staff(api: Api, line: Line) -> None:
    _, _, anna, waiting = line
    assert [place["user"] for place in items(waiting[0], RESERVATIONS)] == [waiting[0].email]
    assert anna.call("GET", f"{RESERVATIONS}?all=1").status_code == 403
    keeper = librarian(api)
    assert items(keeper, RESERVATIONS) == []
    first = keeper.call("GET", f"{RESERVATIONS}?all=1&limit=2").get_json()["data"]
    rest = items(keeper, f"{RESERVATIONS}?all=1&limit=2&cursor={first['next']}")
    assert [place["user"] for place in first["items"] + rest] == [person.email for person in reversed(waiting)]


def test_a_repeated_key_takes_one_place(api: Api) -> None:
    anna, book_id = api.person(), add_book(librarian(api), copies_total=0)
    first, again = (
        anna.call("POST", f"/api/v1/books/{book_id}/reserve/", headers={"Idempotency-Key": "one"}) for _ in range(2)
    )
    assert (first.status_code, first.data, statuses(api)) == (201, again.data, ["waiting"])
