"""Everything is killed at random while people and their locks use it; in the end all books agree."""

import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest
import requests

from collector.jobs import audit_requests, roll_up_requests
from tests.support.journal_house import AUDITS, HOUR_LATER, UNEQUAL, run_at
from tests.support.long_runs import IS_LONG
from tests.support.memory import quick_folder
from tests.support.platform import Platform, run_platform
from tests.support.processes import environment
from tests.support.waiting import wait_for

SECONDS = 600 if IS_LONG else 14
RATE = 30
PAUSE_SECONDS = (1.0, 4.0)
SEEDS = range(5) if IS_LONG else range(1)
LOCKS, DEEDS = (20, 4) if IS_LONG else (4, 4)
VICTIMS = ("auth.gunicorn", "collector run", "postgres", "mosquitto")
REGISTERED = (
    "SELECT coalesce(sum(requests), 0)::int FROM request_minutes WHERE (endpoint, method) = ('/register', 'POST')"
)


@dataclass(frozen=True)
class Aftermath:
    """A house that was mistreated while people used it, and has mended itself."""

    house: Platform
    kills: int
    status: int
    summary: dict[str, Any]
    promised: frozenset[str]


@pytest.fixture(scope="module", params=SEEDS)
def aftermath(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Aftermath]:
    """A house of this module's own, after its trials."""
    folder, seed = tmp_path_factory.mktemp("trials"), request.param
    with quick_folder(folder) as quick, run_platform(quick, GENERATOR="off") as house:
        emails = [f"mailed-{number}@example.com" for number in range(10)]
        register(house, emails)
        people = start_people(house, folder, seed)
        promised = frozenset(email for email in emails if ask_for_mail(house, email))
        kills = kill_at_random(house, people, random.Random(seed))
        out, _ = people.communicate(timeout=SECONDS + 150)
        wait_for(lambda: answers(house), seconds=60, what="the house has mended itself")
        yield Aftermath(house, kills, people.returncode, json.loads(out), promised)


@pytest.mark.timeout(SECONDS + 240)
def test_no_action_is_lost_or_counted_twice(aftermath: Aftermath) -> None:
    assert aftermath.status == 0, aftermath.summary
    assert aftermath.kills > SECONDS / PAUSE_SECONDS[1] / 2
    assert unequal_books(aftermath.house) == []


@pytest.mark.timeout(SECONDS + 240)
def test_the_analytics_tell_what_was_sent_and_all_ways_of_counting_agree(aftermath: Aftermath) -> None:
    requests_sent = aftermath.summary["requests"]
    assert (requests_sent["agrees"], requests_sent["is_shared"]) == (True, False), requests_sent
    assert requests_sent["totals"]["count"]["low"] > SECONDS * RATE / 4
    wait_for(lambda: audits_agree(aftermath.house), seconds=30, what="an hour is audited, and its counts agree")


@pytest.mark.timeout(SECONDS + 240)
def test_the_logs_of_the_locks_tell_what_befell_them(aftermath: Aftermath) -> None:
    locks = aftermath.summary["locks"]
    assert (locks["agrees"], locks["online"], locks["untold"]) == (True, LOCKS, 0), locks
    assert sum(locks["deeds"].values()) > SECONDS


@pytest.mark.timeout(SECONDS + 240)
def test_no_mail_that_was_promised_is_lost(aftermath: Aftermath) -> None:
    house = aftermath.house
    house.database.rows("UPDATE outbox SET due_at = now() WHERE status = 'queued'")  # a dead sender's lease runs out
    wait_for(lambda: sent_mails(house) >= aftermath.promised, seconds=60, what="every mail is sent")
    assert len(aftermath.promised) > 0
    assert house.database.rows("SELECT count(*) FROM outbox WHERE status = 'failed'") == [(0,)]


def start_people(house: Platform, folder: Path, seed: int) -> "subprocess.Popen[bytes]":
    """People of this test, and nobody else: so what they send is all that is counted."""
    options = [
        "--url",
        house.auth_url,
        "--people",
        "12",
        "--rate",
        str(RATE),
        "--duration",
        str(SECONDS),
        "--locks",
        str(LOCKS),
        "--deeds",
        str(DEEDS),
        "--seed",
        str(1000 + seed),
        "--verify",
        "--alone",
        "--json",
    ]
    with (folder / "people.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "generator", *options],
            env=environment(WATCHHOUSE_DEMO="1", WATCHHOUSE_DATA=str(folder)),
            stdout=subprocess.PIPE,
            stderr=log,
        )


def kill_at_random(house: Platform, people: "subprocess.Popen[bytes]", chance: random.Random) -> int:
    """Kill one process after another, each kind at least once, while people are about; how many were killed."""
    kills, end, first = 0, monotonic() + SECONDS, chance.sample(VICTIMS, len(VICTIMS))
    while monotonic() < end and people.poll() is None:
        try:
            people.wait(chance.uniform(*PAUSE_SECONDS))
        except subprocess.TimeoutExpired:
            kills += kill_one(house, chance, first.pop() if first else chance.choice(VICTIMS))
    return kills


def kill_one(house: Platform, chance: random.Random, kind: str) -> int:
    """kill -9 a random process of a kind of ours, workers and backends of the database among them."""
    found = [process for process in house_processes(house) if kind in describe(process)]
    if not found:
        return 0
    try:
        chance.choice(found).send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return 0
    return 1


def house_processes(house: Platform) -> list[psutil.Process]:
    """Every process beneath this house's `standalone`."""
    return psutil.Process(house.pid).children(recursive=True)


def describe(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def register(house: Platform, emails: list[str]) -> None:
    """Make the accounts, and wait until that is counted: what comes after is the people's own."""
    for email in emails:
        account = {"email": email, "password": "correct horse battery"}
        assert requests.post(f"{house.auth_url}/register", json=account, timeout=30).status_code == 201
    wait_for(lambda: house.database.rows(REGISTERED)[0][0] >= len(emails), what="the accounts are counted")


def ask_for_mail(house: Platform, email: str) -> bool:
    """Whether a mail was promised."""
    answer = requests.post(f"{house.auth_url}/api/v1/auth/password/forgot/", json={"email": email}, timeout=30)
    return answer.status_code == 202


def sent_mails(house: Platform) -> set[str]:
    return {email for (email,) in house.database.rows("SELECT recipient FROM outbox WHERE status = 'sent'")}


def answers(house: Platform) -> bool:
    try:
        return requests.get(f"{house.auth_url}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def audits_agree(house: Platform) -> bool:
    """Roll up and audit as if it were an hour later; whether that could be done, while nothing more was added."""
    later = datetime.now(UTC) + HOUR_LATER
    for job in (roll_up_requests.JOB, audit_requests.JOB):
        run_at(house.database.owner_url, job, later)
    unequal = [row for statement in (UNEQUAL, AUDITS) for row in house.database.rows(statement)]
    return house.database.rows("SELECT count(*) FROM request_audits") != [(0,)] and unequal == []


def unequal_books(house: Platform) -> list[tuple[object, ...]]:
    """People and actions whose total is not the number of their records."""
    return house.database.rows("""
        SELECT coalesce(t.user_id, r.user_id), coalesce(t.action, r.action), t.total, r.records
        FROM user_action_totals t
        FULL JOIN (SELECT user_id, action, count(*) AS records FROM usage_stats GROUP BY 1, 2) r
            ON (r.user_id, r.action) = (t.user_id, t.action)
        WHERE t.total IS DISTINCT FROM r.records
    """)
