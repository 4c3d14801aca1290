"""A day in the library, by simulated people: whoever is asked about it afterwards tells the same figures."""

import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support.databases import Database
from tests.support.processes import Running
from tests.support.visitor import PASSWORD, Visitor, sign_up
from tests.support.waiting import wait_for

SECONDS_A_DAY = 86_400
LOAN_SECONDS = 1.5
TITLES = ("The History of the Sea", "A House at Night", "The Art of War", "Love and Science", "Kings", "Of Lichens")
# What happens, by its name in event_totals, and the counter that tells how often.
TOTALS = {
    "loan": "library_book_loans_total",
    "return": "library_book_returns_total",
    "search": "library_search_queries_total",
    "registration": "library_user_registrations_total",
    "login": "library_user_logins_total",
}

# What no total counts: its kind in the ledger, and where PostgreSQL keeps it.
UNTOTALLED = {
    "view": "SELECT coalesce(sum(views), 0)::int FROM book_views",
    "renew": "SELECT coalesce(sum(renewals), 0)::int FROM loans",
    "reserve": "SELECT count(*)::int FROM reservations",
}


@pytest.fixture
def house(make_auth: Callable[..., Running]) -> Running:
    """An auth that lends for seconds."""
    days = str(LOAN_SECONDS / SECONDS_A_DAY)
    return make_auth(LOAN_DAYS_STUDENT=days, RESERVATION_HOLD_DAYS=days)


@pytest.fixture
def staff(house: Running, database: Database) -> Visitor:
    """Somebody on the staff, who has put a few copies of a few books on the shelves, and never returns their own."""
    visitor = sign_up(house.url)
    database.rows("UPDATE app_users SET is_staff = true WHERE email = %s RETURNING id", visitor.email)
    for number, title in enumerate(TITLES):
        book = {"title": title, "author": "M. Halloran", "category": f"Shelf {number % 2}", "copies_total": number + 2}
        added = visitor.call("POST", "/api/v1/books/", book)
        assert added.status_code == 201, added.text
    assert visitor.call("POST", f"/api/v1/books/{added.json()['data']['id']}/borrow/").status_code == 201
    return visitor


def told_by_metrics(url: str) -> dict[str, int]:
    text = requests.get(f"{url}/metrics", timeout=10).text
    found = {event: re.search(rf"^{name} (\S+)", text, re.MULTILINE) for event, name in TOTALS.items()}
    return {event: int(float(sample[1])) for event, sample in found.items() if sample}


def told_by_postgresql(database: Database) -> dict[str, int]:
    counted = dict(database.rows("SELECT event, sum(total)::int FROM event_totals GROUP BY event"))
    return {event: counted.get(event, 0) for event in TOTALS}


def told_by_ledger(summary: dict[str, Any]) -> dict[str, int]:
    """The run's own figures; one sign-in more is that of the staff as whom it reads the analytics."""
    library, actions = summary["library"]["totals"], summary["actions"]
    assert [whole["low"] for whole in library.values()] == [whole["high"] for whole in library.values()]
    return {
        "loan": library["borrow"]["low"],
        "return": library["return"]["low"],
        "search": library["search"]["low"],
        "registration": actions["register"]["done"],
        "login": actions["sign_in"]["done"] + 1,
    }


def gained(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {event: after[event] - before[event] for event in after}


def loans_by_postgresql(database: Database) -> dict[str, int]:
    statuses = dict(database.rows("SELECT status, count(*)::int FROM loans GROUP BY status"))
    return {"total_loans": sum(statuses.values())} | {
        f"{status}_loans": statuses.get(status, 0) for status in ("active", "overdue", "returned")
    }


def monitor(staff: Visitor, name: str) -> Any:
    answer = staff.call("GET", f"/api/analytics/monitor/{name}/")
    assert answer.status_code == 200, answer.text
    return answer.json()


def play_a_day(
    house: Running, staff: Visitor, start: Callable[..., "subprocess.Popen[str]"], at_noon: Callable[[], object]
) -> dict[str, Any]:
    """The summary of a run of most of a term; `at_noon` is called while it goes on."""
    options = ("--rate", "80", "--duration", "7", "--term", "9", "--people", "8", "--verify", "--json")
    day = start(*options, "--url", house.url, STAFF_EMAIL=staff.email, STAFF_PASSWORD=PASSWORD)
    at_noon()
    out, err = day.communicate(timeout=60)
    assert day.returncode == 0, out + err
    summary: dict[str, Any] = json.loads(out)
    return summary


def test_monitors_metrics_postgresql_and_the_ledger_tell_the_same_day(
    house: Running, staff: Visitor, database: Database, start: Callable, make_collector: Callable[..., Running]
) -> None:
    def start_late_collector() -> None:
        """It looks what is overdue when it starts, and then once a minute."""
        late = "SELECT count(*) FROM loans WHERE returned_at IS NULL AND due_at < now()"
        wait_for(lambda: database.one(late) > 1, seconds=30, what="a loan of the day has run out")
        make_collector()
        wait_for(lambda: database.one("SELECT count(overdue_at) FROM loans"), what="it has looked")

    earlier = loans_by_postgresql(database)["total_loans"]
    events, metrics = told_by_postgresql(database), told_by_metrics(house.url)
    untotalled = {kind: database.one(counted) for kind, counted in UNTOTALLED.items()}
    summary = play_a_day(house, staff, start, start_late_collector)
    ours, loans = told_by_ledger(summary), loans_by_postgresql(database)

    assert gained(metrics, told_by_metrics(house.url)) == gained(events, told_by_postgresql(database)) == ours
    kept = {kind: database.one(counted) - untotalled[kind] for kind, counted in UNTOTALLED.items()}
    assert kept == {kind: summary["actions"].get(kind, {"done": 0})["done"] for kind in UNTOTALLED}
    assert (loans["total_loans"], loans["returned_loans"]) == (earlier + ours["loan"], ours["return"])
    assert loans["overdue_loans"] > 0
    assert monitor(staff, "loans")["overview"].items() >= loans.items()
    open_loans = {"active": loans["active_loans"], "overdue": loans["overdue_loans"]}
    assert monitor(staff, "system")["system_overview"]["loans"].items() >= open_loans.items()
    books = monitor(staff, "books")["overview"]
    assert books["borrowed_books"] == books["total_books"] - books["available_books"] == sum(open_loans.values())
    assert monitor(staff, "users")["overview"]["total_users"] == ours["registration"] + 1
    late = database.one("SELECT count(*) FROM loans WHERE returned_at > due_at")
    assert summary["late"] == late > 0
