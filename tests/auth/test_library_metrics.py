"""The library's metrics: exact over workers, kills and restarts, of what was committed and nothing else."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from auth.app import create_app
from auth.settings import read_settings
from tests.conftest import CHEAP_HASHER
from tests.support.client import PASSWORD, Api
from tests.support.databases import Database
from tests.support.processes import Running
from tests.support.visitor import Visitor, sign_up
from tests.support.waiting import wait_for

TOTALS = {
    "library_book_loans_total",
    "library_book_returns_total",
    "library_user_registrations_total",
    "library_user_logins_total",
    "library_search_queries_total",
}
GAUGES = {"library_active_users_total", "library_available_books_total", "library_error_rate_percent"}
HISTOGRAMS = {
    "library_api_request_duration_seconds",
    "library_db_query_duration_seconds",
    "library_cache_operation_duration_seconds",
}
FAMILIES = TOTALS | GAUGES | HISTOGRAMS | {"library_cache_operations_total", "library_system_status"}
BOOK = {"title": "The Left Hand of Darkness", "author": "Le Guin", "category": "novels", "copies_total": 30}


def samples(text: str) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def families(text: str) -> dict[str, str]:
    """The type of each family of the library, by its name."""
    lines = [line.split() for line in text.splitlines() if line.startswith("# TYPE library_")]
    return {line[2]: line[3] for line in lines}


def unlabelled(text: str) -> dict[str, float]:
    """The value of every sample of the library that has no label."""
    return {one.name: one.value for one in samples(text) if one.name.startswith("library_") and not one.labels}


def totals(text: str) -> dict[str, float]:
    return {name: value for name, value in unlabelled(text).items() if name in TOTALS}


def scrape(auth: Running) -> str:
    answer = requests.get(auth.url + "/metrics", timeout=10)
    assert answer.status_code == 200
    return answer.text


def visit(reader: Visitor, book: str) -> None:
    """A search, a loan asked for twice under one key and once more, and its return: one of each counts."""
    for _ in range(2):
        loan = reader.call("POST", f"{book}borrow/", headers={"Idempotency-Key": "the same"})
        assert loan.status_code == 201, loan.text
    assert reader.call("POST", f"{book}borrow/").status_code == 409
    number = loan.json()["data"]["id"]
    assert reader.call("GET", "/api/v1/books/?q=darkness").json()["data"]["items"]
    assert reader.call("POST", f"/api/v1/loans/{number}/return/").status_code == 200
    assert reader.call("POST", f"/api/v1/loans/{number}/return/").status_code == 409


def kill_a_worker(auth: Running) -> None:
    worker = psutil.Process(auth.process.pid).children()[0]
    worker.kill()
    worker.wait(10)


def fail_to_enter(auth: Running, email: str) -> None:
    """A registration and a sign-in that are refused."""
    again = requests.post(auth.url + "/register", json={"email": email, "password": PASSWORD}, timeout=10)
    wrong = requests.post(auth.url + "/login", json={"email": email, "password": "not this one"}, timeout=10)
    assert (again.status_code, wrong.status_code) == (409, 401)


def test_totals_are_exact_over_workers_a_killed_one_and_a_restart(
    database: Database, make_auth: Callable[..., Running]
) -> None:
    auth = make_auth()
    readers = [sign_up(auth.url) for _ in range(4)]
    database.rows("UPDATE app_users SET role = 'librarian' WHERE email = %s", readers[0].email)
    made = readers[0].call("POST", "/api/v1/books/", BOOK).json()["data"]
    book = f"/api/v1/books/{made['id']}/"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda reader: visit(reader, book), readers[:3]))
        kill_a_worker(auth)
        wait_for(lambda: len(psutil.Process(auth.process.pid).children()) == 2, what="two workers again")
        list(pool.map(lambda reader: visit(reader, book), readers[3:]))
    fail_to_enter(auth, readers[1].email)
    expected = {
        "library_book_loans_total": 4.0,
        "library_book_returns_total": 4.0,
        "library_user_registrations_total": 4.0,
        "library_user_logins_total": 4.0,
        "library_search_queries_total": 4.0,
    }
    assert totals(scrape(auth)) == expected
    before = unlabelled(scrape(auth))
    auth.kill()
    after = unlabelled(scrape(make_auth()))
    assert {name: after[name] for name in TOTALS} == expected
    assert after["library_db_query_duration_seconds_count"] > before["library_db_query_duration_seconds_count"] > 50
    stored = dict(database.rows("SELECT event, sum(total)::int FROM event_totals GROUP BY event"))
    assert stored == dict.fromkeys(("registration", "login", "search", "loan", "return"), 4)


@pytest.fixture
def own_app(database: Database, tmp_path: Path) -> Flask:
    """An app in this process on a database of its own, whose counts are the test's alone."""
    settings = {"WATCHHOUSE_DEMO": "1", "WATCHHOUSE_DATA": str(tmp_path), "DATABASE_URL": database.auth_url}
    return create_app(read_settings(settings), CHEAP_HASHER)


def queries(client: FlaskClient) -> float:
    return unlabelled(client.get("/metrics?name[]=library_db_query_duration_seconds").text)[
        "library_db_query_duration_seconds_count"
    ]


def test_every_statement_is_timed_once_whoever_runs_it(own_app: Flask) -> None:
    client = own_app.test_client()
    account = {"email": "anna@example.com", "password": PASSWORD}
    assert client.post("/register", json=account).status_code == 201
    bearer = {"Authorization": f"Bearer {client.post('/login', json=account).get_json()['token']}"}

    def statements_of(method: str, path: str, **said: Any) -> float:
        """What a request takes when its statements are prepared."""
        client.open(path, method=method, headers=bearer, **said)
        before = queries(client)
        client.open(path, method=method, headers=bearer, **said)
        return queries(client) - before

    assert statements_of("GET", "/livez") == 0
    assert statements_of("GET", "/metrics?name[]=library_db_query_duration_seconds") == 0
    assert statements_of("GET", "/verify") == 1  # one named statement
    assert statements_of("GET", "/api/v1/auth/me/") == 2  # and one of the ORM
    assert statements_of("GET", "/actions/read") == 4  # two named ones, and a stream's: one that opens, one that reads


def test_requests_to_the_api_are_told_by_method_as_the_exporter_counted_them(own_app: Flask) -> None:
    client = own_app.test_client()
    for path in ("/api/v1/auth/me/", "/api/v1/books/", "/verify", "/livez"):
        client.get(path)
    client.post("/api/v1/auth/login/", json={})
    found = samples(client.get("/metrics").text)
    own = [one for one in found if one.name.startswith("library_api_request_duration_seconds")]
    counted = [
        one
        for one in found
        if one.name.startswith("flask_http_request_duration_seconds") and one.labels["url_rule"].startswith("/api/")
    ]
    assert {one.labels["method"]: one.value for one in own if one.name.endswith("_count")} == {"GET": 2.0, "POST": 1.0}
    for ending in ("_sum", "_count", "_bucket"):
        sums = [sum(one.value for one in told if one.name.endswith(ending)) for told in (own, counted)]
        assert sums[0] == pytest.approx(sums[1])
    assert all(set(one.labels) <= {"method", "le"} for one in own)


def look(api: Api) -> dict[str, float]:
    return unlabelled(api.call("GET", "/metrics").text)


def test_gauges_tell_what_is_there_now(api: Api) -> None:
    before = look(api)
    people = [api.person() for _ in range(3)]
    api.rows("UPDATE app_users SET last_login_at = now() - interval '31 days' WHERE id = %s", people[1].id)
    api.rows("UPDATE app_users SET is_active = false WHERE id = %s", people[2].id)
    for copies, deleted in ((7, None), (100, "now()")):
        api.rows(
            """INSERT INTO books (title, category, copies_total, copies_available, copies_lent, deleted_at)
            VALUES ('t', 'c', %s, %s, 0, %s::timestamptz)""",
            copies,
            copies,
            deleted,
        )
    api.rows("UPDATE books SET copies_available = 5, copies_lent = 2 WHERE copies_total = 7")
    after = look(api)
    grown = {name: after[name] - before[name] for name in (*GAUGES, *TOTALS)}
    assert grown == {
        "library_active_users_total": 1,
        "library_available_books_total": 5,
        "library_error_rate_percent": 0,
        "library_user_registrations_total": 3,
        "library_user_logins_total": 3,
        "library_book_loans_total": 0,
        "library_book_returns_total": 0,
        "library_search_queries_total": 0,
    }


MINUTE = """INSERT INTO request_minutes (minute, host, endpoint, method, requests, status_2xx, status_3xx, status_4xx,
        status_5xx, request_bytes, response_bytes, duration_us, bins, counts)
    VALUES (date_trunc('minute', now()) - %s * interval '1 minute', %s, %s, %s, %s, 0, 0, 0, %s, 0, 0, 0, '{}', '{}')"""

MINUTES = [(1, "a", "", "", 200, 3), (3, "b", "", "", 100, 1), (7, "a", "", "", 50, 50), (1, "a", "/", "GET", 9, 9)]


def test_the_error_rate_is_that_of_five_minutes_and_all_hosts(api: Api) -> None:
    assert look(api)["library_error_rate_percent"] == 0
    for minute in MINUTES:
        api.collect(MINUTE, *minute)
    assert look(api)["library_error_rate_percent"] == 1.33


def test_all_families_are_there_each_with_its_type(api: Api) -> None:
    api.call("GET", "/api/v1/auth/me/")
    text = api.call("GET", "/metrics").text
    assert families(text) == {
        **dict.fromkeys(TOTALS | {"library_cache_operations_total"}, "counter"),
        **dict.fromkeys(GAUGES | {"library_system_status"}, "gauge"),
        **dict.fromkeys(HISTOGRAMS, "histogram"),
    }
    described = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP library_")}
    assert described == FAMILIES


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_scraper_may_ask_for_one_family(family: str, api: Api) -> None:
    api.call("GET", "/api/v1/auth/me/")
    text = api.call("GET", f"/metrics?name[]={family}").text
    assert [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")] == [family]


def test_without_the_database_the_rest_is_told_and_that_it_is_away(make_client: Callable[..., FlaskClient]) -> None:
    client = make_client(DATABASE_URL="postgresql://u@127.0.0.1:1/d")
    client.get("/api/v1/auth/me/")
    text = client.get("/metrics").text
    status = {one.labels["component"]: one.value for one in samples(text) if one.name == "library_system_status"}
    assert status == {"database": 2, "cache": 0, "overall": 2}
    assert set(families(text)) == FAMILIES - TOTALS - GAUGES


def state(client: FlaskClient) -> dict[str, float]:
    found = samples(client.get("/metrics?name[]=library_system_status").text)
    return {one.labels["component"]: one.value for one in found}


def test_a_cache_that_cannot_be_written_is_told(own_app: Flask, tmp_path: Path) -> None:
    client = own_app.test_client()
    assert state(client) == {"database": 0, "cache": 0, "overall": 0}
    (tmp_path / "cache").rename(tmp_path / "moved")
    (tmp_path / "cache").write_text("no folder")
    assert state(client) == {"database": 0, "cache": 2, "overall": 2}


def test_what_the_cache_is_asked_is_counted_and_a_look_at_its_health_is_not(own_app: Flask, database: Database) -> None:
    client = own_app.test_client()
    account = {"email": "anna@example.com", "password": PASSWORD}
    client.post("/register", json=account)
    database.rows("UPDATE app_users SET is_staff = true")
    bearer = {"Authorization": f"Bearer {client.post('/login', json=account).get_json()['token']}"}

    def counts(name: str) -> dict[tuple[str, ...], float]:
        found = samples(client.get(f"/metrics?name[]={name}").text)
        return {tuple(one.labels.values()): one.value for one in found if one.name.endswith(("_total", "_count"))}

    operations, seconds = "library_cache_operations_total", "library_cache_operation_duration_seconds"
    assert state(client)["cache"] == 0
    assert set(counts(operations).values()) == {0}
    assert client.get("/api/analytics/monitor/loans/", headers=bearer).status_code == 200
    first = counts(operations)
    assert first["read", "miss"] == first["write", "stored"] > first["read", "hit"] == 0
    assert client.get("/api/analytics/monitor/loans/", headers=bearer).status_code == 200
    second = counts(operations)
    grown = {labels: value - first[labels] for labels, value in second.items() if value != first[labels]}
    assert grown == {("read", "hit"): first["read", "miss"]}
    timed = counts(seconds)
    assert timed == {
        (operation,): sum(value for labels, value in second.items() if labels[0] == operation)
        for operation in ("read", "write")
    }
