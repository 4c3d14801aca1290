"""Devices' logs: whatever is done to a row is found and named; what is erased or cut by right is not."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from collector.job import Context
from collector.jobs import checkpoint_logs
from sql.device_audit import PAGE
from standalone.postgres import Server
from tests.collector.daemons import collector_command
from tests.collector.logged_devices import DEVICE_KEY, OWNER_ID, Logs
from tests.support.databases import Database, throw_away

HOUR = timedelta(hours=1)
NOW = datetime.now(UTC)
THIS_HOUR = NOW.replace(minute=0, second=0, microsecond=0)
MONTH = NOW.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
LONG_AGO = (MONTH - timedelta(days=80)).replace(day=20)
ROWS = "device_logs WHERE device_id = %(device)s AND position"
COLUMNS = "device_id, event_type, description, success, personal_hash, happened_at, created_at, hash, position, id"
COPY = f"""INSERT INTO device_logs ({COLUMNS})
    SELECT device_id, event_type, description, success, personal_hash, happened_at, created_at, hash, {{}},
        nextval('device_logs_numbers')
    FROM {ROWS} = 3"""
BACKDATED = f"UPDATE device_checkpoints SET created_at = '{LONG_AGO}'"
CHECKPOINTS = "SELECT position FROM device_checkpoints WHERE device_id = %s ORDER BY position"

OLD_COMMAND = """INSERT INTO device_commands (device_id, user_id, ip_address, command, status, expires_at, finished_at)
    VALUES (%s, %s, '192.0.2.7', 'LOCK', 'expired', now() + interval '1 s', now())"""


def change(what: str) -> list[str]:
    """Row 3 is another now."""
    return [f"UPDATE device_logs SET {what} WHERE device_id = %(device)s AND position = 3"]


TAMPERING: dict[str, tuple[list[str], int, str]] = {
    "what happened": (change("event_type = 'LOCK'"), 3, "not as it was written"),
    "how it is told": (change("description = 'Nothing'"), 3, "not as it was written"),
    "whether it went well": (change("success = NOT success"), 3, "not as it was written"),
    "when it happened": (change("happened_at = happened_at - interval '1 ms'"), 3, "not as it was written"),
    "when it came": (change("created_at = created_at + interval '1 ms'"), 3, "not as it was written"),
    "its seq": (change("seq = 99"), 3, "not as it was written"),
    "its boot": (change("boot = 0"), 3, "not as it was written"),
    "its seal": (change("hash = decode('00', 'hex')"), 3, "not as it was written"),
    "who it was": (change("user_id = gen_random_uuid()"), 3, "another person"),
    "from where": (change("ip_address = '192.0.2.7'"), 3, "another person"),
    "erased by half": (change("personal_salt = NULL"), 3, "another person"),
    "who it stands for": (change("personal_hash = decode('00', 'hex')"), 3, "not as it was written"),
    "deleted": ([f"DELETE FROM {ROWS} = 3"], 3, "is missing"),
    "the first deleted": ([f"DELETE FROM {ROWS} = 1"], 1, "is missing"),
    "the last deleted": ([f"DELETE FROM {ROWS} = 6"], 6, "missing at the end"),
    "all deleted": ([f"DELETE FROM {ROWS} > 0"], 1, "missing at the end"),
    "put in twice": ([COPY.format("3")], 3, "twice"),
    "put in at the end": ([COPY.format("7")], 7, "too much"),
    "put in before all": (
        [COPY.format("0"), "UPDATE device_logs SET id = -1 WHERE device_id = %(device)s AND position = 0"],
        0,
        "out of its place",
    ),
    "two in each other's place": (
        ["UPDATE device_logs SET position = 7 - position WHERE device_id = %(device)s AND position IN (3, 4)"],
        3,
        "is missing",
    ),
    "the end of the chain": (
        ["UPDATE device_chains SET head = decode('00', 'hex') WHERE device_id = %(device)s"],
        6,
        "not the one with which the log ends",
    ),
}


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[Database]:
    """One for all tests here: each has devices of its own."""
    with throw_away(server) as found:
        yield found


@pytest.fixture
def context(context_for: Callable[..., Context[Any]]) -> Context[Any]:
    return context_for(checkpoint_logs.JOB, clock=lambda: THIS_HOUR + timedelta(minutes=1), DEVICE_KEY=DEVICE_KEY)


@pytest.fixture
def logs(database: Database, context: Context[Any]) -> Logs:
    """No log is there yet."""
    database.rows("DELETE FROM outbox; DELETE FROM devices; DELETE FROM device_logs")
    return Logs(database, context.engine)


@pytest.fixture
def door(logs: Logs) -> UUID:
    """A device with six rows of the last hours."""
    made = logs.device()
    logs.write(made, 6, THIS_HOUR - HOUR)
    return made


def settings_for(logs: Logs) -> dict[str, str]:
    return {"DATABASE_URL": logs.database.collector_url, "WATCHHOUSE_DEMO": "1", "DEVICE_KEY": DEVICE_KEY}


def positions(database: Database, device: UUID) -> list[int]:
    return [row[0] for row in database.rows(CHECKPOINTS, str(device))]


def test_a_log_as_it_was_written_is_whole_before_and_after_it_is_signed(
    logs: Logs, door: UUID, context: Context[Any]
) -> None:
    before = logs.verify(door)
    assert (before.is_whole, before.rows, before.signed_to) == (True, 6, None)
    logs.write(door, 2)  # of this hour: these are signed by the next one
    checkpoint_logs.run(context)
    checkpoint_logs.run(context)
    assert positions(logs.database, door) == [6]
    after = logs.verify(door)
    assert (after.is_whole, after.rows, after.signed_to, after.from_checkpoint) == (True, 8, 6, None)


@pytest.mark.parametrize(("statements", "first_bad", "why"), TAMPERING.values(), ids=TAMPERING)
def test_what_was_done_to_a_row_is_found_and_named(
    logs: Logs, door: UUID, statements: list[str], first_bad: int, why: str
) -> None:
    logs.tamper(door, statements)
    verdict = logs.verify(door)
    assert verdict.first_bad == first_bad
    assert verdict.why is not None
    assert verdict.why.startswith(f"Row {first_bad} ")
    assert why in verdict.why


def test_a_log_that_is_not_right_is_told_and_not_signed_while_others_are(
    logs: Logs, door: UUID, context: Context[Any]
) -> None:
    other = logs.device("Gate")
    logs.write(other, 2 * PAGE + 1, THIS_HOUR - HOUR)
    logs.tamper(door, change("success = false"))
    for _ in range(2):
        checkpoint_logs.run(context)
    assert (positions(logs.database, door), positions(logs.database, other)) == ([], [2 * PAGE + 1])
    told = "The log of Door is not as it was written: Row 3 is not as it was written."
    assert logs.database.rows("SELECT rule, device_id::text, message FROM alerts") == [
        ("audit_broken", str(door), told)
    ]
    assert logs.database.one("SELECT count(*) FROM outbox WHERE channel = 'mail'") == 1


def resealed(logs: Logs, device: UUID, rows: int) -> None:
    """Who owns the database writes another log, every hash of it right."""
    logs.tamper(
        device,
        [
            f"DELETE FROM {ROWS} > 0",
            "UPDATE device_chains SET length = 0, head = '' WHERE device_id = %(device)s",
        ],
    )
    logs.write(device, rows, THIS_HOUR - HOUR, user=None)


@pytest.mark.parametrize(("rows", "first_bad"), [(8, 6), (6, 6), (4, 5)], ids=["longer", "as long", "shorter"])
def test_a_log_written_anew_is_found_by_what_was_signed(
    logs: Logs, door: UUID, context: Context[Any], rows: int, first_bad: int
) -> None:
    checkpoint_logs.run(context)
    resealed(logs, door, rows)
    assert logs.verify(door).first_bad == first_bad


def test_a_checkpoint_of_somebody_else_is_no_checkpoint(logs: Logs, door: UUID, context: Context[Any]) -> None:
    checkpoint_logs.run(context)
    resealed(logs, door, 6)
    logs.tamper(
        door,
        [
            """UPDATE device_checkpoints SET hash = l.hash, signature = sha256(l.hash) FROM device_logs l
            WHERE l.device_id = device_checkpoints.device_id AND l.position = 6"""
        ],
    )
    assert logs.verify(door).why == "Row 6 has a checkpoint that this house did not sign."
    logs.write(door, 1, THIS_HOUR - HOUR)
    checkpoint_logs.run(context)
    assert (positions(logs.database, door), context.metrics.broken._value.get()) == ([6], 1)


def test_a_log_that_shrank_since_it_was_signed_is_told_at_the_next_hour(
    logs: Logs, door: UUID, context: Context[Any]
) -> None:
    checkpoint_logs.run(context)
    resealed(logs, door, 4)
    checkpoint_logs.run(context)
    assert logs.database.one("SELECT message FROM alerts").endswith(
        "Row 5 is missing at the end, though it was signed."
    )


def test_the_hour_after_only_what_is_new_is_walked_along(logs: Logs, door: UUID, context: Context[Any]) -> None:
    checkpoint_logs.run(context)
    logs.write(door, 3, THIS_HOUR - HOUR)
    logs.tamper(door, change("success = false"))  # for the command and the page to find
    checkpoint_logs.run(context)
    assert context.metrics.rows._value.get() == 9
    assert positions(logs.database, door) == [6, 9]
    assert logs.verify(door).first_bad == 3


def test_an_erased_person_leaves_logs_that_are_whole(logs: Logs, door: UUID) -> None:
    gate = logs.device("Gate")
    logs.write(gate, 2, user=None)
    logs.write(gate, 1)
    logs.database.rows(OLD_COMMAND, str(gate), OWNER_ID)
    erased = collector_command("erase-requests", OWNER_ID, "--yes", "--json", **settings_for(logs))
    assert erased.returncode == 0, erased.stderr
    told = json.loads(erased.stdout)
    assert (told["device_entries"], told["device_commands"]) == (7, 1)
    assert logs.database.one("SELECT count(*) FROM device_logs WHERE user_id IS NOT NULL OR personal_salt IS NULL") == 7
    assert logs.database.one("SELECT num_nulls(user_id, ip_address) FROM device_commands") == 2
    assert (logs.verify(door).is_whole, logs.verify(gate).is_whole) == (True, True)


@pytest.fixture
def old(logs: Logs, context: Context[Any]) -> Iterator[UUID]:
    """A device with four rows of a month whose partition was cut since, and two of today, all signed in their time."""
    made = logs.device()
    logs.database.rows(
        "SELECT make_partition(p, date_trunc('month', %s)) FROM partition_policies p WHERE table_name = 'device_logs'",
        LONG_AGO,
    )
    logs.write(made, 4, LONG_AGO)
    logs.write(made, 2, THIS_HOUR - HOUR)
    checkpoint_logs.run(context)  # the end of the month, and the end
    yield made
    logs.database.rows(f"DROP TABLE IF EXISTS device_logs_{LONG_AGO:%Y%m}")


def cut(logs: Logs) -> None:
    logs.database.rows(f"DROP TABLE device_logs_{LONG_AGO:%Y%m}")


def test_a_checkpoint_stands_for_rows_that_were_cut_with_their_month(logs: Logs, old: UUID) -> None:
    assert positions(logs.database, old) == [4, 6]
    assert logs.verify(old).from_checkpoint is None
    cut(logs)
    verdict = logs.verify(old)
    assert (verdict.is_whole, verdict.rows, verdict.from_checkpoint, verdict.signed_to) == (True, 2, 4, 6)


def test_a_log_of_which_every_row_was_cut_is_whole(logs: Logs, old: UUID) -> None:
    logs.tamper(old, [f"DELETE FROM {ROWS} > 4", "UPDATE device_chains SET length = 4"])
    logs.tamper(old, ["DELETE FROM device_checkpoints WHERE position > 4"])
    cut(logs)
    assert logs.verify(old).is_whole


@pytest.mark.parametrize(
    ("statements", "first_bad"),
    [
        (["DELETE FROM device_checkpoints WHERE position = 4"], 1),
        ([f"DELETE FROM {ROWS} = 5"], 5),
        (["UPDATE device_checkpoints SET signature = '' WHERE position = 4"], 4),
        ([f"DELETE FROM {ROWS} = 5", f"DELETE FROM {ROWS} = 6", f"{BACKDATED} WHERE position = 6"], 6),
    ],
    ids=["no checkpoint", "one row more", "not signed", "a later one made as old"],
)
def test_a_cut_that_no_checkpoint_covers_is_found(logs: Logs, old: UUID, statements: list[str], first_bad: int) -> None:
    cut(logs)
    logs.tamper(old, statements)
    assert logs.verify(old).first_bad == first_bad


def test_rows_of_a_month_that_is_kept_are_missed_though_they_were_signed(logs: Logs, old: UUID) -> None:
    cut(logs)
    logs.tamper(old, [f"DELETE FROM {ROWS} > 0"])
    logs.write(old, 1)
    assert logs.verify(old).first_bad == 5


def test_the_command_tells_what_is_broken_and_its_status_too(logs: Logs, door: UUID) -> None:
    other = logs.device("Gate")
    logs.write(other, 1)
    logs.tamper(door, change("success = false"))
    every, one, none = (
        collector_command("verify-logs", *words, **settings_for(logs))
        for words in (["--json"], ["--device", f"lock-{other.hex}"], ["--device", "nobody's"])
    )
    assert [run.returncode for run in (every, one, none)] == [1, 0, 1], every.stderr + one.stderr
    told = json.loads(every.stdout)
    assert (told["devices"], told["rows"]) == (2, 3)
    assert [(found["id"], found["first_bad"]) for found in told["broken"]] == [(str(door), 3)]
    assert one.stdout == "1 rows of 1 devices: all as they were written\n"
    assert "no device has the id or name nobody's" in none.stderr
