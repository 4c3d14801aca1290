"""Whole runs against the real service: what the generator says it did is what the service has counted."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

Start = Callable[..., subprocess.Popen[str]]
SIGNING_IN = {"register", "sign_in", "wrong_password"}
SHOWN = """SELECT email, (SELECT count(*) FROM audit_log WHERE subject_id = u.id::text AND action = 'user.changed')
    FROM app_users u WHERE email LIKE %s AND email_verified AND identity_verified"""


def test_its_ledgers_equal_the_services_counters_and_its_locks_logs(
    platform: Any, generate: Callable, seed: str, tmp_path: Path
) -> None:
    ended = generate(
        "--url",
        platform.auth_url,
        "--rate",
        "40",
        "--duration",
        "6",
        "--people",
        "10",
        "--locks",
        "5",
        "--deeds",
        "10",
        "--seed",
        seed,
        "--verify",
        "--json",
        WATCHHOUSE_DEMO="1",
        WATCHHOUSE_DATA=str(tmp_path),
    )
    summary = ended.summary
    assert ended.status == 0, ended.out
    assert summary["ledger"]["agrees"]
    assert (summary["requests"]["agrees"], summary["requests"]["is_shared"]) == (True, True)
    assert summary["requests"]["totals"]["2xx"]["low"] >= summary["outcomes"]["done"]
    assert summary["ledger"]["uncertain"] == 0
    failed = {name for name, told in summary["actions"].items() if told["failed"]}
    assert failed <= SIGNING_IN, "a busy house asks who signs in to come again, and nobody else"
    assert {"register", "sign_in", "create", "read", "update"} <= set(summary["actions"])
    assert summary["shed"] == 0
    locks = summary["locks"]
    assert (locks["online"], locks["untold"], locks["failed"]) == (5, 0, 0)
    assert locks["entries"]["totals"]["STARTED"]["low"] >= 5
    assert locks["states"]["agrees"]
    shown = platform.database.rows(SHOWN, f"%.seed-{seed}@%")
    assert len(shown) == summary["verified"] > 0
    assert {entries for _, entries in shown} == {1}, "an entry in the audit log for each of them"
    assert f"person-10.seed-{seed}@" not in str(shown), "has no papers"


def test_the_services_counters_name_its_people(platform: Any, generate: Callable, seed: str) -> None:
    ended = generate(
        "--url",
        platform.auth_url,
        "--rate",
        "40",
        "--duration",
        "4",
        "--people",
        "3",
        "--seed",
        seed,
        "--json",
        STAFF_EMAIL="nobody@example.com",
    )
    assert ended.summary["requests"] == {"is_compared": False, "agrees": False}
    assert (ended.status, ended.summary["verified"]) == (0, 0)
    text = requests.get(f"{platform.auth_url}/metrics", timeout=10).text
    totals = ended.summary["ledger"]["totals"]
    counted = sum(
        float(line.rsplit(" ", 1)[1])
        for line in text.splitlines()
        if line.startswith("user_actions_total{") and f".seed-{seed}@" in line
    )
    assert counted == sum(action["low"] for action in totals.values()) > 0


def test_a_second_run_signs_the_same_people_in_again(platform: Any, generate: Callable, seed: str) -> None:
    options = (
        "--url",
        platform.auth_url,
        "--rate",
        "30",
        "--duration",
        "5",
        "--people",
        "4",
        "--seed",
        seed,
        "--verify",
        "--json",
    )
    first, second = generate(*options), generate(*options)
    assert (first.status, second.status) == (0, 0)
    assert first.summary["actions"]["register"]["done"] == 4
    assert second.summary["actions"]["register"]["refused"] == 4
    assert second.summary["actions"]["sign_in"]["done"] >= 4


def test_lost_answers_leave_the_changes_exact_and_the_reads_in_a_range(
    platform: Any, generate: Callable, seed: str, make_cutting_proxy: Callable
) -> None:
    proxy = make_cutting_proxy(platform.auth_url, every=9)
    ended = generate(
        "--url",
        proxy.url,
        "--rate",
        "40",
        "--duration",
        "6",
        "--people",
        "8",
        "--seed",
        seed,
        "--verify",
        "--json",
        WATCHHOUSE_DEMO="1",
    )
    created, read = (ended.summary["ledger"]["totals"][action] for action in ("create", "read"))
    assert ended.status == 0, ended.out
    assert proxy.cuts > 10
    assert created["low"] == created["high"] == created["served"] > 0
    assert read["low"] < read["high"]
    assert ended.summary["repeats"] > 0
    assert ended.summary["requests"]["agrees"]
    assert ended.summary["requests"]["uncertain"] > 1
    shown = platform.database.rows(SHOWN, f"%.seed-{seed}@%")
    assert len(shown) >= ended.summary["verified"], "whose answer was lost is found verified"


def test_arrivals_over_the_bound_are_shed_and_counted(platform: Any, generate: Callable, seed: str) -> None:
    ended = generate(
        "--url",
        platform.auth_url,
        "--rate",
        "300",
        "--duration",
        "3",
        "--people",
        "5",
        "--seed",
        seed,
        "--concurrency",
        "1",
        "--verify",
        "--json",
    )
    summary = ended.summary
    assert ended.status == 0, ended.out
    assert summary["shed"] > 0
    assert summary["arrived"] == summary["shed"] + sum(summary["outcomes"].values())


def test_interrupted_it_waits_for_answers_and_compares(
    platform: Any, start: Start, interrupt: Callable, seed: str, wait_until: Callable
) -> None:
    process = start("--url", platform.auth_url, "--rate", "50", "--people", "5", "--seed", seed, "--verify")
    wait_until(lambda: f".seed-{seed}@" in requests.get(f"{platform.auth_url}/metrics", timeout=10).text)
    ended = interrupt(process)
    assert ended.status == 0, ended.out
    assert "5 people, steady at 50/s" in ended.out
    assert "ledger: agrees with" in ended.out
    assert "0 abandoned" in ended.out
