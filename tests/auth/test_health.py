"""/livez, /readyz and /health/: what they say, and when."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support.client import Api
from tests.support.databases import Database
from tests.support.processes import Running

BEAT = "INSERT INTO collectors (name, host, started_at, seen_at) VALUES ('c', 'h', now(), now() - interval '%s s')"
TRIED = """INSERT INTO service_states (service, is_up, latency_seconds, checked_at, failures)
VALUES ('%s', %s, %s, now() - interval '3 seconds', 0)"""
LATER = "UPDATE service_states SET checked_at = now() - interval '%s minutes'"
BROKER_UP, BROKER_DOWN = TRIED % ("broker", True, 0.0125), TRIED % ("broker", False, "NULL")
MAIL_UP, MAIL_DOWN = TRIED % ("mail", True, 0.02), TRIED % ("mail", False, "NULL")

STATES: dict[str, tuple[list[str], dict[str, str]]] = {
    "all well": (
        [BEAT % 1, BROKER_UP, MAIL_UP],
        {"status": "healthy", "database": "healthy", "collector": "healthy", "broker": "healthy", "mail": "healthy"},
    ),
    "no collector yet": (
        [],
        {"status": "degraded", "database": "healthy", "collector": "unknown", "broker": "unknown", "mail": "unknown"},
    ),
    "nothing tried yet": (
        [BEAT % 1],
        {"status": "healthy", "database": "healthy", "collector": "healthy", "broker": "unknown", "mail": "unknown"},
    ),
    "a silent collector": (
        [BEAT % 61, BROKER_UP],
        {"status": "degraded", "database": "healthy", "collector": "silent", "broker": "healthy", "mail": "unknown"},
    ),
    "the newest of two beats": (
        [BEAT % 300, (BEAT % 5).replace("'c'", "'d'")],
        {"status": "healthy", "database": "healthy", "collector": "healthy", "broker": "unknown", "mail": "unknown"},
    ),
    "no broker": (
        [BEAT % 1, BROKER_DOWN, MAIL_UP],
        {"status": "degraded", "database": "healthy", "collector": "healthy", "broker": "failing", "mail": "healthy"},
    ),
    "no mail": (
        [BEAT % 1, BROKER_UP, MAIL_DOWN],
        {"status": "degraded", "database": "healthy", "collector": "healthy", "broker": "healthy", "mail": "failing"},
    ),
    "a broker that failed when last tried, long ago": (
        [BEAT % 1, BROKER_DOWN, LATER % 6],
        {"status": "healthy", "database": "healthy", "collector": "healthy", "broker": "unknown", "mail": "unknown"},
    ),
    "mail that failed when last tried, and may not be due for another try": (
        [BEAT % 1, BROKER_UP, MAIL_DOWN, LATER % 31],
        {"status": "degraded", "database": "healthy", "collector": "healthy", "broker": "unknown", "mail": "failing"},
    ),
    "mail that nobody has sent for long": (
        [BEAT % 1, MAIL_UP, LATER % 36, BROKER_UP],
        {"status": "healthy", "database": "healthy", "collector": "healthy", "broker": "healthy", "mail": "unknown"},
    ),
}


@pytest.mark.parametrize(("path", "status"), [("/livez", "alive"), ("/readyz", "ready")])
def test_it_lives_and_is_ready(api: Api, path: str, status: str) -> None:
    answer = api.call("GET", path)
    assert (answer.status_code, answer.get_json()) == (200, {"status": status})


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health/"])
def test_anybody_may_ask(api: Api, path: str) -> None:
    assert api.call("GET", path, headers={"Authorization": "Bearer nonsense"}).status_code == 200


def test_each_state_is_told(database: Database, make_auth: Callable[..., Running]) -> None:
    auth = make_auth(AUTH_WORKERS="1")
    found = {}
    for name, (statements, _) in STATES.items():
        database.rows("DELETE FROM collectors; DELETE FROM service_states")
        for statement in statements:
            database.rows(statement)
        found[name] = statuses_of(auth)
    assert found == {name: {**expected, "cache": "healthy"} for name, (_, expected) in STATES.items()}


def statuses_of(auth: Running) -> dict[str, Any]:
    answer = requests.get(auth.url + "/health/", timeout=5)
    assert answer.status_code == 200
    body = answer.json()
    return {
        "status": body.pop("status"),
        **{name: part["status"] for name, part in body.items() if isinstance(part, dict)},
    }


def test_latencies_and_ages_are_told(database: Database, make_auth: Callable[..., Running]) -> None:
    auth = make_auth(AUTH_WORKERS="1")
    for statement in (BEAT % 7, BROKER_UP):
        database.rows(statement)
    body = requests.get(auth.url + "/health/", timeout=5).json()
    assert 0 < body["database"]["latency_ms"] < 2000
    assert 0 < body["cache"]["latency_ms"] < 2000
    assert body["broker"]["latency_ms"] == 12.5
    assert 3 <= body["broker"]["age_seconds"] < 10
    assert 7 <= body["collector"]["age_seconds"] < 15
