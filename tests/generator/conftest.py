"""The generator as an operator starts it, and a proxy that loses answers on purpose."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.ports import free_port

RUN_LIMIT = 60
WAIT_STEPS = 200


@dataclass
class Finished:
    """An ended generator."""

    status: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """What `--json` printed."""
        return json.loads(self.out)


def start_generator(*options: str, **environment: str) -> subprocess.Popen[str]:
    """Start `python -m generator`; without locks, unless `options` ask for some."""
    return subprocess.Popen(
        [sys.executable, "-m", "generator", "--locks", "0", *options],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | environment,
    )


def finished(process: subprocess.Popen[str]) -> Finished:
    """Wait, bounded, for its end."""
    out, err = process.communicate(timeout=RUN_LIMIT)
    return Finished(process.returncode, out, err)


@pytest.fixture
def seed() -> str:
    """A seed, and so people, that no other test has on a service they share."""
    return str(secrets.randbelow(2**31) + 1)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Waits, bounded, until a condition holds."""

    def wait(condition: Callable[[], bool]) -> None:
        pause = threading.Event()
        for _ in range(WAIT_STEPS):
            if condition():
                return
            pause.wait(0.1)
        pytest.fail("the condition did not come true in time")

    return wait


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts generators; those that still run at the end are killed."""
    started: list[subprocess.Popen[str]] = []

    def begin(*options: str, **environment: str) -> subprocess.Popen[str]:
        started.append(start_generator(*options, **environment))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def generate(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., Finished]:
    """Runs a generator to its end."""
    return lambda *options, **environment: finished(start(*options, **environment))


@pytest.fixture
def interrupt() -> Callable[[subprocess.Popen[str]], Finished]:
    """Asks a generator to stop, as Ctrl-C does, and waits for its end."""

    def ask(process: subprocess.Popen[str]) -> Finished:
        process.send_signal(signal.SIGINT)
        return finished(process)

    return ask


@pytest.fixture
def closed_port() -> int:
    """A port that nobody listens on."""
    return free_port()


@dataclass
class CuttingProxy:
    """Passes requests on, but breaks the connection instead of every `every`th answer: by then it has been acted on."""

    upstream: tuple[str, int]
    every: int
    answers: int = 0
    cuts: int = 0
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        """Until the listener is shut."""
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            service = socket.create_connection(self.upstream)
            threading.Thread(target=self._pass_on, args=(client, service), daemon=True).start()
            threading.Thread(target=self._pass_back, args=(service, client), daemon=True).start()

    def _pass_on(self, client: socket.socket, service: socket.socket) -> None:
        try:
            while piece := client.recv(65536):
                service.sendall(piece)
        except OSError:
            pass
        finally:
            shut(client, service)

    def _pass_back(self, service: socket.socket, client: socket.socket) -> None:
        try:
            while piece := service.recv(65536):
                if self._is_cut(piece):
                    break
                client.sendall(piece)
        except OSError:
            pass
        finally:
            shut(client, service)

    def _is_cut(self, piece: bytes) -> bool:
        with self.lock:
            self.answers += piece.startswith(b"HTTP/1.1 ")
            is_cut = piece.startswith(b"HTTP/1.1 ") and self.answers % self.every == 0
            self.cuts += is_cut
            return is_cut


def shut(*connections: socket.socket) -> None:
    """Close for good, whoever else still reads."""
    for connection in connections:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue
        finally:
            connection.close()


@pytest.fixture
def make_cutting_proxy() -> Iterator[Callable[[str, int], CuttingProxy]]:
    """Makes proxies in front of a service's URL; all are shut at the end."""
    made: list[CuttingProxy] = []

    def make(url: str, every: int) -> CuttingProxy:
        host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
        made.append(CuttingProxy((host, int(port)), every))
        threading.Thread(target=made[-1].serve, daemon=True).start()
        return made[-1]

    yield make
    for proxy in made:
        shut(proxy.listener)
