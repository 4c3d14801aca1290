"""The vectors that docs/protocol.md gives to firmware authors: our code agrees with them, and so do other programs.

Hashes are made again by hand with hmac and hashlib, keys and signatures by openssl, verifiers by argon2 itself.
"""

import base64
import hashlib
import hmac
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from argon2.low_level import Type, hash_secret_raw

from common.lock_protocol import chain, keys
from common.lock_protocol.codes import PIN_HASHER, code_material, table_hash
from common.lock_protocol.commands import is_signed, read_command, write_command
from common.lock_protocol.envelope import read_envelope, read_ingest_ack, read_status
from common.lock_protocol.errors import ProtocolError
from common.lock_protocol.qr import read_qr, write_qr
from common.lock_protocol.schedule import is_within

VECTORS = orjson.loads((Path(__file__).parents[2] / "docs" / "protocol-vectors.json").read_bytes())
DEVICE_ID: str = VECTORS["device"]["device_id"]
ROW = UUID(VECTORS["device"]["row_id"])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def key(purpose: str) -> bytes:
    """The first key of a purpose, as bytes."""
    return next(bytes.fromhex(one["hex"]) for one in VECTORS["keys"] if one["purpose"] == purpose)


def openssl(*arguments: str, given: bytes = b"") -> str:
    """The digits that openssl prints, in lower case."""
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True)
    return done.stdout.decode().strip().rpartition(" ")[2].replace(":", "").lower()


def openssl_hmac(secret: bytes, message: bytes) -> str:
    """HMAC-SHA256 as the page does it on the command line."""
    return openssl("dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{secret.hex()}", given=message)


def named(vectors: list[dict[str, Any]]) -> list[Any]:
    """Vectors under the words that say what is wrong with them."""
    return [pytest.param(one, id=one["why"]) for one in vectors]


@pytest.mark.parametrize("one", VECTORS["keys"], ids=lambda one: f"{one['purpose']}-{one['version']}")
def test_keys_are_derived_as_openssl_derives_them(one: dict[str, Any]) -> None:
    master = VECTORS["masters"][one["master"]]
    info = f"watchhouse device|{one['purpose']}|{ROW}|{one['version']}"
    by_openssl = openssl(
        *("kdf", "-keylen", "32", "-kdfopt", "digest:SHA256", "-kdfopt", f"key:{master}"),
        *("-kdfopt", f"info:{info}", "HKDF"),
    )
    ours = keys.derive_key(master, one["purpose"], ROW, one["version"])
    assert ours.hex() == by_openssl == one["hex"]
    assert keys.as_text(ours) == base64.urlsafe_b64encode(ours).decode().rstrip("=") == one["text"]
    assert keys.from_text(one["text"]) == ours


def test_the_bearer_is_the_rows_id_and_a_secret() -> None:
    bearer = VECTORS["bearer"]
    assert bearer == f"{ROW.hex}.{base64.urlsafe_b64encode(key('api')).decode().rstrip('=')}"
    assert keys.is_bearer_of(bearer, VECTORS["masters"]["pin_pepper"], ROW, 1)
    assert keys.bearer_device(bearer) == ROW


@pytest.mark.parametrize("one", VECTORS["commands"]["good"], ids=lambda one: one["command"])
def test_commands_are_signed_as_openssl_signs_their_canonical_text(one: dict[str, Any]) -> None:
    fields = ("command_id", "command", "counter", "timestamp", "expires_at", "user_id", "params")
    lines = ["watchhouse-command-v1", DEVICE_ID, *(str(one[name] or "") for name in fields)]
    assert "\n".join(lines) == one["canonical"]
    assert openssl_hmac(key("command"), one["canonical"].encode()) == one["signature"]
    command, signature = read_command(one["payload"].encode())
    assert signature == one["signature"]
    assert {name: getattr(command, name) for name in fields} == {name: one[name] for name in fields}
    assert is_signed(key("command"), DEVICE_ID, command, signature)
    assert write_command(key("command"), DEVICE_ID, command).decode() == one["payload"]


@pytest.mark.parametrize("one", named(VECTORS["commands"]["wrongly_signed"]))
def test_commands_that_are_not_signed_so_are_refused(one: dict[str, Any]) -> None:
    command, signature = read_command(one["payload"].encode())
    assert not is_signed(key("command"), DEVICE_ID, command, signature)


@pytest.mark.parametrize("one", named(VECTORS["commands"]["malformed"]))
def test_what_is_no_command_is_not_read(one: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        read_command(one["payload"].encode())


@pytest.mark.parametrize("one", VECTORS["envelopes"]["good"], ids=lambda one: str(one["boot"]))
def test_envelopes_are_read(one: dict[str, Any]) -> None:
    found = read_envelope(DEVICE_ID, one["payload"].encode())
    assert {name: getattr(found, name) for name in ("boot", "seq", "ts", "type", "data")} == {
        name: one[name] for name in ("boot", "seq", "ts", "type", "data")
    }


@pytest.mark.parametrize("one", named(VECTORS["envelopes"]["bad"]))
def test_what_is_no_envelope_is_not_read(one: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        read_envelope(DEVICE_ID, one["payload"].encode())


@pytest.mark.parametrize("one", VECTORS["status"]["good"], ids=lambda one: str(one["is_online"]))
def test_status_is_read(one: dict[str, Any]) -> None:
    found = read_status(one["payload"].encode())
    assert (found.is_online, found.boot, found.conn) == (one["is_online"], one["boot"], one["conn"])


@pytest.mark.parametrize("one", named(VECTORS["status"]["bad"]))
def test_what_is_no_status_is_not_read(one: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        read_status(one["payload"].encode())


def test_the_houses_word_on_what_is_stored_is_read() -> None:
    told = VECTORS["ingest_ack"]
    assert read_ingest_ack(told["payload"].encode()) == (told["boot"], told["seq"])


def test_a_pins_verifier_is_argon2id_over_its_material() -> None:
    pin = VECTORS["pin"]
    material = hmac.new(key("code"), pin["pin"].encode(), hashlib.sha256).hexdigest()
    assert code_material(key("code"), pin["pin"]) == material == pin["material"]
    assert openssl_hmac(key("code"), pin["pin"].encode()) == material
    _, kind, version, parameters, salt, digest = pin["verifier"].split("$")
    assert (kind, version, parameters) == ("argon2id", "v=19", "m=7168,t=5,p=1")
    raw = hash_secret_raw(material.encode(), unpadded(salt), 5, 7168, 1, 32, Type.ID)
    assert raw == unpadded(digest)
    assert PIN_HASHER.verify(pin["verifier"], material)
    assert not PIN_HASHER.check_needs_rehash(pin["verifier"])


def unpadded(text: str) -> bytes:
    """Base64 as argon2 writes it."""
    return base64.b64decode(text + "=" * (-len(text) % 4))


def test_a_code_table_is_named_by_the_hash_of_its_params() -> None:
    table = VECTORS["code_table"]
    assert table_hash(table["params"]) == hashlib.sha256(table["params"].encode()).hexdigest() == table["hash"]
    assert openssl("dgst", "-sha256", given=table["params"].encode()) == table["hash"]


def test_a_qr_code_is_signed_over_all_before_its_last_dot() -> None:
    good = VECTORS["qr"]["good"]
    unsigned, _, signature = good["text"].rpartition(".")
    digest = hmac.new(key("qr"), unsigned.encode(), hashlib.sha256).digest()[:16]
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == signature
    code = read_qr(key("qr"), good["text"])
    assert (code.device_id, str(code.user_id)) == (DEVICE_ID, VECTORS["device"]["user_id"])
    assert (code.nonce, code.expires_at) == (good["nonce"], good["expires_at"])
    assert write_qr(key("qr"), code) == good["text"]


@pytest.mark.parametrize("one", named(VECTORS["qr"]["bad"]))
def test_a_qr_code_that_was_changed_is_refused(one: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        read_qr(key("qr"), one["text"])


@pytest.mark.parametrize("one", named(VECTORS["schedule"]))
def test_schedules_are_open_when_they_say(one: dict[str, Any]) -> None:
    moment = datetime.fromisoformat(one["moment"])
    assert is_within(one["schedule"], one["timezone"], moment) == one["is_open"]


def by_hand(*parts: str | bytes) -> bytes:
    """SHA-256 over parts, each with its length in four bytes before it."""
    total = b""
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total += len(data).to_bytes(4, "big") + data
    return hashlib.sha256(total).digest()


def test_a_log_is_chained_as_by_hand() -> None:
    previous = bytes.fromhex(VECTORS["chain"]["genesis"])
    for row in VECTORS["chain"]["entries"]:
        personal = by_hand(bytes.fromhex(row["salt"]), row["user_id"] or "", row["ip_address"] or "")
        counts = ["" if row[name] is None else str(row[name]) for name in ("boot", "seq")]
        sealed = by_hand(
            *("watchhouse-log-v1", previous, ROW.bytes, str(row["position"]), row["event_type"], row["description"]),
            *("1" if row["success"] else "0", str(row["happened_at_us"]), str(row["created_at_us"]), *counts, personal),
        )
        assert (personal.hex(), sealed.hex()) == (row["personal_hash"], row["hash"])
        assert chain.entry_hash(previous, entry_of(row), personal) == sealed
        previous = sealed
    checkpoint = VECTORS["chain"]["checkpoint"]
    came = checkpoint["created_at_us"]
    position, moment = (str(number).encode() for number in (checkpoint["position"], came))
    signed = b"|".join((b"watchhouse-log-v1", ROW.bytes, position, previous, moment))
    assert openssl_hmac(key("checkpoint"), signed) == checkpoint["signature"]
    at = EPOCH + timedelta(microseconds=came)
    ours = chain.checkpoint_signature(key("checkpoint"), ROW, checkpoint["position"], previous, at)
    assert ours.hex() == checkpoint["signature"]


def entry_of(row: dict[str, Any]) -> chain.Entry:
    """A row of the vectors as our code has it."""
    happened, created = (EPOCH + timedelta(microseconds=row[name]) for name in ("happened_at_us", "created_at_us"))
    return chain.Entry(
        *(ROW, row["position"], row["event_type"], row["description"], row["success"], happened, created),
        boot=row["boot"],
        seq=row["seq"],
    )
