"""Copies that are held for who waited: passed on when they are not fetched, and never held for nobody."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collector.job import Context
from collector.jobs import pass_holds
from standalone.postgres import Server
from tests.auth.remote import at_once
from tests.collector.library import DAY, Library
from tests.support.databases import Database, throw_away
from tests.support.passing_days import pass_days

ContextFor = Callable[..., Context[Any]]
NOW = datetime.now(UTC)
SECOND = timedelta(seconds=1)
FAR = NOW + 365 * DAY


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    """One for all tests here: each empties it."""
    with throw_away(server) as found:
        yield found


@pytest.fixture
def library(database: Database) -> Library:
    """A library that is empty."""
    return Library(database)


def run(context_for: ContextFor, moment: datetime = NOW) -> None:
    """The job of a collector whose clock says so."""
    pass_holds.run(context_for(pass_holds.JOB, lambda: moment, RESERVATION_HOLD_DAYS="2"))


def test_a_copy_that_was_not_fetched_goes_to_the_next_of_the_line(library: Library, context_for: ContextFor) -> None:
    dune, emma = library.book("Dune", copies=2), library.book("Emma")
    anna, bob, cleo = (library.person(name) for name in ("anna", "bob", "cleo"))
    late, next_one, after = library.hold(anna, dune, NOW - SECOND), library.wait(bob, dune), library.wait(cleo, dune)
    library.lend(anna, emma, FAR)
    waiting = library.wait(bob, emma)
    library.lend(library.person("dora"), dune, FAR)
    for _ in range(2):
        run(context_for)
    assert library.places() == {late: "expired", next_one: "ready", after: "waiting", waiting: "waiting"}
    assert (library.held(dune), library.held(emma)) == (1, 0)
    assert library.mails() == [("bob", "Dune is ready for you")]
    [(ready_at, ready_until)] = library.database.rows(
        "SELECT ready_at, ready_until FROM reservations WHERE id = %s", next_one
    )
    assert ready_until - ready_at == 2 * DAY


def test_a_line_stays_as_it_is_whatever_the_clock_of_a_collector_says(
    library: Library, context_for: ContextFor
) -> None:
    dune = library.book("Dune")
    held = library.hold(library.person("anna"), dune, NOW + 2 * DAY)
    bob, cleo = (library.wait(library.person(name), dune) for name in ("bob", "cleo"))
    run(context_for, NOW + 30 * DAY)
    assert library.places() == {held: "ready", bob: "waiting", cleo: "waiting"}
    assert library.mails() == []
    pass_days(library.database, 3)
    for jump in (-30, 30):
        run(context_for, NOW + jump * DAY)
        assert library.places() == {held: "expired", bob: "ready", cleo: "waiting"}
    assert library.mails() == [("bob", "Dune is ready for you")]


def test_a_copy_that_nobody_waits_for_is_free_again(library: Library, context_for: ContextFor) -> None:
    dune = library.book("Dune", copies=2)
    late = library.hold(library.person("anna"), dune, NOW - SECOND)
    held = library.hold(library.person("bob"), dune, NOW + DAY)
    run(context_for)
    assert library.places() == {late: "expired", held: "ready"}
    assert library.held(dune) == 1
    assert library.mails() == []


def test_who_is_disabled_waits_for_nothing(library: Library, context_for: ContextFor) -> None:
    dune, emma = library.book("Dune"), library.book("Emma")
    gone = library.person("gone", is_active=False)
    had, bob = library.hold(gone, dune, FAR), library.wait(library.person("bob"), dune)
    library.lend(library.person("cleo"), emma, FAR)
    waited = library.wait(gone, emma)
    run(context_for)
    assert library.places() == {had: "cancelled", bob: "ready", waited: "cancelled"}
    assert (library.held(dune), library.held(emma)) == (1, 0)
    assert [who for who, _ in library.mails()] == ["bob"]


def test_copies_that_came_from_elsewhere_are_given_in_order(library: Library, context_for: ContextFor) -> None:
    dune = library.book("Dune", copies=2)
    first, second, third = (library.wait(library.person(name), dune) for name in ("anna", "bob", "cleo"))
    run(context_for)
    assert library.places() == {first: "ready", second: "ready", third: "waiting"}
    assert library.held(dune) == 2
    assert [who for who, _ in library.mails()] == ["anna", "bob"]


def test_a_book_in_use_is_left_to_the_next_run(library: Library, context_for: ContextFor) -> None:
    dune = library.book("Dune")
    late = library.hold(library.person("anna"), dune, NOW - SECOND)
    with library.in_use("books", dune):
        run(context_for)
        assert library.places() == {late: "ready"}
    run(context_for)
    assert library.places() == {late: "expired"}


def test_two_collectors_pass_a_copy_on_once(library: Library, context_for: ContextFor) -> None:
    books = [library.book(f"Book {number}") for number in range(20)]
    anna, bob = library.person("anna"), library.person("bob")
    for book in books:
        library.hold(anna, book, NOW - SECOND)
        library.wait(bob, book)
    contexts = [context_for(pass_holds.JOB, lambda: NOW) for _ in range(2)]
    at_once(lambda number: pass_holds.run(contexts[number]), 2)
    assert [library.held(book) for book in books] == [1] * len(books)
    assert len(library.mails()) == len(books)
