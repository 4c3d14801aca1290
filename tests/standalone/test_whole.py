"""`python -m standalone` as its user meets it: it comes up, mends itself, carries on after a kill, leaves nothing."""

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg2
import pytest

from standalone.children import wait_until
from standalone.processes import SOURCE
from tests.support.memory import quick_folder
from tests.support.ports import free_port

UP_SECONDS = 60.0
STOP_SECONDS = 10.0
NAMES = ("AUTH", "COLLECTOR", "POSTGRES", "MQTT", "PROMETHEUS", "ALERTMANAGER", "EXPORTER")


class Whole:
    """A system on ports and in a folder of its own."""

    def __init__(self, home: Path, ports: dict[str, str]) -> None:
        self.ports = ports
        self.output = home / "output"
        home.mkdir(exist_ok=True)
        self._environment = {
            "PATH": os.environ["PATH"],
            "WATCHHOUSE_DATA": str(home / "data"),
            "GENERATOR": "off",
            **ports,
        }

    def start(self) -> None:
        with self.output.open("wb") as output:
            self.process = psutil.Popen(
                [sys.executable, "-m", "standalone"],
                cwd=SOURCE,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_until(self._is_up, limit=UP_SECONDS, what="it says that it is up")

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self.output.read_text()
        return "Watchhouse is up." in self.output.read_text()

    def everything(self) -> list[psutil.Process]:
        return [psutil.Process(self.process.pid), *self.process.children(recursive=True)]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(STOP_SECONDS)

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", int(self.ports["AUTH_PORT"]), timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
        finally:
            connection.close()

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        connection = psycopg2.connect(
            f"postgresql://metrics:metrics_pass@127.0.0.1:{self.ports['POSTGRES_PORT']}/metrics"
        )
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


@pytest.fixture(scope="module")
def make_whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Whole]]:
    made: list[Whole] = []
    with quick_folder(tmp_path_factory.mktemp("whole")) as folder:

        def make(name: str) -> Whole:
            made.append(Whole(folder / name, {f"{setting}_PORT": str(free_port()) for setting in NAMES}))
            made[-1].start()
            return made[-1]

        yield make
        for whole in made:
            whole.stop()


@pytest.fixture(scope="module")
def first(make_whole: Callable[[str], Whole]) -> Whole:
    return make_whole("one")


@pytest.fixture
def whole(first: Whole) -> Whole:
    """One that is up, also after a test that ended it."""
    if first.process.poll() is not None:
        first.start()
    return first


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_it_says_where_everything_is_and_leaves_nothing_behind(whole: Whole) -> None:
    told = whole.output.read_text()
    assert f"http://127.0.0.1:{whole.ports['AUTH_PORT']}" in told
    assert "admin@example.com" in told
    everything = whole.everything()
    whole.process.terminate()
    assert whole.process.wait(STOP_SECONDS) == 0
    assert [process for process in everything if is_alive(process)] == []


def test_it_starts_again_what_was_killed(whole: Whole) -> None:
    before = whole.output.read_text().count("service_restarted")
    killed = whole.process.children()
    for process in killed:
        process.kill()
    wait_until(
        lambda: whole.output.read_text().count("service_restarted") >= before + len(killed),
        limit=UP_SECONDS,
        what="all were started again",
    )
    wait_until(whole.answers, limit=UP_SECONDS, what="auth can serve")
    assert whole.ask("SELECT count(*) > 0 FROM app_users") == [(True,)]


def test_it_carries_on_after_a_kill_of_everything(whole: Whole) -> None:
    whole.ask("UPDATE app_users SET first_name = 'Zora' WHERE email = 'user@example.com'")
    for process in whole.everything():
        with suppress(psutil.NoSuchProcess):  # it went with its parent
            process.send_signal(signal.SIGKILL)
    whole.process.wait()
    whole.start()
    assert whole.answers()
    assert whole.ask("SELECT first_name FROM app_users WHERE email = 'user@example.com'") == [("Zora",)]


def test_two_run_side_by_side(whole: Whole, make_whole: Callable[[str], Whole]) -> None:
    other = make_whole("other")
    whole.ask("UPDATE app_users SET first_name = 'Zora' WHERE email = 'user@example.com'")
    assert whole.answers()
    assert other.ask("SELECT count(*) FROM app_users WHERE first_name = 'Zora'") == [(0,)]
    other.stop()
