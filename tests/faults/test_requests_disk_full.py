"""The journal's disk is full: requests are served, what is lost is counted and told, and it ends when there is room."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.collector.daemons import collector_command
from tests.support.databases import Database
from tests.support.full_disk import Disk, disk_for
from tests.support.processes import Running, start_auth, start_collector
from tests.support.waiting import wait_for

LOST = re.compile(r'^watchhouse_journal_lost_lines_total\{reason="errors"\} (\d+)', re.MULTILINE)
STORED = "SELECT count(*)::int FROM request_log WHERE request_id LIKE %s"
SEEN = "SELECT lost_to_errors FROM journal_states WHERE lost_at IS NOT NULL"
ALERT = "SELECT severity FROM alerts WHERE rule = 'requests_lost' AND resolved_at IS NULL"


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    (tmp_path / "data").mkdir()
    return disk_for(tmp_path / "data")


@pytest.fixture
def auth(database: Database, tmp_path: Path, disk: Disk) -> Iterator[Running]:
    running = start_auth(database, tmp_path, within=disk.within, AUTH_WORKERS="1")
    yield running
    running.stop()


def test_requests_are_served_and_losses_are_told(database: Database, tmp_path: Path, disk: Disk, auth: Running) -> None:
    pid = auth.process.pid
    database.rows("INSERT INTO endpoints (name, url, is_enabled) VALUES ('Not watched', '/', false)")
    ask(auth, "before", 20)
    disk.fill(pid)
    ask(auth, "meanwhile", 120)
    lost = losses(auth)
    collector = start_collector(database, tmp_path, within=disk.beside(pid), AUTH_URL=auth.url)
    try:
        wait_for(lambda: database.rows(SEEN), what="the collector has seen it")
        wait_for(lambda: database.one(STORED, "meanwhile-%") + lost == 120, what="the rest is stored")
        evaluate(database, auth)
        assert (disk.kind, lost > 0, database.rows(SEEN)) == (disk.kind, True, [(lost,)])
        assert (database.one(STORED, "before-%"), database.rows(ALERT)) == (20, [("critical",)])
        disk.make_room(pid)
        wait_for(lambda: is_kept(auth), what="lines are kept again")
        lost = losses(auth)
        ask(auth, "after", 20)
        wait_for(lambda: database.one(STORED, "after-%") == 20, what="all of them are stored")
        assert losses(auth) == lost
    finally:
        collector.stop()


def ask(auth: Running, prefix: str, times: int) -> None:
    """So many requests, each served."""
    with requests.Session() as session:
        for number in range(times):
            told = {"X-Request-ID": f"{prefix}-{number}"}
            assert session.get(auth.url + "/livez", headers=told, timeout=5).status_code == 200


def losses(auth: Running) -> int:
    """What /metrics tells."""
    found = LOST.search(requests.get(auth.url + "/metrics", timeout=5).text)
    assert found
    return int(found[1])


def is_kept(auth: Running) -> bool:
    """Whether a request's line is; after a loss auth does not try for a second."""
    lost = losses(auth)
    ask(auth, "again", 1)
    return losses(auth) == lost


def evaluate(database: Database, auth: Running) -> None:
    """Ask the rules now."""
    given = {"DATABASE_URL": database.collector_url, "AUTH_URL": auth.url}
    done = collector_command("collect-metrics", "--alerts", "--json", **given)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
