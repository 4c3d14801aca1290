"""The five monitors: every key of the contract, and every figure of a world that was counted by hand."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from auth.house import KEY, Parts
from auth.settings import read_settings
from tests.auth.staff_pages import Desk
from tests.support.client import Api, Person

MONITOR = "/api/analytics/monitor/"
WORLD = (Path(__file__).with_name("monitored.sql")).read_text(encoding="utf-8").replace("%", "%%")
ALERTS = {
    "pending_verifications": ("ALERT_THRESHOLDS_PENDING_VERIFICATIONS", "42", "warning"),
    "availability_rate": ("ALERT_THRESHOLDS_AVAILABILITY", "69", "warning"),
    "overdue_rate": ("ALERT_THRESHOLDS_OVERDUE_RATE", "66", "warning"),
    "error_rate": ("ALERT_THRESHOLDS_ERROR_RATE", "1", "critical"),
    "response_time": ("ALERT_THRESHOLDS_RESPONSE_TIME_MS", "199", "warning"),
    "queries_per_request": ("ALERT_THRESHOLDS_QUERIES_PER_REQUEST", "4", "warning"),
    "cache_hits": ("ALERT_THRESHOLDS_CACHE_HITS", "76", "warning"),
}
MODELS = ("system", "users", "books", "loans", "analytics")


@pytest.fixture
def staff(api: Api) -> Person:
    """A librarian that is staff: the eighth account, signed in just now, of whom only the e-mail is verified."""
    found = api.person(is_staff=True, role="librarian", email_verified=True)
    api.rows("RESET ROLE")  # a world that auth and collectors wrote, each its part
    api.rows(WORLD)
    api.rows("SET LOCAL ROLE watchhouse_auth")
    return found


def told(staff: Person, model: str) -> Any:
    answer = staff.call("GET", f"{MONITOR}{model}/")
    assert answer.status_code == 200, answer.text
    body = answer.get_json()
    assert body.pop("timestamp").endswith("+00:00")
    return body


def test_people(staff: Person) -> None:
    assert told(staff, "users") == {
        "model": "User",
        "overview": {"total_users": 8, "active_users": 5, "activity_rate": 62.5},
        "role_distribution": {
            "student": {"count": 5, "label": "Student", "active_count": 3},
            "teacher": {"count": 2, "label": "Teacher", "active_count": 1},
            "librarian": {"count": 1, "label": "Librarian", "active_count": 1},
            "admin": {"count": 0, "label": "Administrator", "active_count": 0},
        },
        "verification_stats": {
            "fully_verified": 3,
            "pending_email": 1,
            "pending_identity": 3,
            "pending_professional": 2,
        },
        "activity_metrics": {"daily_active": 3, "weekly_active": 4, "monthly_active": 5, "never_logged_in": 1},
        "alerts": [
            {
                "severity": "critical",
                "metric": "pending_verifications",
                "value": 42.86,
                "threshold": 20,
                "message": "42.86 % of the accounts wait for a verification, more than 20 %",
            }
        ],
    }


def test_books(staff: Person) -> None:
    assert told(staff, "books") == {
        "model": "Book",
        "overview": {"total_books": 19, "available_books": 13, "borrowed_books": 6, "availability_rate": 68.42},
        "category_distribution": {
            "Poetry": {"total_books": 7, "available_books": 2, "utilization_rate": 71.43},
            "Science": {"total_books": 12, "available_books": 11, "utilization_rate": 8.33},
        },
        "inventory_metrics": {"low_stock": 2, "out_of_stock": 2, "high_demand": 2, "avg_copies_per_book": 3.8},
        "popularity_metrics": {
            "most_viewed": [{"title": "Plenty", "views": 20}, {"title": "Low", "views": 5}],
            "most_borrowed": [
                {"title": "All lent", "borrows": 7},
                {"title": "Awaited", "borrows": 3},
                {"title": "Low", "borrows": 2},
            ],
        },
        "alerts": [],
    }


def test_loans(staff: Person) -> None:
    assert told(staff, "loans") == {
        "model": "Loan",
        "overview": {
            "total_loans": 21,
            "active_loans": 2,
            "overdue_loans": 4,
            "returned_loans": 15,
            "overdue_rate": 66.67,
        },
        "overdue_by_age": {"1-7": 2, "8-30": 1, "over_30": 1},
        "due_soon": 1,
        "by_role": {
            "student": {"active_loans": 2, "overdue_loans": 0},
            "teacher": {"active_loans": 0, "overdue_loans": 4},
        },
        "by_category": {
            "Poetry": {"active_loans": 2, "overdue_loans": 3},
            "Science": {"active_loans": 0, "overdue_loans": 1},
        },
        "avg_loan_days": 3.93,
        "alerts": [
            {
                "severity": "critical",
                "metric": "overdue_rate",
                "value": 66.67,
                "threshold": 10,
                "message": "66.67 % of the loans that run are overdue, more than 10 %",
            }
        ],
    }


def test_requests(api: Api, staff: Person) -> None:
    body = told(staff, "analytics")
    assert body == {
        "model": "Analytics",
        "overview": {
            "raw_rows": 15,
            "hourly_rows": 6,
            "oldest_raw": api.one(
                "SELECT to_char(now() - interval '3 hours', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')"
            ),
            "ingest_lag_seconds": 600.5,
            "last_rollup": api.one(
                "SELECT to_char(now() - interval '2 minutes', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')"
            ),
        },
        "retention": {"raw_days": 30, "minute_days": 7},
        "alerts": [],
    }


def test_the_whole(staff: Person) -> None:
    body = told(staff, "system")
    assert body == {
        "system_overview": {
            "users": {"total": 8, "active": 5, "activity_rate": 62.5, "status": "critical"},
            "books": {"total": 19, "available": 13, "availability_rate": 68.42, "status": "healthy"},
            "loans": {"active": 2, "overdue": 4, "overdue_rate": 66.67, "status": "critical"},
        },
        "health_status": {"database": "healthy", "cache": "healthy", "overall": "healthy"},
        "performance_overview": {
            "response_times": {"avg_api_response": 0.2, "avg_db_query": 0.0005, "avg_cache_operation": 0.0005}
        },
        "critical_alerts": told(staff, "users")["alerts"] + told(staff, "loans")["alerts"],
        "uptime": body["uptime"],
    }
    assert body["uptime"].startswith("0d 0h ")


@pytest.mark.parametrize("model", MODELS)
def test_it_is_for_staff(api: Api, model: str) -> None:
    path = f"{MONITOR}{model}/"
    librarian = api.person(role="librarian")
    assert (api.call("GET", path).status_code, librarian.call("GET", path).status_code) == (401, 403)
    Desk(api)
    assert api.call("GET", path).status_code == 200


@pytest.fixture
def strict(rolled_back_app: Flask) -> Iterator[None]:
    """The app with thresholds that the world breaks, each just so."""
    parts: Parts = rolled_back_app.extensions[KEY]
    given = {name: threshold for name, threshold, _ in ALERTS.values()}
    settings = read_settings({"WATCHHOUSE_DEMO": "1", **given})
    rolled_back_app.extensions[KEY] = replace(parts, settings=settings)
    yield
    rolled_back_app.extensions[KEY] = parts


@pytest.mark.usefixtures("strict")
def test_thresholds_are_settings(staff: Person) -> None:
    alerts = [alert for model in ("users", "books", "loans", "analytics") for alert in told(staff, model)["alerts"]]
    assert {alert["metric"]: (alert["threshold"], alert["severity"]) for alert in alerts} == {
        metric: (float(threshold), severity) for metric, (_, threshold, severity) in ALERTS.items()
    }
    assert [alert["metric"] for alert in told(staff, "system")["critical_alerts"]] == ["error_rate"]


def test_nothing_is_divided_by_when_there_is_nothing(api: Api) -> None:
    staff = api.staff()
    api.rows("UPDATE app_users SET email_verified = true, identity_verified = true")
    assert told(staff, "books") == {
        "model": "Book",
        "overview": {"total_books": 0, "available_books": 0, "borrowed_books": 0, "availability_rate": 0.0},
        "category_distribution": {},
        "inventory_metrics": {"low_stock": 0, "out_of_stock": 0, "high_demand": 0, "avg_copies_per_book": 0.0},
        "popularity_metrics": {"most_viewed": [], "most_borrowed": []},
        "alerts": [],
    }
    loans, analytics, system = (told(staff, model) for model in ("loans", "analytics", "system"))
    assert (loans["overview"]["overdue_rate"], loans["avg_loan_days"], loans["alerts"]) == (0.0, 0.0, [])
    assert analytics["overview"] == {
        "raw_rows": 0,
        "hourly_rows": 0,
        "oldest_raw": None,
        "ingest_lag_seconds": None,
        "last_rollup": None,
    }
    assert set(system["performance_overview"]["response_times"].values()) == {None}
    assert {model["status"] for model in system["system_overview"].values()} == {"healthy"}


def test_ten_books_are_told_and_those_withdrawn_are_none_of_them(api: Api) -> None:
    api.rows(
        "INSERT INTO books (title, category, copies_total, copies_available, borrows, deleted_at)"
        " SELECT 'Book ' || n, 'All', 1, 1, n, CASE WHEN n > 15 THEN now() END FROM generate_series(1, 20) n"
    )
    api.rows("INSERT INTO book_views (book_id, views) SELECT id, 100 - borrows FROM books WHERE borrows <> 1")
    api.rows("UPDATE books SET deleted_at = now() WHERE borrows = 2")
    popular = told(api.staff(), "books")["popularity_metrics"]
    assert [book["title"] for book in popular["most_borrowed"]] == [f"Book {n}" for n in range(15, 5, -1)]
    assert [book["title"] for book in popular["most_viewed"]] == [f"Book {n}" for n in range(3, 13)]
