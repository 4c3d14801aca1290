"""/api/analytics/monitor/: the house in figures, for staff, kept for a while."""

from collections.abc import Callable
from typing import Any

from flask import request

from auth.gate import ADDED_HEADERS
from auth.http.route import Routes, SignIn
from auth.monitors import telling
from auth.monitors.lending_schemas import BooksMonitor, LoansMonitor
from auth.monitors.schemas import AnalyticsMonitor, SystemMonitor, UsersMonitor
from auth.monitors.telling import Telling

routes = Routes("monitors")

MONITOR = "/api/analytics/monitor/"


@routes.add("GET", f"{MONITOR}system/", sign_in=SignIn.STAFF, answers={200: SystemMonitor})
def monitor_system() -> Any:
    """The house at a glance: people, books, loans, health, speed, and every alert that is critical."""
    return _answer(telling.tell_system)


@routes.add("GET", f"{MONITOR}users/", sign_in=SignIn.STAFF, answers={200: UsersMonitor})
def monitor_users() -> Any:
    """People: how many there are, of which roles, how many sign in, what of them is verified."""
    return _answer(telling.tell_users)


@routes.add("GET", f"{MONITOR}books/", sign_in=SignIn.STAFF, answers={200: BooksMonitor})
def monitor_books() -> Any:
    """Books: how many copies there are and are left, by category, and which are asked for most."""
    return _answer(telling.tell_books)


@routes.add("GET", f"{MONITOR}loans/", sign_in=SignIn.STAFF, answers={200: LoansMonitor})
def monitor_loans() -> Any:
    """Loans: how many run and are overdue, for how long, whose and of what they are."""
    return _answer(telling.tell_loans)


@routes.add("GET", f"{MONITOR}analytics/", sign_in=SignIn.STAFF, answers={200: AnalyticsMonitor})
def monitor_analytics() -> Any:
    """Requests: what is kept of them, how far behind it is, and what is wrong with the last hour's."""
    return _answer(telling.tell_analytics)


def _answer(tell: Callable[[], Telling]) -> dict[str, Any]:
    found = tell()
    request.environ[ADDED_HEADERS] += [("Cache-Control", f"private, max-age={found.max_age}"), ("Age", str(found.age))]
    return found.told
