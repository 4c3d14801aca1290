"""The one-off commands that measure, look and report: what they print and store, and an exit status that is true."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from subprocess import CompletedProcess
from typing import Any

import pytest
from click.testing import CliRunner

from collector.__main__ import main
from tests.collector.daemons import collector_command
from tests.support.ports import free_port
from tests.support.processes import Running
from tests.support.visitor import PASSWORD, sign_up

Command = Callable[..., CompletedProcess[str]]
GUESS = "x" * 40
NOWHERE = f"postgresql://watchhouse_collector:{GUESS}@127.0.0.1:1/metrics"
HEALTHY = (
    "INSERT INTO collectors (name, host, started_at, seen_at) VALUES ('anna', 'here', now(), now())",
    """INSERT INTO request_minutes
        VALUES (date_trunc('minute', now()), 'anna', '', '', 200, 199, 0, 0, 1, 0, 0, 9, '{1}', '{200}')""",
    "INSERT INTO journal_states VALUES ('anna', now(), 0, 0, 0, 0, NULL)",
)
SILENT = (
    "INSERT INTO collectors VALUES ('anna', 'here', now(), now() - interval '2 minutes')",
    "INSERT INTO journal_hours VALUES (date_trunc('hour', now()) - interval '3 hours', 'anna', 1, 0)",
)
MONITORS = ("System Monitor", "User Monitor", "Book Monitor", "Loan Monitor", "Analytics Monitor")
FAILING = (
    *("System Health", "Metrics Collector", "Cache System", "Search Query Tracking", *MONITORS),
    *("Error Rate Tracking", "Request Rollups"),
)
GROUPS = {"endpoints", "metrics", "alerts", "performance"}


@pytest.fixture
def command(database: Any) -> Command:
    """Runs a command of a collector on the database."""

    def run(*words: str, **settings: str) -> CompletedProcess[str]:
        known = {"WATCHHOUSE_DEMO": "1", "DATABASE_URL": database.collector_url, "COLLECTOR_NAME": "anna"}
        return collector_command(*words, **(known | settings))

    return run


def checks(run: CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """The checks of `test-monitoring`, by name."""
    return {check["name"]: check for check in json.loads(run.stdout)["checks"]}


def test_a_house_that_is_well_is_measured_and_found_well(
    command: Command, database: Any, make_auth: Callable[..., Running]
) -> None:
    auth = make_auth()
    staff = {"STAFF_EMAIL": sign_up(auth.url).email, "STAFF_PASSWORD": PASSWORD}
    database.rows("UPDATE app_users SET email_verified = true, identity_verified = true, is_staff = true")
    database.rows("INSERT INTO endpoints (name, url) VALUES ('Alive', '/livez')")
    collected = command("collect-metrics", "--json", AUTH_URL=auth.url)
    assert collected.returncode == 0, collected.stdout + collected.stderr
    told = json.loads(collected.stdout)
    assert database.rows("SELECT host, samples, memory_mb FROM host_metrics") == [("anna", 1, told["memory_mb"])]
    size = "SELECT value FROM figures WHERE (subject, figure) = ('database', 'size_mb') ORDER BY at DESC LIMIT 1"
    assert database.one(size) == told["figures"]["database"]["size_mb"]
    assert (told["failed"], told["daily_stats"]["users"], told["daily_stats"]["logins"]) == ({}, 1, 1)
    assert [(one["name"], one["outcome"]) for one in told["health_check"]] == [("Alive", "operational")]
    assert told["alerts"] == {"opened": [], "resolved": [], "reminded": []}
    assert database.rows("SELECT outcome FROM checks") == [("operational",)]

    for statement in (*HEALTHY, "INSERT INTO event_totals VALUES ('search', 1, 2), ('search', 7, 1)"):
        database.rows(statement)
    with ThreadPoolExecutor(2) as pool:
        everything, report, checked = pool.map(
            lambda words: command(*words, AUTH_URL=auth.url, **staff),
            [
                ("test-monitoring", "--json"),
                ("daily-report", "--json"),
                ("run-health-checks", "--collect-metrics", "--json"),
            ],
        )
    slow = [name for name, check in checks(everything).items() if not check["is_passed"]]
    assert all(name.startswith("Response time") for name in slow), everything.stdout  # this machine may be busy
    assert everything.returncode == bool(slow)
    assert {check["group"] for check in checks(everything).values()} == GROUPS
    assert checks(everything)["Error Rate Tracking"]["told"] == "0.50 % of 200 requests in an hour"
    assert checks(everything)["Search Query Tracking"]["told"] == "3 searches"
    told = [checks(everything)[name]["told"] for name in MONITORS]
    assert all(re.fullmatch(r"\d+ figures; shown to staff in \d+\.\d ms, alerts: none", line) for line in told), told
    open_sessions = "SELECT count(*) FROM sessions WHERE ended_at IS NULL"
    assert database.one(open_sessions) == 1, "of who signed up, and not of the command, which signed out"
    assert all(check["seconds"] > 0 for check in checks(everything).values())
    assert json.loads(report.stdout)["users"] == 0  # yesterday
    assert (checked.returncode, set(json.loads(checked.stdout))) == (0, {"results", "metrics"})
    assert database.one("SELECT count(*) FROM alerts") == 0


def test_a_house_that_is_away_is_told_as_away(command: Command, database: Any) -> None:
    for statement in SILENT:
        database.rows(statement)
    away = {"AUTH_URL": f"http://127.0.0.1:{free_port()}"}
    wrong = database.server.url("watchhouse_collector", GUESS, database.name)
    calls: list[tuple[tuple[str, ...], dict[str, str]]] = [
        (("collect-metrics", "--daily-stats"), away),
        (("collect-metrics",), {"DATABASE_URL": NOWHERE}),
        (("test-monitoring", "--metrics", "--alerts"), away),
        (("test-monitoring", "--json", "--metrics", "--alerts"), {"DATABASE_URL": NOWHERE, **away}),
        (("daily-report", "--date", "2001-02-03"), {}),
        (("daily-report",), {"DATABASE_URL": wrong}),
    ]
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda call: command(*call[0], **call[1]), calls))
    assert [run.returncode for run in runs] == [1] * len(calls)
    without_auth, nothing_stored, nobody_there, looked, unknown, refused = runs
    assert "AUTH_URL: no answer" in without_auth.stdout
    assert "users" in without_auth.stdout
    assert nothing_stored.stderr == refused.stderr == "Error: The database cannot be reached; is DATABASE_URL right?\n"
    failed = [line for line in nobody_there.stdout.splitlines() if line.startswith("FAIL")]
    assert [name in line for name, line in zip(FAILING, failed, strict=True)] == [True] * len(FAILING)
    assert "nothing new of heartbeat" in failed[1]
    assert nobody_there.stdout.splitlines()[-1] == "3 passed, 11 failed"
    assert not any(check["is_passed"] for check in checks(looked).values())
    assert f"Error: {checks(looked)['Alert Rules']['told']}\n" == refused.stderr
    assert "nothing is known of 2001-02-03" in unknown.stderr


def test_a_monitor_is_seen_as_staff_or_it_is_said_why_not(command: Command, make_auth: Callable[..., Running]) -> None:
    auth = make_auth()
    no_staff = {"STAFF_EMAIL": sign_up(auth.url).email, "STAFF_PASSWORD": PASSWORD}
    cases: list[tuple[dict[str, str], bool, str]] = [
        ({"WATCHHOUSE_DEMO": "0"}, True, "not seen as staff: STAFF_EMAIL is not set"),
        ({}, False, "STAFF_EMAIL, STAFF_PASSWORD: signing in is answered with 401"),
        (no_staff, False, "answers 403 to STAFF_EMAIL"),
    ]
    with ThreadPoolExecutor(2) as pool:
        words = ("test-monitoring", "--json", "--metrics")
        runs = list(pool.map(lambda case: command(*words, AUTH_URL=auth.url, **case[0]), cases))
    for run, (_, is_passed, told) in zip(runs, cases, strict=True):
        found = [checks(run)[name] for name in MONITORS]
        assert {(check["is_passed"], told in check["told"]) for check in found} == {(is_passed, True)}, found


def test_a_report_is_mailed_when_asked_for(command: Command, database: Any) -> None:
    days = [yesterday()]
    run = command("daily-report", "--mail", REPORT_TO="anna@example.com")
    days.append(yesterday())
    assert (run.returncode, run.stderr) == (0, "queued for anna@example.com\n")
    [(recipient, subject, body)] = database.rows("SELECT recipient, subject, body FROM outbox")
    assert recipient == "anna@example.com"
    assert subject in {f"Watchhouse on {day}" for day in days}
    assert body.rstrip() == run.stdout.rstrip()


def yesterday() -> str:
    """Of which day a report tells by itself."""
    return (datetime.now(UTC).date() - timedelta(days=1)).isoformat()


@pytest.mark.parametrize("name", ["collect-metrics", "aggregate-analytics", "test-monitoring", "daily-report"])
def test_each_command_explains_itself(name: str) -> None:
    run = CliRunner().invoke(main, [name, "--help"])
    assert run.exit_code == 0
    assert "--json" in run.output


def test_a_day_is_a_date() -> None:
    run = CliRunner().invoke(main, ["daily-report", "--date", "yesterday"])
    assert run.exit_code == 2
    assert "--date" in run.output
