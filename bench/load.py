"""A bounded load on loopback, from few connections that stay open, with as little of its own cost as Python allows."""

import itertools
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import urlsplit

READ_BYTES = 262_144


@dataclass(frozen=True)
class Outcome:
    """What came of a load: requests answered with 2xx, others, the seconds it took and each latency in seconds."""

    answered: int
    others: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Requests answered per second."""
        return self.answered / self.seconds

    def quantile(self, share: float) -> float:
        """The latency in seconds that `share` of the requests did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def make_request(url: str, path: str, token: str = "", method: str = "GET", body: bytes = b"") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def run(url: str, asked: list[bytes], *, seconds: float, rate: float = 0) -> Outcome:
    """Send each of `asked` over and over on a connection of its own: as fast as answers come, or open loop.

    With a `rate` (requests a second in all) latency counts from when a request was due, not from when it could be sent.
    """
    parts: list[list[tuple[float, bool]]] = [[] for _ in asked]
    start = perf_counter()
    threads = [
        threading.Thread(
            target=_keep_asking, args=(url, request, part, _due_times(start, number, len(asked), rate), start + seconds)
        )
        for number, (request, part) in enumerate(zip(asked, parts, strict=True))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = perf_counter() - start
    all_parts = [entry for part in parts for entry in part]
    answered = sum(is_good for _, is_good in all_parts)
    return Outcome(answered, len(all_parts) - answered, taken, [latency for latency, _ in all_parts])


def _due_times(start: float, number: int, connections: int, rate: float) -> Iterator[float]:
    """When each request of a connection is due; without a rate, now."""
    for count in itertools.count():
        yield start + (count * connections + number) / rate if rate else perf_counter()


def _keep_asking(
    url: str, request: bytes, into: list[tuple[float, bool]], due_times: Iterator[float], end: float
) -> None:
    where = urlsplit(url)
    pace = threading.Event()
    with socket.create_connection((where.hostname, where.port or 80), timeout=30) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for due in due_times:
            if due >= end:
                return
            if (early := due - perf_counter()) > 0:
                pace.wait(early)
            line.sendall(request)
            is_good = _read_answer(line)
            into.append((perf_counter() - due, is_good))


def _read_answer(line: socket.socket) -> bool:
    data = line.recv(READ_BYTES)
    while b"\r\n\r\n" not in data:
        data += line.recv(READ_BYTES)
    head, _, body = data.partition(b"\r\n\r\n")
    low = head.lower()
    mark = low.find(b"content-length:")
    length = int(low[mark + 15 :].partition(b"\r")[0]) if mark >= 0 else 0
    missing = length - len(body)
    while missing > 0:
        missing -= len(line.recv(READ_BYTES))
    return head[9:10] == b"2"
