"""The broker's accounts: made of the table, brought to a running Mosquitto, never a password in them."""

import os
import queue
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from collector.errors import CollectorError
from collector.fleet.accounts import find_broker, lines_of, render, write_when_changed
from collector.job import Context
from collector.jobs import write_broker_accounts
from common.lock_protocol.keys import as_text, derive_key
from tests.collector.daemons import Daemon
from tests.support.broker import PASSWORD, Broker, run_broker
from tests.support.processes import DEVICE_KEY
from tests.support.waiting import wait_for

SECONDS = 10.0
SOON = 4.0  # 0.3 s but where a first call is missed, and the second heeded
CROWD = 5000
PERSON = "INSERT INTO app_users (email, password_hash) VALUES ('anna@example.com', 'x') RETURNING id"
CLAIM = "INSERT INTO devices (device_id, name, owner_id) VALUES (%s, 'Door', %s) RETURNING id::text"
CLAIM_CROWD = """
    INSERT INTO devices (device_id, name, owner_id) SELECT 'crowd-' || n, 'Door', %s FROM generate_series(1, %s) AS n
"""
DELETE = "UPDATE devices SET deleted_at = now() WHERE device_id = %s"


class Lock:
    """A lock's connection with a password; how it fares."""

    def __init__(self, port: int, name: str, password: str) -> None:
        self.answers: queue.Queue[Any] = queue.Queue()
        self.ends: queue.Queue[Any] = queue.Queue()
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=mqtt.MQTTv311, reconnect_on_failure=False)
        self.paho.username_pw_set(name, password)
        self.paho.on_connect = lambda *told: self.answers.put(told[3])
        self.paho.on_disconnect = lambda *told: self.ends.put(told[3])
        self.paho.connect("127.0.0.1", port)
        self.paho.loop_start()
        self.is_in = not self.answers.get(timeout=SECONDS).is_failure

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


Connect = Callable[..., Lock]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One for the module; what a test leaves in its accounts, the next one's job takes out."""
    with run_broker(tmp_path_factory.mktemp("broker")) as made:
        yield made


@pytest.fixture
def connect(broker: Broker) -> Iterator[Connect]:
    """Connects locks, by the password that they were given at their claim."""
    made: list[Lock] = []

    def make(name: str, row_id: str, version: int = 1) -> Lock:
        password = as_text(derive_key(DEVICE_KEY, "mqtt", UUID(row_id), version))
        made.append(Lock(broker.port, name, password))
        return made[-1]

    yield make
    for lock in made:
        lock.close()


@pytest.fixture
def owner(database: Any) -> str:
    """Somebody who claims locks."""
    return str(database.one(PERSON))


@pytest.fixture
def context(context_for: Callable[..., Context[Any]], broker: Broker) -> Context[Any]:
    return context_for(write_broker_accounts.JOB, **broker.settings)


def is_let_in(connect: Connect, *lock: Any) -> bool:
    made = connect(*lock)
    made.close()
    return made.is_in


def test_a_claimed_lock_is_let_in_and_a_deleted_one_is_cut(
    context: Context[Any], broker: Broker, database: Any, owner: str, connect: Connect
) -> None:
    row_id = database.one(CLAIM, "front", owner)
    write_broker_accounts.run(context)
    wait_for(lambda: is_let_in(connect, "front", row_id), what="the lock is let in")
    lock = connect("front", row_id)
    database.rows(DELETE, "front")
    write_broker_accounts.run(context)
    assert lock.ends.get(timeout=SECONDS).is_failure
    assert not is_let_in(connect, "front", row_id)


def test_a_new_password_takes_the_place_of_the_old_one(
    context: Context[Any], database: Any, owner: str, connect: Connect
) -> None:
    row_id = database.one(CLAIM, "front", owner)
    write_broker_accounts.run(context)
    wait_for(lambda: is_let_in(connect, "front", row_id), what="the lock is let in")
    stays, goes = database.one(CLAIM, "back", owner), connect("front", row_id)
    database.rows("UPDATE devices SET mqtt_version = 2 WHERE device_id = 'front'")
    write_broker_accounts.run(context)
    assert goes.ends.get(timeout=SECONDS).is_failure
    assert is_let_in(connect, "front", row_id, 2)
    assert is_let_in(connect, "back", stays)


def test_an_unchanged_file_is_left_alone_and_no_one_is_told(
    context: Context[Any], broker: Broker, database: Any, owner: str
) -> None:
    database.rows(CLAIM, "front", owner)
    write_broker_accounts.run(context)
    before, told = broker.accounts_file.stat(), context.fleet.told_broker
    write_broker_accounts.run(context)
    assert (broker.accounts_file.stat().st_ino, context.fleet.told_broker) == (before.st_ino, told)
    assert told is not None
    assert told.pid == broker.process.pid


def test_a_broker_that_started_anew_is_told_once_more(
    context: Context[Any], broker: Broker, database: Any, owner: str, connect: Connect
) -> None:
    """It may have read the file just before that was changed, when nobody could tell it."""
    row_id = database.one(CLAIM, "front", owner)
    write_broker_accounts.run(context)
    current = broker.accounts_file.read_text()
    broker.kill()
    assert find_broker(broker.pid_file) is None
    broker.write_accounts({})
    broker.start()
    broker.accounts_file.write_text(current)
    assert not is_let_in(connect, "front", row_id)
    write_broker_accounts.run(context)
    wait_for(lambda: is_let_in(connect, "front", row_id), what="the lock is let in")


def test_only_a_mosquitto_that_can_be_told_is_told(tmp_path: Path, broker: Broker) -> None:
    found = find_broker(broker.pid_file)
    assert found is not None
    assert found[0] == broker.process.pid
    pid_file = tmp_path / "pid"
    assert find_broker(pid_file) is None
    before = signal.signal(signal.SIGHUP, lambda *_: None)  # we could be told, and are none
    for content in ("", "none", "-1", "0", "99999999", str(os.getpid())):
        pid_file.write_text(content)
        assert find_broker(pid_file) is None, content
    signal.signal(signal.SIGHUP, before)


def test_a_mosquitto_that_is_not_ready_to_be_told_is_spared(tmp_path: Path) -> None:
    """As it is while it loads what it kept: a SIGHUP would end it."""
    program = tmp_path / "mosquitto"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "60"]) as loading:
        (tmp_path / "pid").write_text(str(loading.pid))
        try:
            wait_for(lambda: Path(f"/proc/{loading.pid}/comm").read_text() == "mosquitto\n", what="it has its name")
            assert find_broker(tmp_path / "pid") is None
        finally:
            loading.send_signal(signal.SIGKILL)


def test_the_file_is_its_owners_and_holds_no_password(
    context: Context[Any], broker: Broker, database: Any, owner: str
) -> None:
    row_id = database.one(CLAIM, "front", owner)
    write_broker_accounts.run(context)
    text = broker.accounts_file.read_text()
    assert [line.partition(":")[0] for line in text.splitlines()] == ["collector", "collector-check", "front"]
    passwords = [PASSWORD, DEVICE_KEY, as_text(derive_key(DEVICE_KEY, "mqtt", UUID(row_id), 1))]
    assert [password for password in passwords if password in text] == []
    assert broker.accounts_file.stat().st_mode & 0o777 == 0o600


def test_a_folder_of_another_user_keeps_its_group_and_lets_it_read(tmp_path: Path) -> None:
    """In containers: the broker's user made the folder, with the sign by which new files are of its group."""
    tmp_path.chmod(0o2770)
    write_when_changed(tmp_path / "passwords", "a:b\n")
    assert (tmp_path / "passwords").stat().st_mode & 0o777 == 0o640


def test_the_same_locks_give_the_same_text_and_each_its_own_salt() -> None:
    rows = [(str(UUID(int=number)), f"lock-{number}", 1) for number in (1, 2)]
    lines = lines_of(rows, DEVICE_KEY, {})
    assert lines_of(rows, DEVICE_KEY, {}) == lines
    text = render(lines.values(), DEVICE_KEY, PASSWORD)
    assert render(lines.values(), DEVICE_KEY, PASSWORD) == text
    salts = [line.split("$")[3] for line in text.splitlines()]
    assert len(set(salts)) == 3  # the collector's two accounts are one
    rotated = (*rows[0][:2], 2)
    assert lines_of([rotated], DEVICE_KEY, lines)[rotated] not in text


@pytest.mark.parametrize("kind", ["no folder", "a folder in its place", "no text"])
def test_a_file_that_cannot_be_kept_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "accounts" / "passwords"
    if kind == "a folder in its place":
        path.mkdir(parents=True)
    if kind == "no text":
        path.parent.mkdir()
        path.write_bytes(b"\xff")
    with pytest.raises(CollectorError, match=f"BROKER_ACCOUNTS: cannot read and write {path}"):
        write_when_changed(path, "a:b\n")


def test_among_thousands_a_new_lock_is_soon_let_in_and_a_revoked_one_cut(
    start: Callable[..., Daemon], broker: Broker, database: Any, owner: str, connect: Connect
) -> None:
    """Of its row's commit, by a real collector."""
    database.rows(CLAIM_CROWD, owner, CROWD)
    daemon = start(**broker.settings)
    daemon.wait(lambda: daemon.sample("watchhouse_broker_accounts") == CROWD, "all have an account")
    crowd_id = database.one("SELECT id FROM devices ORDER BY device_id DESC LIMIT 1")
    crowd_name = database.one("SELECT device_id FROM devices WHERE id = %s", crowd_id)
    wait_for(lambda: is_let_in(connect, crowd_name, crowd_id), what="the broker has read them")
    began = monotonic()
    row_id = database.one(
        f"WITH told AS (SELECT pg_notify('devices', '')), made AS ({CLAIM}) SELECT id FROM made, told", "new", owner
    )
    wait_for(lambda: is_let_in(connect, "new", row_id), what="the new lock is let in")
    assert monotonic() - began < SOON
    lock = connect("new", row_id)
    began = monotonic()
    database.rows(f"WITH gone AS ({DELETE} RETURNING id) SELECT pg_notify('devices', '') FROM gone", "new")
    assert lock.ends.get(timeout=SECONDS).is_failure
    assert monotonic() - began < SOON
    assert broker.process.poll() is None
