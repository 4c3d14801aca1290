"""Real collectors, mail servers and a wire that can be cut, for the tests."""

import json
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from aiosmtpd.controller import Controller

from tests.support.forks import Fork, fork, fork_to_end
from tests.support.ports import free_port
from tests.support.processes import DEVICE_KEY, HOUSE, environment, start_within
from tests.support.waiting import wait_for

LOOPBACK = "127.0.0.1"
STOP_LIMIT = 5.0
START_LIMIT = 30.0


def collector_command(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m collector` to its end."""
    own = environment(**{"DEVICE_KEY": DEVICE_KEY} | settings)
    return fork_to_end("collector", *words, environment=own, folder=HOUSE, seconds=30)


class Daemon:
    """`python -m collector run` as a process."""

    def __init__(self, log: Path, name: str, *, is_forked: bool = True, **settings: str) -> None:
        """One that is not forked has a command line of its own, for who looks for it in /proc."""
        self.name, self.log, self.port, self._is_forked = name, log, free_port(), is_forked
        self._environment = environment(
            COLLECTOR_NAME=name,
            COLLECTOR_PORT=str(self.port),
            LOG_FORMAT="json",
            WATCHHOUSE_DATA=str(log.parent),
            **{"DEVICE_KEY": DEVICE_KEY} | settings,
        )
        self.process = self._start()

    def _start(self) -> "Fork | subprocess.Popen[bytes]":
        begin = fork if self._is_forked else partial(start_within, [])
        with self.log.open("ab") as output:
            return begin("collector", "run", environment=self._environment, folder=HOUSE, out=output)

    def await_health(self, status: int = 200) -> "Daemon":
        """Return once it answers with that status."""
        self.wait(lambda: self.get("/healthz")[0] == status, f"health {status}", limit=START_LIMIT)
        return self

    def wait(self, is_true: Callable[[], bool], what: str, limit: float = 10) -> None:
        """Wait for a condition; a failure shows the log."""
        try:
            wait_for(is_true, seconds=limit, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log.read_text()}") from None

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and body; 0 when nobody answers."""
        try:
            with urlopen(Request(f"http://{LOOPBACK}:{self.port}{path}", headers=headers), timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as answer:
            return answer.code, answer.read().decode()
        except OSError:
            return 0, ""

    def health(self) -> dict[str, Any]:
        """What /healthz tells."""
        return json.loads(self.get("/healthz")[1])

    def sample(self, series: str) -> float:
        """The value a scraper would see of a series, written as in the text form; 0 when it is not there."""
        found = re.search(rf"^{re.escape(series)} (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else 0.0

    def events(self) -> list[str]:
        """The names of the events it logged."""
        return [json.loads(line)["event"] for line in self.log.read_text().splitlines() if line.startswith("{")]

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_LIMIT)

    def kill(self) -> None:
        """SIGKILL, reaped."""
        self.process.kill()
        self.process.wait(STOP_LIMIT)

    def restart(self) -> "Daemon":
        """Start it again, as it was."""
        self.process = self._start()
        return self


@dataclass
class Sink:
    """A mail server's conscience: what it took, and what it answers instead of taking."""

    letters: list[Message] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)  # one for each next letter, then "250 taken"
    strangers: set[str] = field(default_factory=set)
    gate: threading.Event = field(default_factory=threading.Event)  # closed: a letter is taken, the answer is held
    arrived: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        """Strangers are refused for good."""
        if address in self.strangers:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        """Take it, or answer as told."""
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer.startswith("250"):
            self.letters.append(message_from_bytes(envelope.content))
        self.arrived.set()
        while not self.gate.is_set():
            await server.loop.run_in_executor(None, self.gate.wait, 0.1)
        return answer

    @property
    def keys(self) -> list[str]:
        """The idempotency key of each letter taken."""
        return [letter["X-Idempotency-Key"] for letter in self.letters]


class MailServer:
    """A real SMTP server on loopback."""

    def __init__(self, sink: Sink) -> None:
        self.sink, self.port = sink, free_port()
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        """As SMTP_URL."""
        return f"smtp://{LOOPBACK}:{self.port}"

    def start(self) -> "MailServer":
        """Listen."""
        self._controller = Controller(self.sink, hostname=LOOPBACK, port=self.port)
        self._controller.start()
        return self

    def stop(self) -> None:
        """Let go of whoever waits, and end."""
        self.sink.gate.set()
        if self._controller is not None:
            self._controller.stop(no_assert=True)


class Wire:
    """A TCP connection to `target` that can be cut: what is connected breaks, what would connect is refused."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.port = free_port()
        self._target = target
        self._listener: socket.socket | None = None
        self._pairs: list[socket.socket] = []

    def join(self) -> None:
        """Let connections through."""
        listener = self._listener = socket.create_server((LOOPBACK, self.port))
        threading.Thread(target=self._accept, args=[listener], daemon=True).start()

    def cut(self) -> None:
        """Break everything."""
        listener, self._listener = self._listener, None
        ends, self._pairs = self._pairs, []
        for end in (*([listener] if listener else []), *ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._target)
                self._pairs += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=[source, sink], daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
