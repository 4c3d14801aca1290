"""Our processes as an operator starts them, on free ports, and ended by their process id."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import requests

from auth.allocator import ALLOCATOR
from tests.support import forks
from tests.support.databases import Database
from tests.support.ports import free_port
from tests.support.waiting import wait_for

HOUSE = forks.HOUSE
GUNICORN = ("gunicorn", "--config", "python:auth.gunicorn", "auth.wsgi:app")
STOP_SECONDS = 15
DEVICE_KEY = "the locks' master key of the tests, which is no demo's"
PIN_PEPPER = "the codes' master key of the tests, which is no demo's"


@dataclass
class Running:
    """A process of ours that serves HTTP."""

    process: "subprocess.Popen[bytes] | forks.Fork"
    url: str
    log: Path

    def output(self) -> str:
        """What it has printed."""
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """End it at once, with nothing put in order."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """Ask it to end, and wait; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)


def environment(**settings: str) -> dict[str, str]:
    """A bare environment with `settings`."""
    return {**forks.bare_environment(), **settings}


def start(
    module: str,
    *arguments: str,
    settings: Mapping[str, str],
    url: str,
    ready: str,
    log: Path,
    within: Sequence[str] = (),
) -> Running:
    """Start `python -m module`, by the command `within` when one is given; return once `url` + `ready` answers 200."""
    with log.open("ab") as output:
        begin = partial(start_within, within) if within else forks.fork
        process = begin(module, *arguments, environment=environment(**settings), folder=log.parent, out=output)
    running = Running(process, url, log)

    def answers() -> bool:
        assert process.poll() is None, f"{module} ended: {running.output()}"
        try:
            return requests.get(url + ready, timeout=2).status_code == 200
        except requests.ConnectionError:
            return False

    try:
        wait_for(answers, seconds=20, what=f"{module} answers at {ready}")
    except BaseException:
        process.kill()
        raise
    return running


def start_within(
    within: Sequence[str], module: str, *arguments: str, environment: Mapping[str, str], folder: Path, out: IO[bytes]
) -> "subprocess.Popen[bytes]":
    """`python -m module arguments` by the command `within`, if any, and in full."""
    return subprocess.Popen(
        [*within, sys.executable, "-m", module, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        cwd=folder,
    )


def start_auth(database: Database, folder: Path, *, within: Sequence[str] = (), **settings: str) -> Running:
    """A real auth, as what `python -m auth run` turns into, on `database`; `settings` override.

    To start it by that command would import everything twice. The command is tested with the whole house.
    """
    port = free_port()
    own = {
        "WATCHHOUSE_DEMO": "1",
        "WATCHHOUSE_DATA": str(folder / "data"),
        "DATABASE_URL": database.auth_url,
        "AUTH_PORT": str(port),
        "LOG_FORMAT": "json",
        **ALLOCATOR,
        **settings,
    }
    return start(
        *GUNICORN,
        settings=own,
        url=f"http://127.0.0.1:{own['AUTH_PORT']}",
        ready="/livez",
        log=folder / "auth.log",
        within=within,
    )


def start_collector(database: Database, folder: Path, *, within: Sequence[str] = (), **settings: str) -> Running:
    """A real collector on `database`; `settings` override."""
    port = free_port()
    own = {
        "WATCHHOUSE_DEMO": "1",
        "WATCHHOUSE_DATA": str(folder / "data"),
        "DATABASE_URL": database.collector_url,
        "COLLECTOR_PORT": str(port),
        "LOG_FORMAT": "json",
        **settings,
    }
    return start(
        "collector",
        "run",
        settings=own,
        url=f"http://127.0.0.1:{own['COLLECTOR_PORT']}",
        ready="/healthz",
        log=folder / "collector.log",
        within=within,
    )
