"""Lending under faults: crowds, kill -9 in the middle of a change, clocks that jump.

Whatever was answered is what is stored, once; and each figure of books, people and events is the number of its records.
"""

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg2
import pytest

from collector.jobs import mark_overdue, pass_holds
from tests.collector.daemons import Daemon
from tests.support.databases import Database, throw_away
from tests.support.journal_house import run_at
from tests.support.lending_house import UNEQUAL, LendingHouse, run_lending_house
from tests.support.long_runs import IS_LONG, Tell
from tests.support.passing_days import pass_days
from tests.support.readers import Answer, Crowd, Reader, lending
from tests.support.waiting import wait_for

AT_ONCE = 100
ROUNDS = 20 if IS_LONG else 1
SEEDS = range(5) if IS_LONG else range(1)
KILLS = 40 if IS_LONG else 4
BETWEEN = (1, 200) if IS_LONG else (1, 60)  # deeds that end between two kills
DENSE_DEEDS = 50_000 if IS_LONG else 800
PASSES = 50 if IS_LONG else 4  # of the collector's jobs over what the crowd does
LATE = 5_000
NIGHTS = 10 if IS_LONG else 1
DAY = timedelta(days=1)
UNFETCHED = 1_200  # more than one transaction passes on
SUPPORT = Path(__file__).parents[1] / "support"
LATE_LOANS = (SUPPORT / "late_loans.sql").read_text(encoding="utf-8")
UNFETCHED_HOLDS = (SUPPORT / "unfetched_holds.sql").read_text(encoding="utf-8")
LIMIT = 1800 if IS_LONG else 120
MAILED = """SELECT count(*)::int FROM outbox
    WHERE subject LIKE '%% is ready for you'
    AND recipient IN (SELECT email FROM app_users WHERE id = ANY (%s::uuid[]))"""
READY = "SELECT count(*)::int FROM reservations WHERE ready_at IS NOT NULL AND user_id = ANY (%s::uuid[])"
LOANS = "SELECT id, renewals, returned_at IS NOT NULL FROM loans WHERE user_id = ANY (%s::uuid[])"
OVERDUE = "SELECT count(*)::int FROM loans WHERE status = 'overdue'"
IN_THE_MIDDLE = """SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%%' || %s || '%%'"""
LEFT = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'watchhouse_collector'"
TOLD = "SELECT recipient, count(*)::int FROM outbox WHERE subject LIKE 'Overdue: %%' GROUP BY recipient"
HANDED = "SELECT recipient, subject FROM outbox WHERE subject LIKE '%% is ready for you' ORDER BY id"
IN_LINE = "SELECT split_part(email, ' ', 1), status FROM reservations JOIN app_users u ON u.id = user_id"
TOLD_STAFF = "SELECT subject FROM outbox WHERE recipient = 'librarian@example.com'"
LIBRARIAN = """INSERT INTO app_users (email, password_hash, role)
    VALUES ('librarian@example.com', 'none', 'librarian')"""
PLACES = "SELECT id FROM reservations WHERE user_id = ANY (%s::uuid[])"

pytestmark = pytest.mark.timeout(LIMIT)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LendingHouse]:
    """One for all trials here, one after the other; each has people and books of its own."""
    with run_lending_house(tmp_path_factory.mktemp("lending")) as found:
        yield found


@pytest.fixture
def shelves(house: LendingHouse) -> Iterator[Database]:
    """A database that only the collector looks at, with a librarian."""
    with throw_away(house.server) as found:
        found.rows(LIBRARIAN)
        yield found


def test_of_a_hundred_who_ask_for_the_last_copy_at_once_one_gets_it(house: LendingHouse) -> None:
    crowd = house.enroll(AT_ONCE)
    for book in house.add_books(*[1] * ROUNDS):
        answers = ask_at_once(crowd, book)
        assert Counter(answer.status for answer in answers) == {201: 1, 409: AT_ONCE - 1}
        [refusal] = {answer.body["message"] for answer in answers if not answer.is_done}
        assert "No copy is left" in refusal
        [winner] = [answer.body["data"]["id"] for answer in answers if answer.is_done]
        assert house.database.rows("SELECT id FROM loans WHERE book_id = %s", book) == [(winner,)]
    assert house.unequal() == []


def test_a_crowd_and_the_collector_over_few_books_are_never_in_each_others_way(house: LendingHouse, tell: Tell) -> None:
    people, books = house.enroll(10), house.add_books(1, 2, 4)
    with lending(people * 5, books, seed=1) as crowd:
        for number in range(1, PASSES + 1):
            await_deeds(crowd, number * DENSE_DEEDS // PASSES)
            pass_days(house.database, 100)
            collect(house.database, datetime.now(UTC))
    tell("a crowd", figures(crowd))
    assert [deed for deed in crowd.deeds if deed.before] == []
    assert_exact(house, people, crowd)
    assert_of_all_kinds(crowd, "borrow", "give back", "reserve")  # hardly any loan is neither awaited nor overdue


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_killed_each_deed_is_done_once_and_all_copies_are_there(
    house: LendingHouse, seed: int, tell: Tell
) -> None:
    people, books = house.enroll(16), house.add_books(1, 2, 3, 5)
    with lending(people, books, seed=seed) as crowd:
        kill_at_random(house, crowd, books, random.Random(seed))
    tell(f"kills, seed {seed}", figures(crowd))
    assert sum(bool(deed.before) for deed in crowd.deeds) >= KILLS
    assert_exact(house, people, crowd)
    assert_of_all_kinds(crowd, "borrow", "give back", "renew", "reserve")


def test_a_clock_that_jumps_makes_no_loan_overdue_early_or_twice(shelves: Database) -> None:
    now = datetime.now(UTC)
    lend(shelves, 3, due=now + DAY)
    lend(shelves, 2, due=now + 35 * DAY)
    found = []
    for days, jump in ((0, 40), (0, -30), (2, -30), (0, 0), (0, 40), (35, -400), (0, 41)):
        pass_days(shelves, days)
        collect(shelves, now + jump * DAY)
        found.append((shelves.one(OVERDUE), len(told(shelves)), len(shelves.rows(TOLD_STAFF))))
    assert found == [(0, 0, 0)] * 2 + [(3, 3, 1)] * 3 + [(5, 5, 2)] * 2
    assert set(told(shelves).values()) == {1}


def test_killed_while_it_marks_loans_each_borrower_is_mailed_once(shelves: Database, tmp_path: Path) -> None:
    for night in range(1, NIGHTS + 1):
        lend(shelves, LATE, due=datetime.now(UTC) - DAY)
        kill_in_the_middle(shelves, tmp_path, "queue_borrower_mails")
        assert (shelves.one(OVERDUE), len(told(shelves))) == ((night - 1) * LATE, (night - 1) * LATE)
        with ThreadPoolExecutor(2) as collectors:
            list(collectors.map(lambda _: collect(shelves, datetime.now(UTC)), range(2)))
        assert (shelves.one(OVERDUE), Counter(told(shelves).values())) == (night * LATE, {1: night * LATE})
        assert shelves.rows(TOLD_STAFF) == [(f"{LATE:,} loans are overdue",)] * night


def test_killed_while_it_passes_copies_on_each_goes_to_the_next_in_line_once(shelves: Database, tmp_path: Path) -> None:
    mails: list[tuple[str, str]] = []
    for night in range(1, NIGHTS + 1):
        name, before = f"night {night}", places(shelves)
        change(shelves, UNFETCHED_HOLDS, name=name, books=UNFETCHED)
        unfetched = {("late", "ready"): UNFETCHED, ("next", "waiting"): UNFETCHED, ("last", "waiting"): UNFETCHED}
        kill_in_the_middle(shelves, tmp_path, "queue_waiting_mails")
        assert (places(shelves), shelves.rows(HANDED)) == (before + Counter(unfetched), mails)
        with ThreadPoolExecutor(2) as collectors:
            list(collectors.map(lambda _: collect(shelves, datetime.now(UTC)), range(2)))
        passed_on = {("late", "expired"): UNFETCHED, ("next", "ready"): UNFETCHED, ("last", "waiting"): UNFETCHED}
        assert places(shelves) == before + Counter(passed_on)
        mails += [(f"next of {name}@example.com", f"{name} {n} is ready for you") for n in range(1, UNFETCHED + 1)]
        assert Counter(shelves.rows(HANDED)) == Counter(mails)
        mails = shelves.rows(HANDED)
        assert shelves.rows(UNEQUAL) == []


def places(database: Database) -> Counter[tuple[str, str]]:
    """How many places in lines, by who has them and how they stand."""
    return Counter(database.rows(IN_LINE))


def lend(database: Database, people: int, due: datetime) -> None:
    """So many people have a book until then."""
    change(database, LATE_LOANS, people=people, due=due)


def change(database: Database, statement: str, **values: Any) -> None:
    """Run what takes its values by name."""
    with closing(psycopg2.connect(database.owner_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values)


def collect(database: Database, moment: datetime) -> None:
    """What a collector does about lending whose clock tells that moment."""
    for job in (mark_overdue.JOB, pass_holds.JOB):
        run_at(database.collector_url, job, moment)


def told(database: Database) -> dict[str, int]:
    """How many mails of an overdue book each person got."""
    return dict(database.rows(TOLD))


def kill_in_the_middle(database: Database, folder: Path, telling: str) -> None:
    """kill -9 a collector that has changed much and not told of it yet; its change has come to nothing in the end."""
    with closing(psycopg2.connect(database.owner_url)) as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE outbox IN SHARE MODE")
        collector = Daemon(folder / "anna.log", "anna", DATABASE_URL=database.collector_url)
        try:
            collector.wait(lambda: bool(database.rows(IN_THE_MIDDLE, telling)), "it tells of what it did", limit=20)
        finally:
            collector.kill()
    wait_for(lambda: not database.rows(LEFT), what="PostgreSQL has noticed")


def ask_at_once(people: list[Reader], book: int) -> list[Answer]:
    """What each is answered; all are ready before the first asks, half of them with a key."""
    ready = Barrier(len(people))

    def ask(number: int) -> Answer:
        ready.wait(30)
        key = f"key of {number}" if number % 2 else ""
        return people[number].ask_once("POST", f"/api/v1/books/{book}/borrow/", key)

    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(ask, range(len(people))))


def kill_at_random(house: LendingHouse, crowd: Crowd, books: list[int], chance: random.Random) -> None:
    """kill -9, each kind as often, while somebody is in the middle of changing a book; deeds end between two."""
    kinds = [house.kill_worker, house.kill_backend, house.kill_auth, house.kill_database]
    for number in range(KILLS):
        await_deeds(crowd, len(crowd.deeds) + chance.randint(*BETWEEN))
        with house.held(chance.choice(books)):
            house.blocked()
            kinds[number % len(kinds)]()
        house.await_service()
    await_deeds(crowd, len(crowd.deeds) + BETWEEN[1])


def await_deeds(crowd: Crowd, count: int) -> None:
    """So many ended."""
    wait_for(lambda: len(crowd.deeds) >= count, seconds=LIMIT / 2, what=f"{count} deeds")


def figures(crowd: Crowd) -> dict[str, int]:
    """How many of which, and how often a client had to ask again."""
    kinds = Counter(f"{deed.kind} {deed.answer.status}" for deed in crowd.deeds)
    return {**kinds, "asked again": sum(len(deed.before) for deed in crowd.deeds)}


def assert_exact(house: LendingHouse, people: list[Reader], crowd: Crowd) -> None:
    """What people were answered is what is stored, each deed once; who may fetch a book was told once."""
    assert {deed.answer.status for deed in crowd.deeds} <= {200, 201, 204, 404, 409}
    ids = [person.id for person in people]
    loans = house.database.rows(LOANS, ids)
    assert answered(crowd, "borrow") == Counter(loan for loan, _, _ in loans)
    assert answered(crowd, "give back") == Counter(loan for loan, _, is_returned in loans if is_returned)
    assert answered(crowd, "renew") == Counter({loan: times for loan, times, _ in loans if times})
    assert answered(crowd, "reserve") == Counter(place for (place,) in house.database.rows(PLACES, ids))
    assert house.database.one(MAILED, ids) == house.database.one(READY, ids)
    assert house.unequal() == []


def assert_of_all_kinds(crowd: Crowd, *kinds: str) -> None:
    """Each was done at least once."""
    assert all(answered(crowd, kind) for kind in kinds), figures(crowd)


def answered(crowd: Crowd, kind: str) -> Counter[int]:
    """How often people were told that a loan or a place in a line was made or changed so."""
    return Counter(deed.answer.body["data"]["id"] for deed in crowd.deeds if deed.kind == kind and deed.answer.is_done)
