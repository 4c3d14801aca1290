"""The broker's entrypoint and both its configurations, run as they stand: only the folder /mosquitto is another."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from common.broker_accounts import KEY_ITERATIONS, SALT_BYTES, account_line
from tests.docker import compose_files
from tests.support.ports import free_port
from tests.support.waiting import wait_for

FOLDER = compose_files.ROOT / "mosquitto"
PASSWORD = "the collector's own"
LOCK = account_line("lock-1", "its own", bytes(SALT_BYTES), KEY_ITERATIONS)
SECONDS = 10.0


class Container:
    """The broker as its container starts it, in a folder of its own."""

    def __init__(self, folder: Path, configuration: str) -> None:
        self.folder, self.port, self.tls_port = folder, free_port(), free_port()
        self.passwords = folder / "data" / "accounts" / "passwords"
        self.certificate = folder / "tls" / "fullchain.pem"
        for name in ("config", "data", "tls"):
            (folder / name).mkdir()
        shutil.copytree(FOLDER / "shared", folder / "shared")
        shutil.copy(FOLDER / "acl", folder / "config")
        self._copy(FOLDER / configuration, folder / "config" / "mosquitto.conf")
        self._copy(FOLDER / "entrypoint.sh", folder / "entrypoint.sh")
        if os.geteuid() == 0:
            with (folder / "config" / "mosquitto.conf").open("a") as file:
                file.write("user root\n")  # else it becomes its own user, who may not enter the test's folder

    def _copy(self, source: Path, target: Path) -> None:
        told = (
            source.read_text().replace("/mosquitto/", f"{self.folder}/").replace("=/mosquitto\n", f"={self.folder}\n")
        )
        told = told.replace("listener 1883", f"listener {self.port} 127.0.0.1")
        target.write_text(told.replace("listener 8883", f"listener {self.tls_port} 127.0.0.1"))

    def start(self) -> None:
        path = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
        self.process = subprocess.Popen(
            ["sh", self.folder / "entrypoint.sh"], env={"PATH": path, "MQTT_PASSWORD": PASSWORD}, process_group=0
        )
        wait_for(lambda: self.lets_in("collector-check", PASSWORD), seconds=SECONDS, what="it lets the house in")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(SECONDS)

    def lets_in(self, user: str, password: str, certificate: Path | None = None) -> bool:
        """Whether it welcomes a client with this login; by TLS, when a certificate is given to hold it against."""
        assert self.process.poll() is None
        answers = []
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv311)
        client.username_pw_set(user, password)
        client.on_connect = lambda *told: answers.append(told[3])
        if certificate:
            client.tls_set(str(certificate))
        try:
            client.connect("127.0.0.1", self.tls_port if certificate else self.port)
            while not answers and client.loop(0.1) == 0:
                pass
        except OSError:
            return False
        finally:
            client.disconnect()
        return bool(answers) and not answers[0].is_failure

    def add(self, line: str) -> None:
        """As the collector writes: whole, under another name first."""
        unfinished = self.passwords.with_suffix(".new")
        unfinished.write_text(self.passwords.read_text() + line)
        unfinished.replace(self.passwords)

    def served(self) -> str:
        """The certificate that it shows by TLS."""
        return ssl.get_server_certificate(("127.0.0.1", self.tls_port))


MakeContainer = Callable[..., Container]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[MakeContainer]:
    made: list[Container] = []

    def start(configuration: str = "container.conf") -> Container:
        made.append(Container(tmp_path, configuration))
        return made[-1]

    yield start
    for container in made:
        container.stop()


def renew(container: Container) -> None:
    """A new certificate of its own for 127.0.0.1."""
    words = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    files = ["-keyout", container.folder / "tls" / "privkey.pem", "-out", container.certificate]
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(["openssl", "req", "-x509", *words, *names, *files], check=True, capture_output=True)


def test_it_reads_accounts_as_they_are_written_and_keeps_them(make: MakeContainer) -> None:
    container = make()
    container.start()
    assert container.lets_in("collector", PASSWORD)
    assert not container.lets_in("collector", "another")
    assert not container.lets_in("lock-1", "its own")
    container.add(LOCK)
    wait_for(lambda: container.lets_in("lock-1", "its own"), seconds=1, what="the new lock is let in")
    container.stop()
    container.start()
    assert container.lets_in("lock-1", "its own")
    assert [line.partition(":")[0] for line in container.passwords.read_text().splitlines()] == [
        "collector",
        "collector-check",
        "lock-1",
    ]
    assert PASSWORD not in container.passwords.read_text()


def test_the_collectors_group_may_write_and_nobody_else_may_read(make: MakeContainer) -> None:
    container = make()
    container.start()
    assert container.passwords.parent.stat().st_mode & 0o7777 == 0o2770
    assert container.passwords.stat().st_mode & 0o777 == 0o640


def test_locks_come_by_tls_and_a_renewed_certificate_is_shown(make: MakeContainer) -> None:
    container = make("production.conf")
    renew(container)
    container.start()
    container.add(LOCK)
    wait_for(lambda: container.lets_in("lock-1", "its own", container.certificate), what="the lock is let in")
    before = container.served()
    renew(container)
    wait_for(lambda: container.served() != before, seconds=2, what="the new certificate is shown")
    assert container.lets_in("lock-1", "its own", container.certificate)
