"""Everything is killed at random while people use it; in the end all books agree."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.support.platform import Platform, run_platform
from tests.support.processes import environment
from tests.support.waiting import wait_for

IS_LONG = os.environ.get("WATCHHOUSE_FAULTS") == "long"
SECONDS = 600 if IS_LONG else 14
PAUSE_SECONDS = (1.0, 4.0)
SEEDS = range(5) if IS_LONG else range(1)
VICTIMS = ("auth.gunicorn", "collector run", "postgres")


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
    with run_platform(folder) as house:
        people = start_people(house, folder, seed)
        promised = frozenset(ask_for_mail(house, f"mailed-{number}@example.com") for number in range(10)) - {""}
        kills = kill_at_random(house, people, random.Random(seed))
        out, _ = people.communicate(timeout=SECONDS + 120)
        wait_for(lambda: answers(house), seconds=60, what="the house has mended itself")
        yield Aftermath(house, kills, people.returncode, json.loads(out), promised)


@pytest.mark.timeout(SECONDS + 180)
def test_no_action_is_lost_or_counted_twice(aftermath: Aftermath) -> None:
    assert aftermath.status == 0, aftermath.summary
    assert aftermath.kills > SECONDS / PAUSE_SECONDS[1] / 2
    assert unequal_books(aftermath.house) == []


@pytest.mark.timeout(SECONDS + 180)
def test_no_mail_that_was_promised_is_lost(aftermath: Aftermath) -> None:
    house = aftermath.house
    house.database.rows("UPDATE outbox SET due_at = now() WHERE status = 'queued'")  # a dead sender's lease runs out
    wait_for(lambda: sent_mails(house) >= aftermath.promised, seconds=60, what="every mail is sent")
    assert len(aftermath.promised) > 0
    assert house.database.rows("SELECT count(*) FROM outbox WHERE status = 'failed'") == [(0,)]


def start_people(house: Platform, folder: Path, seed: int) -> "subprocess.Popen[bytes]":
    """People of this test, apart from the demo's own."""
    options = [
        "--url",
        house.auth_url,
        "--people",
        "12",
        "--rate",
        "30",
        "--duration",
        str(SECONDS),
        "--seed",
        str(1000 + seed),
        "--verify",
        "--json",
    ]
    with (folder / "people.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "generator", *options], env=environment(), stdout=subprocess.PIPE, stderr=log
        )


def kill_at_random(house: Platform, people: "subprocess.Popen[bytes]", chance: random.Random) -> int:
    """Kill one process after another while people are about; how many were killed."""
    kills = 0
    while people.poll() is None:
        try:
            people.wait(chance.uniform(*PAUSE_SECONDS))
        except subprocess.TimeoutExpired:
            kills += kill_one(house, chance)
    return kills


def kill_one(house: Platform, chance: random.Random) -> int:
    """kill -9 a random process of ours, workers and backends of the database among them."""
    kind = chance.choice(VICTIMS)
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


def ask_for_mail(house: Platform, email: str) -> str:
    """The address, when the mail to it was promised."""
    account = {"email": email, "password": "correct horse battery"}
    made = (201, 409)  # asked again when the lane of hashes is full
    wait_for(
        lambda: requests.post(f"{house.auth_url}/register", json=account, timeout=30).status_code in made, seconds=60
    )
    answer = requests.post(f"{house.auth_url}/api/v1/auth/password/forgot/", json={"email": email}, timeout=30)
    return email if answer.status_code == 202 else ""


def sent_mails(house: Platform) -> set[str]:
    return {email for (email,) in house.database.rows("SELECT recipient FROM outbox WHERE status = 'sent'")}


def answers(house: Platform) -> bool:
    try:
        return requests.get(f"{house.auth_url}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def unequal_books(house: Platform) -> list[tuple[object, ...]]:
    """People and actions whose total is not the number of their records."""
    return house.database.rows("""
        SELECT coalesce(t.user_id, r.user_id), coalesce(t.action, r.action), t.total, r.records
        FROM user_action_totals t
        FULL JOIN (SELECT user_id, action, count(*) AS records FROM usage_stats GROUP BY 1, 2) r
            ON (r.user_id, r.action) = (t.user_id, t.action)
        WHERE t.total IS DISTINCT FROM r.records
    """)
