"""Locks that only speak, as cheap as can be: bare sockets, QoS 1 with a window each, a thousand in one process.

`python -m bench.fleet_publisher`, with a JSON object on stdin: `port`, `devices` (name and password each), `boot`, and
`rounds` of messages to send: `first` and `each` (numbers of every device), `a_second` (0: as fast as it goes). It says
`ready` when all are connected, plays a round for each further line of stdin, and says how many seconds that took.
"""

import json
import select
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from common.lock_protocol.topics import TELEMETRY, topic_of

WINDOW = 40
CHUNK = 20
TICK_SECONDS = 0.002
CONNACK_BYTES, PUBACK_BYTES = 4, 4
DATA = (
    '{"v":1,"id":"%s","boot":%d,"seq":%%d,"ts":%%d,"type":"telemetry",'
    '"data":{"battery":87,"rssi":-61,"temperature":21.5,"uptime":86400}}'
)


@dataclass
class Speaker:
    """A lock's connection; `seq` is the next number it says."""

    name: str
    password: str
    boot: int
    sock: socket.socket = field(default_factory=socket.socket)
    seq: int = 1
    acked: int = 0
    sent: int = 0
    left: bytes = b""

    def connect(self, port: int) -> None:
        """Sign in, and wait for the welcome."""
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        words = [text.encode() for text in (self.name, self.name, self.password)]
        body = b"\x00\x04MQTT\x04\xc2\x00\x00" + b"".join(len(word).to_bytes(2) + word for word in words)
        self.sock.sendall(b"\x10" + length_of(len(body)) + body)
        answer = self.sock.recv(CONNACK_BYTES)
        assert answer == b"\x20\x02\x00\x00", answer
        self.sock.setblocking(False)
        topic = topic_of(self.name, TELEMETRY).encode()
        self._head = len(topic).to_bytes(2) + topic
        self._data = (DATA % (self.name, self.boot)).encode()

    def packet(self, now_ms: int) -> bytes:
        """The next message."""
        payload = self._data % (self.seq, now_ms)
        mid = (self.sent % 65535 + 1).to_bytes(2)
        self.seq += 1
        self.sent += 1
        return b"".join((b"\x32", length_of(len(self._head) + 2 + len(payload)), self._head, mid, payload))

    def send(self, count: int, now_ms: int) -> None:
        """So many messages, in one piece."""
        self.left += b"".join([self.packet(now_ms) for _ in range(count)])
        self.flush()

    def flush(self) -> None:
        """Write what was not taken yet."""
        if self.left:
            try:
                self.left = self.left[self.sock.send(self.left) :]
            except BlockingIOError:
                return

    def hear(self) -> None:
        """Acknowledgements: nothing else comes."""
        try:
            heard = self.sock.recv(65536)
        except BlockingIOError:
            return
        assert heard, f"the broker cut {self.name}"
        self.acked += len(heard)

    @property
    def waiting(self) -> int:
        """How many are not acknowledged yet."""
        return self.sent - self.acked // PUBACK_BYTES


class Choir:
    """All speakers of a process."""

    def __init__(self, speakers: list[Speaker]) -> None:
        self.speakers = speakers
        self._poll = select.epoll()
        self._by_number = {}
        for speaker in speakers:
            self._by_number[speaker.sock.fileno()] = speaker
            self._poll.register(speaker.sock, select.EPOLLIN)

    def listen(self, seconds: float) -> None:
        """Take what acknowledgements there are."""
        for number, _ in self._poll.poll(seconds):
            self._by_number[number].hear()

    def pour(self, each: int) -> None:
        """As fast as windows allow."""
        until = {speaker.name: speaker.seq + each for speaker in self.speakers}
        open_ones = list(self.speakers)
        while open_ones:
            now = time.time_ns() // 1_000_000
            for speaker in open_ones:
                speaker.flush()
                if speaker.waiting <= WINDOW - CHUNK and not speaker.left:
                    speaker.send(min(CHUNK, until[speaker.name] - speaker.seq), now)
            self.listen(TICK_SECONDS)
            open_ones = [one for one in open_ones if one.seq < until[one.name] or one.left]
        self._await_all()

    def pace(self, each: int, a_second: float) -> None:
        """One after the other, at so many a second in all."""
        turns = self._turns(each)
        began, total, sent = time.monotonic(), each * len(self.speakers), 0
        while sent < total:
            due = min(total, int((time.monotonic() - began) * a_second))
            now = time.time_ns() // 1_000_000
            for _ in range(due - sent):
                next(turns).send(1, now)
            sent = max(sent, due)
            self.listen(TICK_SECONDS)
        self._await_all()

    def _turns(self, each: int) -> Iterator[Speaker]:
        for _ in range(each):
            yield from self.speakers

    def _await_all(self) -> None:
        while any(speaker.waiting for speaker in self.speakers):
            for speaker in self.speakers:
                speaker.flush()
            self.listen(0.01)


def length_of(length: int) -> bytes:
    """A packet's remaining length."""
    written = bytearray()
    while length > 127:
        written.append(length & 127 | 128)
        length >>= 7
    return bytes((*written, length))


def main() -> None:
    """Connect all, then a round for each line."""
    order = json.loads(sys.stdin.readline())
    speakers = [Speaker(name, password, order["boot"]) for name, password in order["devices"]]
    for speaker in speakers:
        speaker.connect(order["port"])
    choir = Choir(speakers)
    print("ready", flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        began = time.monotonic()
        if wanted["a_second"]:
            choir.pace(wanted["each"], wanted["a_second"])
        else:
            choir.pour(wanted["each"])
        print(json.dumps({"seconds": time.monotonic() - began}), flush=True)


if __name__ == "__main__":
    main()
