"""Checks that somebody asks for: by a row that a collector answers, and by the command line."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.collector.daemons import Daemon, collector_command
from tests.collector.watching import Site, outcomes, state, watch

Start = Callable[..., Daemon]

ALLOWED = {"PROBE_ALLOW": "127.0.0.0/8"}
OWN = (
    "API Root",
    "Health Check",
    "User Registration",
    "User Login",
    "API Docs",
    "Health Overview API",
    "Status Page",
    "Admin Panel",
)
NEVER = "UPDATE endpoint_schedule SET next_slot = next_slot + interval '1 day'"


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site().start()
    yield made
    made.stop()


def ask(database: Any, *endpoints: int, expires: str = "2 minutes") -> int:
    """A request as auth makes it; its id."""
    ids = list(endpoints) or None
    made = database.one(
        "INSERT INTO check_requests (endpoint_ids, expires_at) VALUES (%s, now() + %s::interval) RETURNING id",
        ids,
        expires,
    )
    database.rows("NOTIFY check_requests")
    return int(made)


def results(database: Any, request: int) -> list[dict[str, Any]] | None:
    """The answer, once there is one."""
    found: list[dict[str, Any]] | None = database.one("SELECT results FROM check_requests WHERE id = %s", request)
    return found


def test_requests_are_answered_at_once_each_by_itself_and_by_anybody(start: Start, database: Any, site: Site) -> None:
    site.hanging = {"/hangs"}
    site.statuses["/bad"] = 404
    hourly = {"interval_seconds": 3600}
    good = watch(database, "good", f"{site.url}/good", position=1, **hourly)
    bad = watch(database, "bad", f"{site.url}/bad", position=2, is_enabled=False, **hourly)
    hangs = watch(database, "hangs", f"{site.url}/hangs", timeout_seconds=30, position=3, **hourly)
    overdue = ask(database, good, bad, expires="-1 second")
    orphan = ask(database, good)
    database.rows(
        "UPDATE check_requests SET claimed_by = 'gone', claimed_until = now() + interval '2 s' WHERE id = %s", orphan
    )
    daemon = start(**ALLOWED)
    daemon.wait(lambda: outcomes(database, good), "the first check")
    first = ask(database, hangs)
    daemon.wait(lambda: len(site.asked["/hangs"]) == 2, "a check that takes its time")
    second, nothing = ask(database, good, bad), ask(database, 999)
    daemon.wait(lambda: results(database, second) is not None, "the answer", limit=4)
    [one, other] = sorted(results(database, second) or [], key=lambda result: str(result["name"]), reverse=True)
    assert (one["endpoint_id"], one["name"], one["outcome"], one["status_code"]) == (good, "good", "operational", 200)
    assert (other["endpoint_id"], other["outcome"], other["reason"], other["status_code"]) == (
        bad,
        "major_outage",
        "status",
        404,
    )
    assert one["duration_ms"] > 0
    assert one["started_at"]
    assert results(database, first) is None
    daemon.wait(lambda: results(database, nothing) == [], "nothing to check is an answer, too")
    told = [(result["name"], result["outcome"], result["reason"]) for result in results(database, overdue) or []]
    assert told == [("good", "missed", "expired"), ("bad", "missed", "expired")]
    daemon.wait(lambda: results(database, orphan) is not None, "what another left open is answered, too")
    asked = """SELECT DISTINCT endpoint_id, outcome, slot - started_at < interval '2 us'
        FROM checks WHERE is_asked ORDER BY 1"""
    assert database.rows(asked) == [(good, "operational", True), (bad, "major_outage", True)]
    assert state(database, bad) == "major_outage"


def test_the_own_endpoints_are_there_from_the_start_and_made_again_when_asked_for(database: Any, site: Site) -> None:
    settings = {"DATABASE_URL": database.collector_url, "AUTH_URL": site.url}
    made = collector_command("setup-health-monitoring", "--json", **settings)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout) == {"made": list(OWN)}
    assert database.rows("SELECT action, count(*) FROM audit_log GROUP BY 1") == [("endpoint.created", len(OWN))]
    database.rows("DELETE FROM endpoints WHERE name = 'API Docs'")
    database.rows("UPDATE endpoints SET interval_seconds = 77, expected_status = '{200}', retries = 0")
    again = collector_command("setup-health-monitoring", **settings)
    assert (again.returncode, again.stdout) == (0, "made API Docs\n")
    assert database.one("SELECT count(*) FROM endpoints WHERE interval_seconds = 77") == len(OWN) - 1


def test_a_round_of_checks_tells_the_truth(database: Any, site: Site) -> None:
    settings = {"DATABASE_URL": database.collector_url, "AUTH_URL": site.url, **ALLOWED}
    watch(database, "own", "/own")
    bad = watch(database, "bad", f"{site.url}/bad", retries=1)
    site.statuses["/bad"] = 500
    database.rows("UPDATE endpoints SET retries = 0")
    run = collector_command("run-health-checks", "--json", **settings)
    assert run.returncode == 1, run.stderr
    told = {result["name"]: result["outcome"] for result in json.loads(run.stdout)["results"]}
    assert told == {"own": "operational", "bad": "major_outage"}
    assert outcomes(database, bad) == [("major_outage", "status", 1)]
    assert "x-watchhouse-probe" in site.asked["/own"][0]
    one = collector_command("run-health-checks", "--endpoint", "own", **settings)
    assert one.returncode == 0
    assert "operational" in one.stdout
    wrong = collector_command("run-health-checks", "--endpoint", "nobody", **settings)
    assert (wrong.returncode, "no endpoint is called nobody" in wrong.stderr) == (1, True)
