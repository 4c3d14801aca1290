"""A real Mosquitto from our own configuration, with the accounts that a test gives it; it may be killed."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from common.broker_accounts import KEY_ITERATIONS, SALT_BYTES, account_line, house_lines
from common.lock_protocol.topics import COLLECTOR
from standalone.broker import accounts_file, make_mosquitto, pid_file
from standalone.monitoring import find_program
from standalone.program import Program
from tests.support.memory import quick_folder
from tests.support.ports import free_port
from tests.support.waiting import wait_for

CONFIGURATION = Path(__file__).parents[2] / "mosquitto"
PASSWORD = "the collector's own at the broker"
SALT = bytes(SALT_BYTES)
STOP_SECONDS = 10.0


@dataclass
class Broker:
    """A Mosquitto on a port of its own. The collector signs in by `url`; a device with what `accounts` gave it."""

    program: Program
    port: int
    folder: Path

    @property
    def url(self) -> str:
        """The collector's MQTT_URL."""
        return f"mqtt://{COLLECTOR}:{quote(PASSWORD)}@127.0.0.1:{self.port}"

    @property
    def public_url(self) -> str:
        """The MQTT_PUBLIC_URL of auth: where locks connect."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def accounts_file(self) -> Path:
        """The collector's BROKER_ACCOUNTS."""
        return accounts_file(self.folder)

    @property
    def pid_file(self) -> Path:
        """The collector's BROKER_PID_FILE."""
        return pid_file(self.folder)

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The running Mosquitto."""
        return self.program.process

    @property
    def settings(self) -> dict[str, str]:
        """What a collector's environment needs to use it and to write its accounts."""
        return {
            "MQTT_URL": self.url,
            "BROKER_ACCOUNTS": str(self.accounts_file),
            "BROKER_PID_FILE": str(self.pid_file),
        }

    def log(self) -> str:
        """What it has said."""
        return (self.folder / "log" / "mosquitto.log").read_text(errors="replace")

    def start(self) -> None:
        """Start it, or start it again with what it kept; return once it listens."""
        self.program.launch()
        wait_for(self._listens, what="the broker listens")

    def stop(self) -> None:
        """End it in order: it saves what it holds."""
        self.program.stop(STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL, reaped: it keeps only what it had saved."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def save(self) -> None:
        """Have it save what it holds, as it does every few seconds; return once that is done."""
        kept = self.folder / "mosquitto" / "mosquitto.db"
        before = kept.stat().st_mtime_ns if kept.exists() else 0
        self.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: kept.exists() and kept.stat().st_mtime_ns > before, what="the broker has saved")

    def accounts(self, devices: Mapping[str, str]) -> None:
        """From now on the collector and exactly these devices, by password, are let in."""
        self.write_accounts(devices)
        self.process.send_signal(signal.SIGHUP)

    def write_accounts(self, devices: Mapping[str, str]) -> None:
        """The same before it was started."""
        lines = [account_line(name, password, SALT, KEY_ITERATIONS) for name, password in devices.items()]
        unfinished = self.accounts_file.with_suffix(".test")
        unfinished.write_text(house_lines(PASSWORD, SALT) + "".join(lines))
        unfinished.replace(self.accounts_file)

    def _listens(self) -> bool:
        assert self.process.poll() is None, self.log()
        return self.program.is_ready()


@contextmanager
def run_broker(otherwise: Path, devices: Mapping[str, str] | None = None) -> Iterator[Broker]:
    """A broker that knows the collector and `devices` (password by device_id), until the end of the block.

    It lives in memory; `otherwise` is its folder where memory has no room.
    """
    program = find_program("mosquitto")
    assert program is not None, "the tests need the program mosquitto"
    with quick_folder(otherwise) as folder:
        port = free_port()
        made = make_mosquitto(
            program, folder, port, PASSWORD, configuration=CONFIGURATION, environment=dict(os.environ)
        )
        broker = Broker(made, port, folder)
        broker.write_accounts(devices or {})
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()
