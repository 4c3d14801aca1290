"""Couriers: processes that hand notifications to Apprise, started when they are needed and killed when they hang."""

import json
import os
import select
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue

from collector.errors import DeliveryDelayed, DeliveryError
from collector.notifying.notice import Notice, text_of
from common.addresses import Allowed

TIMEOUT_SECONDS = 30.0
AT_ONCE = 4  # each takes some 60 MB while it lives
KEPT = (
    "PATH",
    "PYTHONPATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)  # no proxy, and no secret of ours


class Courier:
    """One process; for one caller at a time, `kill` apart."""

    def __init__(self, allowed: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "collector.notifying.courier", allowed],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in KEPT if name in os.environ},
        )

    def carry(self, line: bytes) -> str | None:
        """Why the message was not taken; None when it was. Raises DeliveryDelayed when it is of no more use."""
        end = time.monotonic() + TIMEOUT_SECONDS
        try:
            os.write(self._process.stdin.fileno(), line)  # type: ignore[union-attr]  # a pipe, by its making
            answer: str | None = json.loads(self._read_line(end))["error"]
        except (OSError, ValueError):
            raise DeliveryDelayed("the courier ended before it was done") from None
        return answer

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read_line(self, end: float) -> bytes:
        output, line = self._process.stdout.fileno(), b""  # type: ignore[union-attr]  # a pipe, by its making
        waiting = select.poll()  # `select` ends at the 1024th open file
        waiting.register(output, select.POLLIN)
        while not line.endswith(b"\n"):
            left = end - time.monotonic()
            if left <= 0 or not waiting.poll(left * 1000):
                raise DeliveryDelayed(f"no answer within {TIMEOUT_SECONDS:g} s")
            read = os.read(output, 65_536)
            if not read:
                raise ValueError("it ended")
            line += read
        return line


class Couriers:
    """At most so many at once; one that is idle takes the next notice, of whatever channel."""

    def __init__(self, allowed: Allowed, public_url: str | None) -> None:
        self._allowed = ",".join(words_of(allowed)) or "none"
        self._public_url = public_url
        self._idle: SimpleQueue[Courier] = SimpleQueue()
        self._all: list[Courier] = []
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="courier")

    def send(self, notice: Notice) -> "Future[DeliveryError | None]":
        """Have it carried; what comes out is why it was not taken, or None."""
        return self._threads.submit(self._carry, notice)

    def close(self) -> None:
        """Cut off what is under way: it comes due again."""
        for courier in self._all:
            courier.kill()
        self._threads.shutdown(cancel_futures=True)

    def _carry(self, notice: Notice) -> DeliveryError | None:
        courier = self._take()
        line = line_of(notice, self._public_url)
        try:
            error = courier.carry(line)
        except DeliveryDelayed as failure:
            courier.kill()
            return failure
        self._idle.put(courier)
        return None if error is None else DeliveryDelayed(error)

    def _take(self) -> Courier:
        try:
            return self._idle.get_nowait()
        except Empty:
            courier = Courier(self._allowed)
            self._all.append(courier)
            return courier


def line_of(notice: Notice, public_url: str | None) -> bytes:
    """A notice as a courier reads it."""
    content = {
        "url": notice.url,
        "key": str(notice.key),
        "subject": notice.subject,
        "body": text_of(notice, public_url),
    }
    return json.dumps(content).encode() + b"\n"


def words_of(allowed: Allowed) -> list[str]:
    """What an operator allowed, as it is read."""
    networks = [f"[{network}]:{port}" if port else str(network) for network, port in allowed.networks]
    return [*networks, *(f"{name}:{port}" for name, port in sorted(allowed.names))]
