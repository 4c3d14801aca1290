"""A program that runs as long as the system does: started, asked whether it is ready, stopped. One class for all.

Knows nothing of which programs there are; `House` keeps an order of them.
"""

import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from standalone.children import ending_with, open_log, stop_child

PROBE_SECONDS = 1.0

Check = Callable[[], bool]


class Service(Protocol):
    """What a house keeps running."""

    @property
    def name(self) -> str:
        """What it is called in the log."""

    @property
    def log(self) -> Path | None:
        """Where its output goes; None is our own terminal."""

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """Its process, once it was launched."""

    def launch(self) -> None:
        """Start it, or start it again; do not wait."""

    def is_ready(self) -> bool:
        """Whether it does its work now."""

    def stop(self, limit: float) -> None:
        """End it within about `limit` seconds."""


@dataclass
class Program:
    """A service that is one command. Without `log` it has our terminal."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    log: Path | None
    is_ready: Check = lambda: True
    folder: Path = Path("/")
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """Its process."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not launched")
        return self._process

    def launch(self) -> None:
        """Start it in a process group of its own, so that Ctrl-C reaches us alone and we keep the order."""
        with open_log(self.log) if self.log else nullcontext() as output:
            self._process = subprocess.Popen(
                [*self.command],
                env=dict(self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                process_group=0,
                preexec_fn=ending_with(os.getpid(), signal.SIGTERM),  # noqa: PLW1509  (one system call, no lock)
            )

    def stop(self, limit: float) -> None:
        """Ask it to end, then make it; what it started goes with it, also when it is gone already."""
        stop_child(self.process, asks=(signal.SIGTERM,), limit=limit)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


def answers_http(host: str, port: int, path: str) -> Check:
    """Whether GET `path` is answered with 200."""

    def check() -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=PROBE_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return check


def accepts_connections(host: str, port: int) -> Check:
    """Whether somebody listens there."""

    def check() -> bool:
        try:
            socket.create_connection((host, port), timeout=PROBE_SECONDS).close()
        except OSError:
            return False
        return True

    return check
