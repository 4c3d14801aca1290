"""Loans that run out: found once whatever a machine's clock does, each whom they concern told once, or neither."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collector.job import Context
from collector.jobs import mark_overdue
from collector.jobs.mark_overdue import MOST_LISTED, LateLoan, letters_of, summary_of
from standalone.postgres import Server
from tests.auth.remote import at_once
from tests.collector.library import DAY, Library
from tests.support.databases import Database, throw_away
from tests.support.passing_days import pass_days

ContextFor = Callable[..., Context[Any]]
NOW = datetime.now(UTC).replace(microsecond=0)
SECOND = timedelta(seconds=1)
STATES = "SELECT status, overdue_at BETWEEN now() - interval '1 minute' AND now() FROM loans ORDER BY id"


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    """One for all tests here: each empties it."""
    with throw_away(server) as found:
        yield found


@pytest.fixture
def library(database: Database) -> Library:
    """A library with somebody who looks after it, and a channel."""
    made = Library(database)
    made.person("lib", "librarian")
    made.channel()
    return made


def run_at(context_for: ContextFor, moment: datetime) -> None:
    """The job of a collector whose clock says so."""
    mark_overdue.run(context_for(mark_overdue.JOB, lambda: moment))


def test_whoever_is_concerned_is_told_once(library: Library, context_for: ContextFor) -> None:
    anna, bob, gone = library.person("anna"), library.person("bob"), library.person("gone", is_active=False)
    dune, emma, ulysses = (library.book(title, copies=3) for title in ("Dune", "Emma", "Ulysses"))
    library.lend(anna, dune, NOW - DAY)
    library.lend(anna, emma, NOW - 2 * DAY)
    library.lend(bob, dune, NOW - SECOND)
    library.lend(bob, ulysses, NOW + DAY)
    library.lend(gone, ulysses, NOW - SECOND)
    for _ in range(2):
        run_at(context_for, NOW)
    assert library.database.rows(STATES) == [("overdue", True)] * 3 + [("active", None), ("overdue", True)]
    assert library.mails() == [
        ("anna", "Overdue: 2 books"),
        ("bob", "Overdue: Dune"),
        ("lib", "4 loans are overdue"),
        ("Phone", "4 loans are overdue"),
    ]
    bodies = [body for (body,) in library.database.rows("SELECT body FROM outbox ORDER BY id")]
    assert f"Emma, due {NOW - 2 * DAY:%Y-%m-%d}\nDune, due {NOW - DAY:%Y-%m-%d}\n" in bodies[0]
    assert [bodies[2].count(title) for title in ("Dune", "Emma", "Ulysses", "anna")] == [2, 1, 1, 0]


def test_a_clock_that_jumps_finds_a_loan_overdue_once(library: Library, context_for: ContextFor) -> None:
    library.lend(library.person("anna"), library.book("Dune"), NOW + DAY)
    for jump in (0, 30, -30):
        run_at(context_for, NOW + jump * DAY)
    assert (library.database.rows(STATES), library.mails()) == ([("active", None)], [])
    pass_days(library.database, 2)
    for jump in (-30, 0, 30):
        run_at(context_for, NOW + jump * DAY)
    assert library.database.rows(STATES) == [("overdue", True)]
    assert [who for who, _ in library.mails()] == ["anna", "lib", "Phone"]


def test_two_collectors_tell_each_person_once(library: Library, context_for: ContextFor) -> None:
    books = [library.book(f"Book {number}", copies=20) for number in range(2)]
    people = [f"reader{number:02}" for number in range(20)]
    for name in people:
        reader = library.person(name)
        for book in books:
            library.lend(reader, book, NOW - DAY)
    contexts = [context_for(mark_overdue.JOB, lambda: NOW) for _ in range(2)]
    at_once(lambda number: mark_overdue.run(contexts[number]), 2)
    assert [who for who, _ in library.mails()] == [*people, "lib", "Phone"]


def test_while_another_collector_does_it_nothing_is_done(library: Library, context_for: ContextFor) -> None:
    library.lend(library.person("anna"), library.book("Dune"), NOW - DAY)
    connection = psycopg2.connect(library.database.collector_url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('watchhouse overdue'))")
        run_at(context_for, NOW)
    assert library.mails() == []
    connection.rollback()  # answered once the lock is gone; a mere close would not wait
    connection.close()
    run_at(context_for, NOW)
    assert len(library.mails()) == 3


def test_what_cannot_be_told_is_not_marked(library: Library, context_for: ContextFor) -> None:
    library.lend(library.person("anna"), library.book("Dune"), NOW - DAY)
    library.database.rows("REVOKE INSERT ON outbox FROM watchhouse_collector")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        run_at(context_for, NOW)
    library.database.rows("GRANT INSERT ON outbox TO watchhouse_collector")
    assert library.database.rows(STATES) == [("active", None)]
    run_at(context_for, NOW)
    assert [who for who, _ in library.mails()] == ["anna", "lib", "Phone"]


def test_a_loan_in_use_is_left_to_the_next_run(library: Library, context_for: ContextFor) -> None:
    loan = library.lend(library.person("anna"), library.book("Dune"), NOW - DAY)
    with library.in_use("loans", loan):
        run_at(context_for, NOW)
    assert library.mails() == []
    run_at(context_for, NOW)
    assert library.database.rows(STATES) == [("overdue", True)]


def test_more_people_than_one_transaction_takes_are_all_told(
    library: Library, context_for: ContextFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mark_overdue, "MOST_PEOPLE", 2)
    books = [library.book(f"Book {number}", copies=5) for number in range(2)]
    for number in range(5):
        reader = library.person(f"reader{number}")
        for book in books:
            library.lend(reader, book, NOW - DAY)
    run_at(context_for, NOW)
    told = [who for who, subject in library.mails() if subject == "Overdue: 2 books"]
    assert told == [f"reader{number}" for number in range(5)]


late = st.builds(
    LateLoan,
    id=st.integers(1),
    user_id=st.sampled_from("abc"),
    title=st.text(min_size=1, max_size=200),
    due_at=st.datetimes(timezones=st.just(UTC)),
)


@given(st.lists(late, unique_by=lambda loan: loan.id))
@example([LateLoan(1, "a", "Two\nlines", NOW)])
def test_each_loan_is_in_one_letter_and_a_letter_is_one_persons(loans: list[LateLoan]) -> None:
    letters = letters_of(loans)
    owners = {loan.id: loan.user_id for loan in loans}
    assert sorted(owners[letter.loan_id] for letter in letters) == sorted({loan.user_id for loan in loans})
    assert sum(letter.body.count(", due ") for letter in letters) == sum(loan.line.count(", due ") for loan in loans)
    assert all("\n" not in letter.subject for letter in letters)


@pytest.mark.parametrize(
    ("loans", "subject", "last"),
    [(1, "Book 0 is overdue", "Book 0"), (MOST_LISTED, "20 loans are overdue", "Book 19"),
     (10_000, "10,000 loans are overdue", "and 9,980 more")],
)  # fmt: skip
def test_who_looks_after_the_books_reads_a_few_titles_and_the_count(loans: int, subject: str, last: str) -> None:
    said, body = summary_of([LateLoan(number, str(number), f"Book {number}", NOW) for number in range(loans)])
    assert said == subject
    assert body.splitlines()[-1].startswith(last)
    assert len(body.splitlines()) <= MOST_LISTED + 3
