"""What lock and house say to each other: all that is written is read again, and nothing that comes can do more than be
refused.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from common.lock_protocol import chain
from common.lock_protocol.commands import Command, is_signed, read_command, sign, write_command
from common.lock_protocol.envelope import (
    MAX_BYTES,
    MAX_COUNT,
    MAX_MS,
    Envelope,
    Status,
    read_envelope,
    read_ingest_ack,
    read_status,
    write_envelope,
    write_ingest_ack,
    write_status,
)
from common.lock_protocol.errors import ProtocolError
from common.lock_protocol.keys import as_text, bearer_device, derive_key, device_bearer, from_text, is_bearer_of
from common.lock_protocol.qr import QrCode, read_qr, write_qr
from common.lock_protocol.topics import FROM_LOCKS, parse_topic, topic_of

DEVICE_ID = "front-door"
KEY = bytes(range(32))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
names = st.text("abcXYZ019_-", min_size=1, max_size=50)
counts = st.integers(0, MAX_COUNT)
moments = st.integers(0, 2**52).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0, 0, microseconds)
)
keys_32 = st.binary(min_size=32, max_size=32)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
commands = st.builds(
    Command,
    st.sampled_from(["LOCK", "UNLOCK", "REBOOT", "CODES", "BACKFILL"]),
    st.uuids().map(str),
    counts,
    counts,
    st.none() | st.uuids().map(str),
    counts,
    st.dictionaries(texts, json_values, max_size=3).map(lambda params: orjson.dumps(params).decode()),
)
envelopes = st.builds(
    Envelope,
    counts,
    st.integers(1, MAX_COUNT),
    st.integers(0, MAX_MS),
    texts.filter(bool),
    st.dictionaries(texts, st.integers(-(2**50), 2**50) | texts | st.booleans() | st.none(), max_size=4),
)
entries = st.builds(
    chain.Entry,
    st.uuids(),
    st.integers(1, 2**40),
    texts,
    texts,
    st.booleans(),
    moments,
    moments,
    st.none() | st.integers(0, 2**40),
    st.none() | st.integers(0, 2**40),
)
READERS = {
    "envelope": lambda payload: read_envelope(DEVICE_ID, payload),
    "status": read_status,
    "ingest/ack": read_ingest_ack,
    "command": read_command,
}


def refusal_of(kind: str, payload: bytes) -> str | None:
    """What is said of a payload that is refused; None for one that is read."""
    try:
        READERS[kind](payload)
    except ProtocolError as refusal:
        return str(refusal)
    return None


def shaped(fields: list[str]) -> st.SearchStrategy[bytes]:
    """Objects with the right fields and anything in them."""
    return st.fixed_dictionaries(dict.fromkeys(fields, json_values)).map(orjson.dumps)


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=60)
@given(
    payload=st.one_of(
        st.binary(max_size=200),
        json_values.map(orjson.dumps),
        shaped(["v", "id", "boot", "seq", "ts", "type", "data"]),
        shaped(["state", "boot", "conn"]),
        shaped(
            ["command", "command_id", "timestamp", "expires_at", "user_id", "counter", "params", "signature"],
        ),
    )
)
def test_whatever_comes_is_read_or_refused_in_the_protocols_words(kind: str, payload: bytes) -> None:
    assert refusal_of(kind, payload) != ""


@settings(max_examples=60)
@given(envelope=envelopes, device_id=names)
def test_an_envelope_is_read_as_it_was_written(envelope: Envelope, device_id: str) -> None:
    payload = write_envelope(device_id, envelope)
    assert read_envelope(device_id, payload) == envelope
    with pytest.raises(ProtocolError, match="topic's"):
        read_envelope(device_id + "-", payload)


def test_an_envelope_of_more_than_4_kib_is_neither_written_nor_read() -> None:
    empty = Envelope(1, 1, 1, "event", {"text": ""})
    room = MAX_BYTES - len(write_envelope(DEVICE_ID, empty))
    longest = write_envelope(DEVICE_ID, Envelope(1, 1, 1, "event", {"text": "x" * room}))
    assert len(longest) == MAX_BYTES
    assert read_envelope(DEVICE_ID, longest).data == {"text": "x" * room}
    with pytest.raises(ProtocolError, match="longer"):
        write_envelope(DEVICE_ID, Envelope(1, 1, 1, "event", {"text": "x" * (room + 1)}))
    with pytest.raises(ProtocolError, match="longer"):
        read_envelope(DEVICE_ID, longest + b" ")


@given(is_online=st.booleans(), boot=counts, other=counts)
def test_status_and_ingest_acks_are_read_as_they_were_written(is_online: bool, boot: int, other: int) -> None:
    status = Status(is_online, boot, other)
    assert read_status(write_status(status)) == status
    assert read_ingest_ack(write_ingest_ack(boot, other)) == (boot, other)


@settings(max_examples=60)
@given(command=commands, key=keys_32, device_id=names)
def test_a_command_is_read_as_it_was_written_and_is_signed(command: Command, key: bytes, device_id: str) -> None:
    found, signature = read_command(write_command(key, device_id, command))
    assert found == command
    assert is_signed(key, device_id, found, signature)
    assert not is_signed(bytes(32) if key != bytes(32) else KEY, device_id, found, signature)
    assert not is_signed(key, device_id + "0", found, signature)


@settings(max_examples=100)
@given(one=commands, other=commands, first_id=names, second_id=names)
def test_two_commands_are_never_signed_alike(one: Command, other: Command, first_id: str, second_id: str) -> None:
    assume((first_id, signed_part(one)) != (second_id, signed_part(other)))
    assert sign(KEY, first_id, one) != sign(KEY, second_id, other)


@settings(max_examples=100)
@given(command=commands, change=st.data())
def test_no_signed_field_can_be_changed(command: Command, change: st.DataObject) -> None:
    payload = orjson.loads(write_command(KEY, DEVICE_ID, command))
    name = change.draw(st.sampled_from(["command", "command_id", "timestamp", "expires_at", "counter", "params"]))
    value = change.draw(counts if type(payload[name]) is int else st.uuids().map(str) if "id" in name else texts)
    assume(value != payload[name])
    found, signature = read_command(orjson.dumps({**payload, name: value}))
    assert not is_signed(KEY, DEVICE_ID, found, signature)


def signed_part(command: Command) -> tuple[Any, ...]:
    """What the signature covers: all but whose command it is."""
    return (
        *(command.command, command.command_id, command.counter),
        *(command.timestamp, command.expires_at, command.params),
    )


@settings(max_examples=60)
@given(key=keys_32, device_id=names, user=st.uuids(), nonce=st.from_regex(r"[\w-]{16}", fullmatch=True), end=counts)
def test_a_qr_code_is_read_as_it_was_written(key: bytes, device_id: str, user: UUID, nonce: str, end: int) -> None:
    code = QrCode(device_id, user, nonce, end)
    assert read_qr(key, write_qr(key, code)) == code


@settings(max_examples=100)
@given(text=st.text(max_size=120) | texts.map(lambda text: f"WH1.{DEVICE_ID}.{text}.x.1.y"))
def test_what_nobody_signed_is_no_qr_code(text: str) -> None:
    with pytest.raises(ValueError, match=r"signed|surrogates"):
        read_qr(KEY, text)


@given(key=st.binary(max_size=64))
def test_keys_are_told_as_text_and_read_again(key: bytes) -> None:
    assert from_text(as_text(key)) == key


@settings(max_examples=40)
@given(device=st.uuids(), other=st.uuids(), version=st.integers(1, 10**6))
def test_keys_differ_by_purpose_device_and_version(device: UUID, other: UUID, version: int) -> None:
    assume(device != other)
    made = {
        derive_key("master", "command", device, version),
        derive_key("master", "mqtt", device, version),
        derive_key("master", "command", other, version),
        derive_key("master", "command", device, version + 1),
        derive_key("another", "command", device, version),
    }
    assert len(made) == 5


@settings(max_examples=40)
@given(device=st.uuids(), version=st.integers(1, 10**6), text=st.text(max_size=100))
def test_a_bearer_opens_for_its_device_and_version_only(device: UUID, version: int, text: str) -> None:
    bearer = device_bearer("pepper", device, version)
    assert bearer_device(bearer) == device
    assert is_bearer_of(bearer, "pepper", device, version)
    assert not is_bearer_of(bearer, "pepper", device, version + 1)
    found = bearer_device(text)
    assert found is None or text.startswith(text[:32] + ".")


@settings(max_examples=40)
@given(device_id=names, kind=st.sampled_from(FROM_LOCKS), text=st.text(max_size=80))
def test_topics_are_read_as_they_were_written(device_id: str, kind: str, text: str) -> None:
    assert parse_topic(topic_of(device_id, kind)) == (device_id, kind)
    found = parse_topic(text)
    assert found is None or topic_of(*found) == text


@pytest.mark.parametrize(
    ("topic", "parsed"),
    [
        (f"smartlock/{'x' * 50}/state", ("x" * 50, "state")),
        (f"smartlock/{'x' * 51}/state", None),
        ("smartlock//state", None),
        ("smartlock/front-door/", None),
        ("smartlock/front door/state", None),
        ("smartlock/front-door\n/state", None),
        ("other/front-door/state", None),
        ("smartlock/front-door/commands/ack", ("front-door", "commands/ack")),
    ],
)
def test_a_topic_has_its_form_or_is_none(topic: str, parsed: tuple[str, str] | None) -> None:
    assert parse_topic(topic) == parsed


@settings(max_examples=60)
@given(one=entries, other=entries, previous=keys_32, personal=keys_32)
def test_two_entries_are_never_sealed_alike(
    one: chain.Entry, other: chain.Entry, previous: bytes, personal: bytes
) -> None:
    assume(one != other)
    assert chain.entry_hash(previous, one, personal) != chain.entry_hash(previous, other, personal)


@settings(max_examples=100)
@given(entry=entries, text=texts, border=st.integers(0, 40), previous=keys_32)
def test_no_border_between_fields_can_be_moved(entry: chain.Entry, text: str, border: int, previous: bytes) -> None:
    whole = entry.event_type + entry.description
    moved = replaced(entry, event_type=whole[:border], description=whole[border:])
    assume(moved != entry)
    assert chain.entry_hash(previous, moved, KEY) != chain.entry_hash(previous, entry, KEY)
    salt = bytes(chain.SALT_BYTES)
    assert (
        chain.personal_hash(salt + text.encode(), None, "1") != chain.personal_hash(salt, None, text + "1") or not text
    )


@settings(max_examples=60)
@given(entry=entries, previous=keys_32, other=keys_32, personal=keys_32)
def test_a_seal_depends_on_the_one_before_and_on_the_person(
    entry: chain.Entry, previous: bytes, other: bytes, personal: bytes
) -> None:
    assume(previous != other)
    assert chain.entry_hash(previous, entry, personal) != chain.entry_hash(other, entry, personal)
    assert chain.entry_hash(personal, entry, previous) != chain.entry_hash(personal, entry, other)


def replaced(entry: chain.Entry, **fields: Any) -> chain.Entry:
    """The same entry but for some fields."""
    values = {name: getattr(entry, name) for name in chain.Entry.__dataclass_fields__}
    return chain.Entry(**{**values, **fields})
