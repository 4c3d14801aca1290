"""What is kept: for how long, how that is told, that all workers share it, and that it can break no answer."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import time
from typing import Any

import psutil
import psycopg2
import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from auth.house import KEY, Parts
from tests.support.client import PASSWORD, Api, Person
from tests.support.databases import Database
from tests.support.processes import Running
from tests.support.waiting import wait_for

MONITOR = "/api/analytics/monitor/"
WAITING = "SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


class Moving:
    """A clock that is put forward."""

    seconds = 0.0

    def __call__(self) -> float:
        return 1_800_000_000 + self.seconds


@pytest.fixture
def clock(rolled_back_app: Flask) -> Iterator[Moving]:
    """The cache's own."""
    moving, parts = Moving(), house_of(rolled_back_app)
    parts.cache.clock = moving
    yield moving
    parts.cache.clock = time


@pytest.fixture
def folder(api: Api, rolled_back_app: Flask) -> Iterator[Path]:
    """Where entries lie."""
    found = house_of(rolled_back_app).settings.data / "cache"
    yield found
    if not found.is_dir():
        found.unlink(missing_ok=True)
        found.mkdir()


def house_of(app: Flask) -> Parts:
    parts: Parts = app.extensions[KEY]
    return parts


def ask(staff: Person, model: str) -> Any:
    answer = staff.call("GET", f"{MONITOR}{model}/")
    assert answer.status_code == 200, answer.text
    return answer


def total(staff: Person) -> int:
    found: int = ask(staff, "users").get_json()["overview"]["total_users"]
    return found


@pytest.mark.parametrize(
    ("model", "life"), [("users", 300), ("books", 300), ("loans", 300), ("analytics", 300), ("system", 60)]
)
def test_it_is_told_how_old_it_is(api: Api, clock: Moving, model: str, life: int) -> None:
    staff, seen = api.staff(), []
    for seconds in (0, 1.5, life - 0.1, life, life + 2):
        clock.seconds = seconds
        headers = ask(staff, model).headers
        seen.append((headers["Cache-Control"], headers["Age"]))
    assert seen == [(f"private, max-age={life}", age) for age in ("0", "1", str(life - 1), "0", "2")]


def test_figures_last_five_minutes_and_how_they_spread_an_hour(api: Api, clock: Moving) -> None:
    staff, seen = api.staff(), []
    for seconds in (0, 299, 300, 3599, 3600, 3901):
        clock.seconds = seconds
        told = ask(staff, "users").get_json()
        seen.append((told["overview"]["total_users"], told["role_distribution"]["student"]["count"]))
        api.person()
    assert seen == [(1, 0), (1, 0), (3, 0), (4, 0), (4, 3), (6, 3)]


def test_how_they_spread_is_as_old_as_the_figures_that_it_was_taken_from(api: Api, clock: Moving) -> None:
    staff, seen = api.staff(), []
    for seconds in (0, 3500, 3600, 7099, 7100):
        clock.seconds = seconds
        seen.append(ask(staff, "users").get_json()["role_distribution"]["student"]["count"])
        api.person()
    assert seen == [0, 0, 1, 1, 3], "an hour after the figures of 3500, not after 3600"


def test_the_moment_is_that_of_the_figures(api: Api, clock: Moving) -> None:
    staff = api.staff()
    moments = []
    for seconds in (0, 70, 310):
        clock.seconds = seconds
        moments.append([ask(staff, model).get_json()["timestamp"][11:19] for model in ("users", "system")])
    assert moments == [["08:00:00", "08:00:00"], ["08:00:00", "08:00:00"], ["08:05:10", "08:05:10"]]


def test_a_clock_that_goes_back_makes_it_anew(api: Api, clock: Moving) -> None:
    staff = api.staff()
    before = total(staff)
    api.person()
    clock.seconds = -10
    assert (before, total(staff)) == (1, 2)


def tear(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-3])


def garble(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes(b"\x80\x04cposix\nsystem\n(S'false'\ntR.")


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes(b"")


def shadow(folder: Path) -> None:
    for path in list(folder.iterdir()):
        path.unlink()
        path.mkdir()


def block(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.touch()


@pytest.mark.parametrize("harm", [tear, garble, empty, shutil.rmtree, shadow, block])
def test_a_broken_entry_is_made_anew(api: Api, folder: Path, harm: Callable[[Path], None]) -> None:
    staff = api.staff()
    before = total(staff)
    api.person()
    harm(folder)
    assert (before, total(staff)) == (1, 2)
    if harm is shadow:
        shutil.rmtree(folder)


@pytest.mark.parametrize("shape", [b"7", b"[7]", b'["7", {}]', b'{"7": 7, "8": 8}', b"no JSON"])
def test_a_whole_entry_of_another_shape_is_made_anew(api: Api, folder: Path, shape: bytes) -> None:
    staff = api.staff()
    before = total(staff)
    api.person()
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:4] + hashlib.blake2b(shape, digest_size=16).digest() + shape)
    assert (before, total(staff)) == (1, 2)


def test_it_is_failing_while_it_cannot_be_written(api: Api, folder: Path) -> None:
    staff = api.staff()
    shutil.rmtree(folder)
    folder.touch()
    health, system = api.call("GET", "/health/"), ask(staff, "system").get_json()
    assert (health.status_code, health.get_json()["status"]) == (200, "degraded")
    assert health.get_json()["cache"] == {"status": "failing", "latency_ms": None, "age_seconds": None}
    assert system["health_status"] == {"database": "healthy", "cache": "critical", "overall": "critical"}
    assert [alert for alert in system["critical_alerts"] if alert["metric"] == "cache"] == [
        {"severity": "critical", "metric": "cache", "value": 0.0, "threshold": 1.0, "message": "The cache is failing"}
    ]


def test_it_is_healthy_while_the_database_is_away(make_client: Callable[..., FlaskClient]) -> None:
    answer = make_client(DATABASE_URL="postgresql://u@127.0.0.1:1/d").get("/health/")
    assert answer.status_code == 503
    assert (answer.get_json()["database"]["status"], answer.get_json()["cache"]["status"]) == ("failing", "healthy")


def test_workers_share_it_and_one_makes_it(database: Database, make_auth: Callable[..., Running]) -> None:
    auth = make_auth(AUTH_WORKERS="2")
    bearer = sign_in(auth, database)

    def moment(_: int = 0) -> str:
        answer = requests.get(f"{auth.url}{MONITOR}books/", headers=bearer, timeout=10)
        assert answer.status_code == 200, answer.text
        found: str = answer.json()["timestamp"]
        return found

    with ThreadPoolExecutor(8) as pool:
        with psycopg2.connect(database.owner_url) as held, held.cursor() as cursor:
            cursor.execute("LOCK TABLE books")
            asked = [pool.submit(moment) for _ in range(8)]
            wait_for(lambda: database.one(WAITING), what="one that reads books")
            assert database.one(WAITING) == 1
        moments = {future.result() for future in asked}
    workers = psutil.Process(auth.process.pid).children()
    for worker in workers:
        worker.kill()
    wait_for(lambda: not {worker.pid for worker in workers} & alive(auth), what="the workers' successors")
    assert moments == {moment()}


def alive(auth: Running) -> set[int]:
    return {worker.pid for worker in psutil.Process(auth.process.pid).children()}


def sign_in(auth: Running, database: Database) -> dict[str, str]:
    account = {"email": "staff@example.com", "password": PASSWORD}
    assert requests.post(f"{auth.url}/register", json=account, timeout=10).status_code == 201
    database.rows("UPDATE app_users SET is_staff = true")
    return {"Authorization": f"Bearer {requests.post(f'{auth.url}/login', json=account, timeout=10).json()['token']}"}
