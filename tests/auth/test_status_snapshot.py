"""The status page stays up: made once for all workers, kept over the database's absence, a restart and torn files."""

import fcntl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg2
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import auth.app
from auth.settings import read_settings
from auth.status.snapshot import pack, unpack
from tests.auth.status_rows import DOCUMENT, PAGE, add_service
from tests.conftest import CHEAP_HASHER
from tests.support.databases import Database
from tests.support.waiting import wait_for

HOUR = 3600
Start = Callable[[], FlaskClient]


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Start:
    """Starts a worker of auth; all of them share a data folder, as on a host, and nothing else."""
    settings = read_settings(
        {"WATCHHOUSE_DEMO": "1", "WATCHHOUSE_DATA": str(tmp_path), "DATABASE_URL": database.auth_url}
    )
    return lambda: auth.app.create_app(settings, CHEAP_HASHER).test_client()


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where the workers keep the page."""
    return tmp_path / "status" / "snapshot"


@contextmanager
def away(database: Database) -> Iterator[None]:
    """Nobody can reach the database meanwhile."""
    as_superuser(database, f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false")
    as_superuser(database, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.name}'")
    yield
    as_superuser(database, f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS true")


def as_superuser(database: Database, statement: str) -> None:
    connection = psycopg2.connect(database.server.superuser_url())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def make_old(kept: Path) -> None:
    """As it would be an hour after the last that could be made."""
    snapshot = unpack(kept.read_bytes())
    aged = kept.with_name("aged")
    aged.write_bytes(pack(replace(snapshot, made_at=snapshot.made_at - HOUR)))
    aged.replace(kept)


def get(worker: FlaskClient, path: str = DOCUMENT, **headers: str) -> TestResponse:
    return worker.get(path, headers=headers)


def read(worker: FlaskClient) -> dict[str, Any]:
    answer = get(worker)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_it_stays_with_its_age_while_the_database_is_away(database: Database, start: Start, kept: Path) -> None:
    made = add_service(database, "Shop")
    worker = start()
    assert (read(worker)["is_stale"], read(worker)["age_seconds"]) == (False, 0)
    with away(database):
        make_old(kept)
        for asked in (worker, start()):  # the second one knows only what is on disk
            check_aged(asked, made)
    wait_for(lambda: not read(worker)["is_stale"], what="it is made anew")
    page = get(worker, PAGE)
    assert 'class="notice"' not in page.text
    assert int(page.headers["Age"]) < 3


def check_aged(worker: FlaskClient, made: int) -> None:
    document = read(worker)
    assert (document["is_stale"], document["services"]["operational"]) == (True, 1)
    assert HOUR <= document["age_seconds"] < HOUR + 60
    page = get(worker, PAGE)
    assert page.status_code == 200
    assert int(page.headers["Age"]) >= HOUR
    assert "This page shows how things stood 1 hour ago" in page.text
    assert get(worker, PAGE, **{"If-None-Match": page.headers["ETag"]}).status_code == 304
    assert "Shop: Unknown" in get(worker, f"/health/badge/{made}.svg").text


def test_without_a_page_and_without_the_database_it_is_503(database: Database, start: Start, kept: Path) -> None:
    worker = start()
    kept.parent.mkdir()
    with away(database):
        for content in (None, b"", b"garbage"):
            if content is not None:
                kept.write_bytes(content)
            answer = get(worker, PAGE, Accept="text/html")
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
            assert answer.headers["Content-Type"].startswith("text/html")
    assert read(worker)["title"] == "Watchhouse"
    assert unpack(kept.read_bytes()).forms


def test_a_change_shows_within_two_seconds_in_every_worker(database: Database, start: Start) -> None:
    workers = [start(), start()]
    assert [read(worker)["title"] for worker in workers] == ["Watchhouse"] * 2
    database.rows("UPDATE status_page SET title = 'Changed'")
    changed = monotonic()
    wait_for(lambda: {read(worker)["title"] for worker in workers} == {"Changed"}, what="all show it")
    assert monotonic() - changed < 2.5


def test_it_is_made_by_one_at_a_time_and_nobody_waits_for_them(database: Database, start: Start, kept: Path) -> None:
    workers = [start(), start()]
    before = read(workers[0])["updated_at"]
    with (kept.parent / "lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # somebody else is making it, and takes long
        wait_for(lambda: int(get(workers[0]).headers["Age"]) >= 2, what="it is due")
        started = monotonic()
        assert {int(get(worker).headers["Age"]) for worker in workers} == {2}
        assert monotonic() - started < 1
    before_all = kept.stat().st_mtime_ns
    with ThreadPoolExecutor(16) as threads:
        asked = threads.map(lambda worker: get(worker.application.test_client()).status_code, workers * 8)
        marks = [kept.stat().st_mtime_ns for status in asked if status == 200]
    assert len({before_all, *marks}) == 2, "made more than once, or not at all"
    assert read(workers[1])["updated_at"] == before, "an unchanged house has not changed"


def test_a_folder_that_cannot_be_written_takes_nothing_away(database: Database, start: Start, kept: Path) -> None:
    kept.parent.write_text("in the way")
    worker = start()
    assert read(worker)["is_stale"] is False
    with away(database):
        assert read(worker)["title"] == "Watchhouse"
