"""/health/api/run-health-checks/: auth asks in a row, a collector answers in it, and nobody waits for nobody."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest

from common.asking import Listener
from tests.auth.watched import endpoint, faults
from tests.support.client import Api, Person
from tests.support.databases import Database, query
from tests.support.processes import Running
from tests.support.visitor import sign_up
from tests.support.waiting import wait_for

CHECKS = "/health/api/run-health-checks/"
RESULT = {"endpoint_id": 1, "name": "Shop", "outcome": "operational", "status_code": 200, "duration_ms": 1.5}


def beat(api: Api, seconds: int = 0) -> None:
    """A collector that was seen so long ago."""
    api.collect(
        "INSERT INTO collectors VALUES ('c1', 'host', now(), clock_timestamp() - %s * interval '1 second')", seconds
    )


@pytest.fixture
def staff(api: Api) -> Person:
    """Staff."""
    return api.staff()


def asked(api: Api) -> list[tuple[Any, ...]]:
    """The wishes that were written."""
    return api.rows("SELECT endpoint_ids, asked_by::text FROM check_requests ORDER BY id")


@pytest.mark.parametrize("body", [None, {}, {"endpoints": []}], ids=str)
def test_without_names_it_asks_for_all(api: Api, staff: Person, body: Any) -> None:
    beat(api)
    answer = staff.call("POST", CHECKS + "?wait=0", body)
    assert (answer.status_code, answer.get_json()["status"], answer.get_json()["results"]) == (202, "queued", None)
    assert asked(api) == [(None, staff.id)]


def test_names_become_ids(api: Api, staff: Person) -> None:
    beat(api)
    first, second = endpoint(staff, name="Shop"), endpoint(staff, name="Café")
    names = ["Café", "Shop", "Café"]
    assert staff.call("POST", CHECKS + "?wait=0", {"endpoints": names}).status_code == 202
    assert [sorted(ids) for ids, _ in asked(api)] == [[first["id"], second["id"]]]


def test_an_unknown_name_is_told_and_nothing_is_asked(api: Api, staff: Person) -> None:
    beat(api)
    endpoint(staff, name="Shop")
    answer = staff.call("POST", CHECKS, {"endpoints": ["Shop", "Shap"]})
    assert faults(answer) == ["endpoints"]
    assert "'Shap'" in answer.get_json()["errors"]["endpoints"][0]
    assert asked(api) == []


@pytest.mark.parametrize("seconds", [None, 16, 3600], ids=["never", "16 s", "1 h"])
def test_it_says_when_nobody_is_there_to_check(api: Api, staff: Person, seconds: int | None) -> None:
    if seconds is not None:
        beat(api, seconds)
    answer = staff.call("POST", CHECKS)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert asked(api) == []


@pytest.mark.parametrize(
    ("body", "query", "field"),
    [({"endpoints": "Shop"}, "", "endpoints"), ({"endpoints": ["x" * 101]}, "", "endpoints.0"),
     ({"names": 1}, "", "names"), ({"endpoints": ["a\u0000"]}, "", "endpoints"),
     ({}, "?wait=31", "wait"), ({}, "?wait=-1", "wait"), ({}, "?wait=nan", "wait")],
    ids=str,
)  # fmt: skip
def test_a_fault_is_told_by_its_field(staff: Person, body: Any, query: str, field: str) -> None:
    assert faults(staff.call("POST", CHECKS + query, body)) == [field]


@pytest.mark.parametrize(
    ("change", "status"),
    [("claimed_by = 'c1', claimed_until = clock_timestamp() + interval '1 minute'", "running"),
     ("finished_at = now(), results = '[]'", "finished"), ("expires_at = now() - interval '1 second'", "expired")],
    ids=["running", "finished", "expired"],
)  # fmt: skip
def test_it_tells_how_far_a_wish_has_come(api: Api, staff: Person, change: str, status: str) -> None:
    beat(api)
    made = staff.call("POST", CHECKS + "?wait=0").get_json()["id"]
    api.collect(f"UPDATE check_requests SET {change}")
    found = staff.call("GET", f"{CHECKS}{made}/")
    assert (found.status_code, found.get_json()["status"]) == (200, status)


def test_only_staff_asks_and_reads(api: Api, staff: Person) -> None:
    beat(api)
    person = api.person()
    assert [person.call("POST", CHECKS).status_code, person.call("GET", CHECKS + "1/").status_code] == [403, 403]
    assert [api.call("POST", CHECKS).status_code, api.call("GET", CHECKS + "1/").status_code] == [401, 401]
    assert staff.call("GET", CHECKS + "4711/").status_code == 404


@pytest.fixture
def answering(database: Database) -> Iterator[Callable[[], None]]:
    """Something that answers wishes as a collector does, once it is let."""
    query(database.collector_url, "INSERT INTO collectors VALUES ('c1', 'host', now(), now() + interval '1 hour')")
    listener, may = Listener(database.collector_url, ["check_requests"], process="test"), threading.Event()
    heard: list[set[str]] = [listener.wait(5)]

    def answer() -> None:
        heard.append(listener.wait(20))
        may.wait(20)
        query(
            database.collector_url,
            "UPDATE check_requests SET finished_at = now(), results = %s WHERE finished_at IS NULL",
            json.dumps([RESULT]),
        )

    thread = threading.Thread(target=answer)
    thread.start()
    yield may.set
    thread.join(30)
    listener.close()
    assert heard == [{"check_requests"}] * 2


def test_who_waits_has_the_results_as_soon_as_they_are_there(
    database: Database, make_auth: Callable[..., Running], answering: Callable[[], None]
) -> None:
    running = make_auth(AUTH_WORKERS="1", AUTH_THREADS="4")
    anna = sign_up(running.url)
    database.rows("UPDATE app_users SET is_staff = true")
    waiting: list[Any] = []
    waiter = threading.Thread(target=lambda: waiting.append(anna.call("POST", CHECKS, timeout=30)))
    waiter.start()
    wait_for(lambda: database.rows("SELECT id FROM check_requests"), what="the wish is written")
    crowd = anna.call("POST", CHECKS + "?wait=30")  # a quarter of four threads waits already
    assert (crowd.status_code, crowd.json()["status"]) == (202, "queued")
    answering()
    waiter.join(20)
    assert (waiting[0].status_code, waiting[0].json()["status"]) == (200, "finished")
    assert waiting[0].json()["results"][0].items() >= RESULT.items()
    assert anna.call("GET", f"{CHECKS}{crowd.json()['id']}/").json()["status"] == "finished"


def test_two_endpoints_never_become_each_others_parents(database: Database, make_auth: Callable[..., Running]) -> None:
    running = make_auth(AUTH_WORKERS="1", AUTH_THREADS="4")
    anna = sign_up(running.url)
    database.rows("UPDATE app_users SET is_staff = true")
    ids = [anna.call("POST", "/health/api/endpoints/", {"name": name, "url": "/"}).json()["id"] for name in "ab"]
    answers: list[int] = []
    # Both requests reach the lock before either goes on: without it each would find nothing wrong.
    holder = psycopg2.connect(database.auth_url)
    holder.cursor().execute("SELECT pg_advisory_xact_lock(hashtext('endpoints.parent_id'))")
    threads = [
        threading.Thread(
            target=lambda own=own, other=other: answers.append(
                anna.call("PATCH", f"/health/api/endpoints/{own}/", {"parent_id": other}).status_code
            )
        )
        for own, other in (ids, ids[::-1])
    ]
    for thread in threads:
        thread.start()
    waiting = (
        "SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database AND d.datname = current_database()"
        " WHERE locktype = 'advisory' AND NOT granted"
    )
    wait_for(lambda: len(database.rows(waiting)) == 2, what="both wait")
    holder.close()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == [200, 422]
