"""MQTT 3.1.1 packets as bytes: many are taken from one read, many acknowledgements go into one write. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from collector.errors import BrokerError
from common.lock_protocol.envelope import MAX_BYTES

PUBLISH = 0x30
PUBLISH_QOS_1 = 0x32
RETAIN = 0x01
PUBACK_HEAD = b"\x40\x02"
LENGTH_BYTES = 4


class Heard(NamedTuple):
    """A message as it came: at most the first 4 KiB of its payload, and how long it was. `mid` is as on the wire;
    empty for one that wants no acknowledgement."""

    topic: bytes
    payload: bytes
    size: int
    mid: bytes
    is_retained: bool


class Split(NamedTuple):
    """The packets of a read: messages, all others by their first byte, how many bytes they took, and how many bytes
    the next one will have from there on, as far as that is known."""

    heard: list[Heard]
    others: list[tuple[int, bytes]]
    used: int
    wanted: int


def split(data: bytes) -> Split:
    """The whole packets that `data` begins with. Raises BrokerError where there is none."""
    heard: list[Heard] = []
    others: list[tuple[int, bytes]] = []
    position, end, wanted = 0, len(data), 0
    while position + 2 <= end:
        first, length, body = data[position], data[position + 1], position + 2
        if length > 127:
            length, body = _read_length(data, position + 1)
            if body == 0:
                break
        after = body + length
        if after > end:
            wanted = after - position
            break
        if first & 0xF0 == PUBLISH:
            heard.append(_read_publish(first, data, body, after))
        else:
            others.append((first, data[body:after]))
        position = after
    return Split(heard, others, position, wanted)


def write_acks(mids: Iterable[bytes]) -> bytes:
    """One PUBACK for each, in one piece."""
    return PUBACK_HEAD.join((b"", *mids))


def write_publish(topic: str, payload: bytes, mid: int) -> bytes:
    """A PUBLISH of QoS 1, not retained."""
    return _write_publish(PUBLISH_QOS_1, topic, payload, mid)


def write_forget(topic: str, mid: int) -> bytes:
    """A PUBLISH that makes the broker forget what it keeps of a topic."""
    return _write_publish(PUBLISH_QOS_1 | RETAIN, topic, b"", mid)


def _write_publish(first: int, topic: str, payload: bytes, mid: int) -> bytes:
    name = topic.encode()
    body = b"".join((len(name).to_bytes(2), name, mid.to_bytes(2), payload))
    return bytes((first,)) + _write_length(len(body)) + body


def _read_publish(first: int, data: bytes, body: int, after: int) -> Heard:
    topic = body + 2
    payload = mid = topic + int.from_bytes(data[body:topic])
    if first & 0x06:
        payload += 2
    if payload > after:
        raise BrokerError("it sent a message that is shorter than it says")
    return Heard(
        data[topic:mid],
        data[payload : min(after, payload + MAX_BYTES)],
        after - payload,
        data[mid:payload],
        bool(first & 1),
    )


def _read_length(data: bytes, position: int) -> tuple[int, int]:
    """A length of several bytes and where the body begins: 0 while the bytes are not all there."""
    length = 0
    for place, byte in enumerate(data[position : position + LENGTH_BYTES]):
        length |= (byte & 127) << 7 * place
        if byte < 128:
            return length, position + place + 1
    if len(data) - position >= LENGTH_BYTES:
        raise BrokerError("it sent a packet whose length never ends")
    return 0, 0


def _write_length(length: int) -> bytes:
    written = bytearray()
    while length > 127:
        written.append(length & 127 | 128)
        length >>= 7
    written.append(length)
    return bytes(written)
