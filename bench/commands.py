"""Commands from HTTP to the lock's acknowledgement at 100 a second, beside bare round trips through the same broker.

Real sign-in, auth, collector, Mosquitto and locks that verify and obey. BENCH_SECONDS gives another length.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import psycopg2
import requests
from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from requests import Session

from bench.played_locks import PING, play
from bench.report import Figure, at_most
from bench.stage import App, open_app, open_database
from common.lock_protocol.topics import COLLECTOR, COMMANDS, COMMANDS_ACK, topic_of
from tests.collector.daemons import Daemon
from tests.collector.fleet.played_lock import send_at_once
from tests.support.broker import PASSWORD, Broker, run_broker
from tests.support.databases import Database
from tests.support.processes import DEVICE_KEY
from tests.support.waiting import wait_for

LOCKS = 50
RATE = 100
SECONDS = 20.0
WARM_SECONDS = 2.0
CALLERS = 24
LOOK_SECONDS = 0.003
AGAIN_SECONDS = 0.02
ACCOUNT = {"email": "bench@example.com", "password": "correct horse battery"}
ENDED = "SELECT id::text, status FROM device_commands WHERE id = ANY (%s::uuid[]) AND finished_at IS NOT NULL"
ONLINE = "SELECT count(*) FROM device_states WHERE is_online"


def measure(folder: Path) -> list[Figure]:
    """Round trips of a ping, then commands, then commands whose askers wait for the end."""
    seconds = float(os.environ.get("BENCH_SECONDS", SECONDS))
    with open_database(folder) as database, run_broker(folder / "broker") as broker:
        settings = {"MQTT_PUBLIC_URL": broker.public_url, "AUTH_THREADS": "32", "DEVICE_KEY": DEVICE_KEY}
        with open_app("house", database, folder, **settings) as app:
            session = _sign_in(app)
            claimed = [_claim(session, app, number) for number in range(LOCKS)]
            broker.accounts({device["device_id"]: device["credentials"]["mqtt"]["password"] for device in claimed})
            with play(broker, claimed):
                bare = _ping(broker, [device["device_id"] for device in claimed], seconds)
                with _collect(database, broker, folder):
                    wait_for(lambda: database.one(ONLINE) == LOCKS, seconds=30, what="all locks are online")
                    _command(database, app, session, claimed, WARM_SECONDS)
                    stored = _command(database, app, session, claimed, seconds)
                    _command_and_wait(app, session, claimed, WARM_SECONDS)
                    answered = _command_and_wait(app, session, claimed, seconds)
    return _figures(bare, stored, answered)


def _figures(bare: list[float], stored: list[float], answered: list[float]) -> list[Figure]:
    for name, times in (("ping", bare), ("stored", stored), ("answered", answered)):
        shares = ", ".join(f"p{100 * share:g} {at(times, share):.1f} ms" for share in (0.5, 0.95, 0.99))
        print(f"     {name}: {len(times)}, {shares}")
    return [
        at_most("HTTP to acknowledged and committed, p95", at(stored, 0.95), 150, "ms"),
        at_most("HTTP with ?wait= to its answer, p95", at(answered, 0.95), 150, "ms"),
        at_most(
            "the first of a ping's way through the broker and back, by medians", at(stored, 0.5) / at(bare, 0.5), 30
        ),
    ]


def at(times: list[float], share: float) -> float:
    """The time that `share` of all did not exceed, in milliseconds."""
    ordered = sorted(times)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _paced(seconds: float, send: Callable[[int, float], None]) -> None:
    """Call `send` with its number and when it was due, at the rate, whatever becomes of the calls before: open loop."""
    start, pace = time.perf_counter(), Event()
    with ThreadPoolExecutor(CALLERS) as callers:
        calls = []
        for number in range(int(seconds * RATE)):
            due = start + number / RATE
            pace.wait(max(0.0, due - time.perf_counter()))
            calls.append(callers.submit(send, number, due))
        for call in calls:
            call.result()


def _ping(broker: Broker, names: list[str], seconds: float) -> list[float]:
    """Publish and hear the echo: what the broker and paho take, and nobody could go below."""
    times: list[float] = []
    heard = Event()

    def hear(_client: Client, _data: Any, message: MQTTMessage) -> None:
        if message.payload.startswith(PING):
            times.append(time.perf_counter() - float(message.payload[len(PING) :]))

    client = Client(CallbackAPIVersion.VERSION2, COLLECTOR, protocol=MQTTv311)
    client.username_pw_set(COLLECTOR, PASSWORD)
    client.on_socket_open = send_at_once
    client.on_message = hear
    client.on_connect = lambda *_: client.subscribe(topic_of("+", COMMANDS_ACK), 1)
    client.on_subscribe = lambda *_: heard.set()
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert heard.wait(10), "the broker took no subscription"
    count = int(seconds * RATE)
    _paced(
        seconds,
        lambda number, due: (
            client.publish(topic_of(names[number % LOCKS], COMMANDS), PING + b"%r" % due, qos=1) and None
        ),
    )
    wait_for(lambda: len(times) == count, what="all pings are back")
    client.disconnect()
    client.loop_stop()
    return times


def _command(
    database: Database, app: App, session: Session, claimed: list[dict[str, Any]], seconds: float
) -> list[float]:
    """From when a request was due to when the end of its command is seen in the table."""
    due_times: dict[str, float] = {}
    guard = Lock()

    def ask(number: int, due: float) -> None:
        command = _ask(app, session, claimed, number)["id"]
        with guard:
            due_times[command] = due

    times: list[float] = []
    all_asked = Event()
    watcher = Thread(target=_watch, args=[database, due_times, times, guard, all_asked])
    watcher.start()
    _paced(seconds, ask)
    all_asked.set()
    watcher.join()
    return times


def _watch(database: Database, due_times: dict[str, float], times: list[float], guard: Lock, all_asked: Event) -> None:
    connection = psycopg2.connect(database.owner_url)
    connection.autocommit = True
    pace = Event()
    with connection.cursor() as cursor:
        while due_times or not all_asked.is_set():
            pace.wait(LOOK_SECONDS)
            with guard:
                waiting = list(due_times)
            cursor.execute(ENDED, [waiting])
            seen = time.perf_counter()
            for command, status in cursor.fetchall():
                assert status == "acknowledged", status
                with guard:
                    times.append(seen - due_times.pop(command))
    connection.close()


def _command_and_wait(app: App, session: Session, claimed: list[dict[str, Any]], seconds: float) -> list[float]:
    """From when a request was due to the answer that tells the end."""
    times: list[float] = []

    def ask(number: int, due: float) -> None:
        command = _ask(app, session, claimed, number, "?wait=5")
        while command["finished_at"] is None:  # all seats in the waiting room were taken
            device = claimed[number % LOCKS]["id"]
            path = f"/api/v1/devices/{device}/commands/{command['id']}/"
            Event().wait(AGAIN_SECONDS)
            command = session.get(app.url + path, timeout=10).json()["data"]
        assert command["status"] == "acknowledged", command
        times.append(time.perf_counter() - due)

    _paced(seconds, ask)
    return times


def _ask(app: App, session: Session, claimed: list[dict[str, Any]], number: int, query: str = "") -> dict[str, Any]:
    name = "unlock" if (number // LOCKS) % 2 else "lock"
    path = f"/api/v1/devices/{claimed[number % LOCKS]['id']}/{name}/{query}"
    answer = session.post(app.url + path, timeout=10)
    assert answer.status_code in (200, 202), answer.text
    command: dict[str, Any] = answer.json()["data"]
    return command


def _sign_in(app: App) -> Session:
    session = Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=CALLERS))
    session.post(app.url + "/register", json=ACCOUNT, timeout=30).raise_for_status()
    token = session.post(app.url + "/login", json=ACCOUNT, timeout=30).json()["token"]
    session.headers["Authorization"] = f"Bearer {token}"
    return session


def _claim(session: Session, app: App, number: int) -> dict[str, Any]:
    body = {"device_id": f"bench-{number}", "name": "Front door"}
    answer = session.post(app.url + "/api/v1/devices/", json=body, timeout=10)
    answer.raise_for_status()
    claimed: dict[str, Any] = answer.json()["data"]
    return claimed


@contextmanager
def _collect(database: Database, broker: Broker, folder: Path) -> Iterator[None]:
    daemon = Daemon(
        folder / "collector.log",
        "anna",
        DATABASE_URL=database.collector_url,
        MQTT_URL=broker.url,
        DEVICE_KEY=DEVICE_KEY,
    )
    try:
        daemon.await_health()
        yield
    finally:
        daemon.kill()
