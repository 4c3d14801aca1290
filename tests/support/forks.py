"""Starts programs of ours as `python -m` does, but by a fork of a process that has their imports behind it.

Else the tests would spend most of their time on a thousand imports, the same at each start. `make run`'s own programs,
which the tests of the whole house use, are started in full.
"""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Any

from auth.allocator import ALLOCATOR

HOUSE = Path(__file__).parents[2]
LONGEST_PID = 16
STARTING = Lock()
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
FAMILIES = {"gunicorn": "auth"}  # of modules that are no family of their own
# What glibc reads when a program is loaded; a fork has what its parent was loaded with.
LOADED_WITH = {"auth": ALLOCATOR}


class Fork:
    """A started program, with as much of a Popen as the tests use; it is no child of theirs."""

    def __init__(self, pid: int, status: int) -> None:
        """`status` is the end of a pipe by which its exit status comes."""
        self.pid = pid
        self.returncode: int | None = None
        self._status = open(status, "rb", buffering=0)  # noqa: SIM115  # closed once it has been read

    def poll(self) -> int | None:
        """Its exit status, if it has ended."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, once it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not, in time.
        """
        status = self._look(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            with selectors.PollSelector() as selector:
                selector.register(self._status, selectors.EVENT_READ)
                if selector.select(timeout):
                    self.returncode = int(self._status.read())
                    self._status.close()
        return self.returncode


class Forker:
    """The process that forks the programs of a family; it ends with this one."""

    def __init__(self, family: str) -> None:
        self._asking = threading.Lock()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            subprocess.Popen(
                [sys.executable, "-m", "tests.support.forking", family, str(theirs.fileno())],
                env={**bare_environment(), **LOADED_WITH.get(family, {})},
                cwd=HOUSE,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def start(self, order: Mapping[str, Any], out: IO[Any], err: IO[Any]) -> Fork:
        """Have a program forked."""
        status, theirs = os.pipe()
        try:
            with self._asking:
                socket.send_fds(self._line, [json.dumps(order).encode()], [out.fileno(), err.fileno(), theirs])
                pid = self._line.recv(LONGEST_PID)
                assert pid, "it ended: its imports failed, or it cannot fork"
                return Fork(int(pid), status)
        finally:
            os.close(theirs)


def bare_environment() -> dict[str, str]:
    """Nothing of the tester's own leaks into what is started."""
    return {**{name: os.environ[name] for name in KEPT if name in os.environ}, "PYTHONPATH": str(HOUSE)}


@cache
def _started(family: str) -> Forker:
    return Forker(family)


def forker(family: str) -> Forker:
    """A family's, started when it is first asked for: once, though several threads ask, for a second one would be
    forgotten and end with what it started."""
    with STARTING:
        return _started(family)


def fork(
    module: str, *arguments: str, environment: Mapping[str, str], folder: Path, out: IO[Any], err: IO[Any] | None = None
) -> Fork:
    """`python -m module arguments` in `folder`, its output into files."""
    order = {"module": module, "arguments": arguments, "environment": dict(environment), "folder": str(folder)}
    return forker(FAMILIES.get(module, module)).start(order, out, err or out)


def fork_to_end(
    module: str, *arguments: str, environment: Mapping[str, str], folder: Path, seconds: float
) -> "subprocess.CompletedProcess[str]":
    """What `python -m module arguments` prints, and its exit status."""
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        started = fork(module, *arguments, environment=environment, folder=folder, out=out, err=err)
        try:
            status = started.wait(seconds)
        finally:
            started.kill()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess([module, *arguments], status, out.read(), err.read())
