"""docs/protocol.md agrees with the code: its examples are read, its command line signs, its numbers are in force."""

import re
import subprocess
from pathlib import Path

import orjson
import pytest

from auth.access import brake
from auth.access.schemas import MOST_SPANS
from collector.fleet.interpreting import DENIED, EVENTS, LONGEST_LOCKOUT, REFUSED
from collector.fleet.letters import MOST_LETTERS, MOST_OF_A_LOCK
from collector.fleet.reading import DOORS, STATE_FIELDS, TELEMETRY_FIELDS
from collector.fleet.seen import MOST_RANGES
from collector.fleet.seen_memory import MOST_HOLED
from collector.fleet.sender import REPEAT_AFTER
from collector.jobs.sweep_fleet import FLAP, SILENCE
from common.lock_protocol import commands, qr
from common.lock_protocol.codes import MOST_PINS, PIN_HASHER
from common.lock_protocol.commands import LIFE_SECONDS, RESULTS, Command, read_command, write_command, write_params
from common.lock_protocol.envelope import MAX_BYTES, MAX_MS, read_envelope
from common.lock_protocol.topics import FROM_LOCKS, RESERVED
from generator.fleet.obeying import REMEMBERED, SLACK_MS

HOUSE = Path(__file__).parents[2]
PAGE = (HOUSE / "docs" / "protocol.md").read_text(encoding="utf-8")
VECTORS = orjson.loads((HOUSE / "docs" / "protocol-vectors.json").read_bytes())
UNLOCK = VECTORS["commands"]["good"][0]
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def block(kind: str, holding: str) -> str:
    """The fenced block of a kind in which a text stands."""
    blocks: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
    return next(text for found, text in blocks if found == kind and holding in text)


def numbers_in(line: str) -> list[int]:
    """The numbers of the first line of the page that holds a text."""
    return [int(number) for number in re.findall(r"\d+", next(one for one in PAGE.splitlines() if line in one))]


def test_its_command_line_signs() -> None:
    done = subprocess.run(["bash", "-eu", "-c", block("sh", "COMMAND_KEY")], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith(UNLOCK["signature"])
    assert f"It ends in `{UNLOCK['signature']}`" in PAGE


def test_its_canonical_text_is_that_of_the_vectors() -> None:
    assert block("", "watchhouse-command-v1\nfront-door") == UNLOCK["canonical"]


def test_its_examples_are_read() -> None:
    envelope = read_envelope("front-door", block("json", '"v": 1').encode())
    assert EVENTS[envelope.type](envelope.data).event_type == "PIN_GRANTED"
    command, signature = read_command(block("json", '"command": "UNLOCK"').encode())
    first, last = signature.split("…")
    assert UNLOCK["signature"].startswith(first)
    assert UNLOCK["signature"].endswith(last)
    assert {name: getattr(command, name) for name in ("counter", "timestamp", "expires_at")} == {
        name: UNLOCK[name] for name in ("counter", "timestamp", "expires_at")
    }
    assert block("", qr.LABEL) == VECTORS["qr"]["good"]["text"]


@pytest.mark.parametrize(
    "word",
    [*FROM_LOCKS, *EVENTS, *DENIED, *REFUSED, *RESULTS, *LIFE_SECONDS, *RESERVED, *TELEMETRY_FIELDS, *STATE_FIELDS]
    + [door for door in DOORS if door],
)
def test_it_names_every_word_of_the_protocol(word: str) -> None:
    assert re.search(rf"`[^`]*\b{re.escape(word)}\b[^`]*`", PAGE)


def test_its_numbers_are_those_in_force() -> None:
    assert numbers_in("UNLOCK 15 s, LOCK")[:3] == [LIFE_SECONDS[name] for name in ("UNLOCK", "LOCK", "REBOOT")]
    assert f"sent again every {REPEAT_AFTER.seconds} s" in PAGE
    assert numbers_in("| a message of a lock |") == [MAX_BYTES]
    assert numbers_in("| a command |") == [commands.MAX_BYTES]
    assert numbers_in("| codes of a device |") == [MOST_PINS, MOST_SPANS]
    assert numbers_in("| holes in a boot |") == [MOST_RANGES]
    assert numbers_in("| boots with holes |") == [MOST_HOLED]
    assert numbers_in("| dead letters kept") == [MOST_LETTERS, MOST_OF_A_LOCK]
    assert numbers_in("| commands remembered |") == [REMEMBERED]
    assert numbers_in("| from a fall to `offline` |") == [FLAP.seconds, SILENCE.seconds]
    assert numbers_in("2. verifier = argon2id") == [
        *(2, 2, 19, PIN_HASHER.memory_cost, PIN_HASHER.time_cost, PIN_HASHER.parallelism),
        *(PIN_HASHER.salt_len, PIN_HASHER.hash_len),
    ]
    assert f"0 to {MAX_MS}" in PAGE
    assert f"{LONGEST_LOCKOUT} at most" in PAGE
    assert f"more than {SLACK_MS // 1000} s before `timestamp`" in PAGE
    assert f"After {brake.MOST_WRONG} wrong ones" in PAGE
    assert f"{qr.LIFE_SECONDS} s to live" in PAGE


def test_the_largest_code_table_fits_into_a_packet_of_the_broker() -> None:
    [most] = re.findall(r"^max_packet_size (\d+)$", (HOUSE / "mosquitto/shared/broker.conf").read_text(), re.MULTILINE)
    span = {"days": DAYS, "from": "08:00", "to": "17:30"}
    times = {"starts_at": MAX_MS, "expires_at": MAX_MS}
    code = {"id": 2**40, "verifier": PIN_HASHER.hash("a PIN"), **times, "schedule": [span] * MOST_SPANS}
    codes = [{**code, "max_uses": 10**6, "uses": 10**6}] * MOST_PINS
    params = write_params({"version": 2**40, "timezone": "America/Argentina/ComodRivadavia", "codes": codes})
    command = Command("CODES", UNLOCK["command_id"], MAX_MS, MAX_MS, None, 2**40, params)
    payload = write_command(bytes(32), "d" * 50, command)
    assert len(payload) <= commands.MAX_BYTES
    assert int(most) > commands.MAX_BYTES + 200  # its topic goes with it
