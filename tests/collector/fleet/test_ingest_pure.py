"""The pure parts of the fleet's ingest: packets, numbers that are seen, what is read, what is latest."""

from itertools import permutations
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import BrokerError
from collector.fleet.packets import Heard, split, write_acks, write_publish
from collector.fleet.projecting import Projection
from collector.fleet.reading import read
from collector.fleet.seen import Seen
from collector.fleet.words import Device, Letter, State, StatusWord, Telemetry, Topics, Word
from common.lock_protocol.envelope import Envelope, write_envelope

DOOR = Device(UUID(int=1), "door-1", "Front door")
NUMBERS = st.integers(0, 60)
MESSAGES = st.lists(st.tuples(st.text(min_size=1, max_size=20), st.binary(max_size=300)), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
GOOD = {
    "telemetry": {"battery": 80, "rssi": -60, "temperature": None, "uptime": 5},
    "state": {
        "locked": True, "door": None, "battery": 80, "firmware": "1", "jammed": False, "codes_version": 0,
        "codes_hash": "ab" * 32,
    },
    "events": {"method": "pin", "pin_id": 4},
    "commands/ack": {"command_id": str(UUID(int=7)), "result": "failed", "reason": "jammed"},
}  # fmt: skip
TYPES = {"telemetry": "telemetry", "state": "state", "events": "granted", "commands/ack": "ack"}


def hear(kind: str, payload: bytes, name: str = "door-1") -> Heard:
    """As it comes from the wire."""
    return Heard(f"smartlock/{name}/{kind}".encode(), payload[:4096], len(payload), b"\0\1", is_retained=False)


def say(kind: str, data: object, type_: str = "") -> Heard:
    """A whole message."""
    content = {"v": 1, "id": "door-1", "boot": 1, "seq": 1, "ts": 5, "type": type_ or TYPES[kind], "data": data}
    return hear(kind, orjson.dumps(content))


@given(MESSAGES, st.integers(1, 50))
def test_packets_are_found_however_the_stream_is_cut(messages: list[tuple[str, bytes]], size: int) -> None:
    packets = [write_publish(topic, payload, mid) for mid, (topic, payload) in enumerate(messages, start=1)]
    stream = b"\x20\x02\x00\x00" + b"".join(packets) + b"\xd0\x00"
    rest, heard, others = b"", [], []
    for begin in range(0, len(stream), size):
        found = split(rest + stream[begin : begin + size])
        rest = (rest + stream[begin : begin + size])[found.used :]
        heard += found.heard
        others += found.others
    assert rest == b""
    assert others == [(0x20, b"\0\0"), (0xD0, b"")]
    assert [(one.topic.decode(), one.payload) for one in heard] == messages
    mids = [mid.to_bytes(2) for mid in range(1, len(messages) + 1)]
    assert [one.mid for one in heard] == mids
    assert write_acks(mids) == b"".join(b"\x40\x02" + mid for mid in mids)


def test_of_a_megabyte_the_first_kilobytes_are_kept() -> None:
    packet = write_publish("smartlock/door-1/events", b"x" * 1_000_000, 1)
    assert split(packet[:100]).wanted == len(packet)
    [heard] = split(packet).heard
    assert (len(heard.payload), heard.size) == (4096, 1_000_000)
    letter = read(heard, Topics(), {"door-1": DOOR})
    assert isinstance(letter, Letter)
    assert letter.reason == "longer than 4096 bytes"


@pytest.mark.parametrize(
    "packet", [b"\x32\x03\x00\x09ab", b"\x30\xff\xff\xff\xff\x01"], ids=["shorter-than-it-says", "length-never-ends"]
)
def test_what_is_no_packet_is_refused(packet: bytes) -> None:
    with pytest.raises(BrokerError):
        split(packet)


@given(st.lists(st.tuples(NUMBERS, NUMBERS)))
def test_seen_numbers_are_a_set(pairs: list[tuple[int, int]]) -> None:
    seen, known = Seen(), set[int]()
    for one, two in pairs:
        assert seen.add(one) == (one not in known)
        known.add(one)
        first, last = min(one, two), max(one, two)
        seen.add_range(first, last)
        known |= set(range(first, last + 1))
        assert {number for number in range(62) if number in seen} == known
        expected = [begin for begin in known if begin - 1 not in known]
        assert [begin for begin, _ in seen] == sorted(expected)
        missing = [number for number in range(1, max(known) + 1) if number not in known]
        assert seen.is_whole == (not missing)
        assert seen.prefix == (missing[0] - 1 if missing else max(known))
        assert Seen.from_text(seen.to_text()) == seen == seen.copy()


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_only_what_the_protocol_allows_is_read(kind: str, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(sorted(GOOD[kind])))
    value = data.draw(JSON)
    try:
        heard = say(kind, GOOD[kind] | {field: value})
    except TypeError:  # an integer that no JSON of ours can hold
        return
    word = read(heard, Topics(), {"door-1": DOOR})
    assert isinstance(word, Word | Letter)
    if isinstance(word, Word):
        assert all(not isinstance(part, str) or "\0" not in part for part in tuple_of(word.body))


def tuple_of(body: object) -> tuple[object, ...]:
    """The values of a body."""
    return tuple(body) if isinstance(body, tuple) else tuple(getattr(body, name) for name in body.__slots__)  # type: ignore[attr-defined]  # a Happening


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_what_the_protocol_says_is_read(kind: str) -> None:
    word = read(say(kind, GOOD[kind]), Topics(), {"door-1": DOOR})
    assert isinstance(word, Word)
    assert (word.device, word.boot, word.seq, word.ts) == (DOOR, 1, 1, 5)


@pytest.mark.parametrize(
    ("heard", "kind"),
    [
        (hear("events", b"{}", "no such!"), "topic"),
        (hear("events", b"{}", "stranger"), "unknown_device"),
        (hear("commands", orjson.dumps({})), "unreadable"),
        (hear("events", b"[" * 3000), "unreadable"),
        (hear("status", b'{"state":"away","boot":1,"conn":1}'), "unreadable"),
        (say("telemetry", GOOD["telemetry"] | {"temperature": 1e300}), "unreadable"),
        (say("telemetry", GOOD["telemetry"], "state"), "unreadable"),
        (say("events", {"extra": 1}, "jam"), "unreadable"),
        (say("events", {}, "party"), "unreadable"),
        (hear("telemetry", write_envelope("door-2", Envelope(1, 1, 5, "telemetry", GOOD["telemetry"]))), "unreadable"),
    ],
    ids=[
        "topic", "stranger", "our-topic", "deep", "status", "temperature", "type", "more", "unknown-event", "other-id",
    ],
)  # fmt: skip
def test_what_it_does_not_is_a_letter(heard: Heard, kind: str) -> None:
    letter = read(heard, Topics(), {"door-1": DOOR})
    assert isinstance(letter, Letter)
    assert letter.kind == kind


def test_the_latest_is_the_same_in_every_order() -> None:
    heard = hear("state", b"")
    words = [
        Word(DOOR, 1, 9, 0, Telemetry(18, -50, None, 9), heard),
        Word(DOOR, 2, 1, 0, State(True, None, 22, "1", False, 3, ""), heard),
        Word(DOOR, 2, 2, 0, Telemetry(21, -60, 20.5, 1), heard),
    ]
    calls = [StatusWord(DOOR, 2, 3, is_online=True, heard=heard), StatusWord(DOOR, 2, 3, is_online=False, heard=heard)]
    found = set()
    for order in permutations([*words, *calls]):
        projection = Projection()
        for one in order:
            (projection.add_word if isinstance(one, Word) else projection.add_status)(one)  # type: ignore[operator]  # each its own
        found.add(orjson.dumps(projection.values, option=orjson.OPT_SORT_KEYS))
    [only] = found
    values = orjson.loads(only)
    assert (values["battery_level"], values["is_battery_low"], values["is_online"], values["rssi"]) == (
        21,
        True,
        False,
        -60,
    )
