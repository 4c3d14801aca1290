"""The whole house, as `make run` brings it up, from outside."""

import re
import subprocess
import sys
from typing import Any

import psycopg2
import pytest
import requests

from tests.support.platform import Platform
from tests.support.ports import free_port
from tests.support.processes import HOUSE
from tests.support.visitor import sign_up
from tests.support.waiting import wait_for

PEOPLE = "@demo.watchhouse.example"


def run_trial(url: str) -> "subprocess.CompletedProcess[str]":
    """`python test_auth.py URL`, as a developer runs it."""
    return subprocess.run([sys.executable, HOUSE / "test_auth.py", url], capture_output=True, text=True, check=False)


def test_the_developers_trial_passes(platform: Platform) -> None:
    trial = run_trial(platform.auth_url)
    assert (trial.returncode, "FAIL" in trial.stdout) == (0, False), trial.stdout


def test_the_trial_says_when_nobody_answers() -> None:
    trial = run_trial(f"http://127.0.0.1:{free_port()}")
    assert (trial.returncode, "cannot be reached" in trial.stdout) == (2, True)


def test_the_trial_fails_against_something_else(platform: Platform) -> None:
    assert run_trial(platform.alertmanager_url).returncode == 1


def test_simulated_people_are_in_the_metrics(platform: Platform) -> None:
    wait_for(lambda: counted_by_service(platform) > 0, seconds=30, what="people act")
    assert counted_by_service(platform) > 0


def test_simulated_people_are_in_the_database(platform: Platform) -> None:
    wait_for(lambda: platform.database.rows("SELECT 1 FROM usage_stats LIMIT 1"), seconds=30, what="people act")
    [(people,)] = platform.database.rows("SELECT count(*) FROM app_users WHERE email LIKE %s", f"%{PEOPLE}")
    assert people > 0


def test_simulated_people_are_in_prometheus(platform: Platform) -> None:
    query = f'sum(user_actions_total{{user=~".*{PEOPLE}"}})'.replace(".watch", "[.]watch").replace(
        ".example", "[.]example"
    )

    def found() -> Any:
        return requests.get(f"{platform.prometheus_url}/api/v1/query", params={"query": query}, timeout=10).json()[
            "data"
        ]["result"]

    [series] = wait_for(found, seconds=60, what="Prometheus has scraped them")
    assert float(series["value"][1]) > 0


def test_every_part_is_healthy(platform: Platform) -> None:
    def is_healthy() -> bool:
        return requests.get(f"{platform.auth_url}/health/", timeout=5).json()["status"] == "healthy"

    wait_for(is_healthy, seconds=30, what="all parts are healthy")
    report = requests.get(f"{platform.auth_url}/health/", timeout=5).json()
    assert {part: report[part]["status"] for part in ("database", "collector", "broker")} == dict.fromkeys(
        ("database", "collector", "broker"), "healthy"
    )


def test_a_mail_that_is_waited_for_is_told_sent(platform: Platform) -> None:
    answer = sign_up(platform.auth_url).call("POST", "/api/v1/auth/email/verify/?wait=10", timeout=30)
    assert (answer.status_code, answer.json()["data"]["status"]) == (202, "sent")


def test_the_host_is_measured(platform: Platform) -> None:
    def memory() -> re.Match[str] | None:
        metrics = requests.get(f"{platform.collector_url}/metrics", timeout=10).text
        return re.search(r"^watchhouse_host_memory_used_bytes [1-9]", metrics, re.MULTILINE)

    assert wait_for(memory, what="the first sample")


def test_roles_cannot_be_used_without_their_password(platform: Platform) -> None:
    url = f"postgresql://watchhouse_auth:guess@127.0.0.1:{platform.ports['POSTGRES_PORT']}/metrics"
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(url)


def counted_by_service(platform: Platform) -> int:
    """Actions of simulated people, as /metrics has them."""
    text = requests.get(f"{platform.auth_url}/metrics", timeout=10).text
    return sum(int(count) for count in re.findall(rf'user_actions_total{{[^}}]*{PEOPLE}"}} (\d+)', text))
