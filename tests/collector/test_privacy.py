"""What is known of a person is handed out whole, and taken away whole, while every count stays as it was."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import psycopg2
import pytest
from click.testing import CliRunner

from collector.__main__ import main
from collector.commands.erase_requests import BITE
from collector.commands.export_requests import PAGE
from collector.job import Context
from collector.jobs import ingest_requests
from common.clock import utc_now
from tests.collector.daemons import collector_command
from tests.collector.ingest.journal import Line, Writer, text_of
from tests.support.processes import HOUSE, environment
from tests.support.waiting import wait_for

Command = Callable[..., CompletedProcess[str]]
MakeContext = Callable[..., Context[Any]]

ANNA, BOB = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
PEOPLE = """INSERT INTO app_users (id, email, password_hash)
    VALUES (%s, 'Anna@example.com', ''), (%s, 'bob@example.com', '')"""
PARTITIONS = (
    "SELECT make_late_partition('request_log', now() - step * interval '1 day') FROM generate_series(1, 9) step"
)
# Anna's and Bob's by turns, and every third nobody's; three of a person share each moment; over `days` partitions.
REQUESTS = """
    INSERT INTO request_log (id, at, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe,
        user_id, ip_address, user_agent, request_id, problem_title, problem_detail)
    SELECT n, date_trunc('day', now()) - (n / 9 %% %(days)s) * interval '1 day' + n / 9 * interval '1 ms',
        '/verify', 'GET', CASE n %% 2 WHEN 0 THEN 200 ELSE 500 END, n, n, 2 * n, n %% 5 = 0,
        (ARRAY[%(anna)s, %(bob)s, NULL])[n %% 3 + 1]::uuid, '192.0.2.7', 'a browser', 'asked ' || n, 'Broken',
        'of ' || n
    FROM generate_series(1, %(requests)s) n
"""
HERS = "SELECT count(*) FROM request_log WHERE user_id = %s"
NOBODYS = """SELECT count(*) FROM request_log
    WHERE num_nulls(user_id, ip_address, user_agent, request_id, problem_detail) = 5 AND problem_title = 'Broken'"""
SUMS = """SELECT at::date, endpoint, method, status, is_probe, count(*), sum(duration_us), sum(request_bytes),
    sum(response_bytes), sum(id) FROM request_log GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"""
OTHERS = "SELECT md5(string_agg(log::text, ',' ORDER BY id)) FROM request_log log WHERE id %% 3 <> 0"
ENTRIES = "SELECT action, subject_type, subject_id, changes FROM audit_log WHERE action = 'requests.erased' ORDER BY id"
QUARANTINE = """INSERT INTO quarantined_lines (host, segment, position, size, content, reason)
    VALUES ('here', 'a segment', 0, 9, convert_to('half a line of ' || %s, 'UTF8'), 'too few fields')"""


@pytest.fixture
def command(database: Any) -> Command:
    """Runs a command of a collector on the database."""
    return lambda *words: collector_command(*words, **settings_for(database))


@pytest.fixture
def log(database: Any) -> Callable[[int], int]:
    """Writes so many requests of Anna, as many of Bob and of nobody, over ten days; tells how many each has."""
    database.rows(PEOPLE, ANNA, BOB)
    database.rows(PARTITIONS)

    def write(each: int) -> int:
        connection = psycopg2.connect(database.owner_url)
        with connection, connection.cursor() as cursor:
            cursor.execute(REQUESTS, {"anna": ANNA, "bob": BOB, "requests": 3 * each, "days": 10})
        connection.close()
        return each

    return write


def settings_for(database: Any) -> dict[str, str]:
    return {"WATCHHOUSE_DEMO": "1", "DATABASE_URL": database.collector_url}


def asked_of(run: CompletedProcess[str]) -> list[int]:
    return [json.loads(line)["id"] for line in run.stdout.splitlines()]


def test_a_person_gets_every_request_of_theirs_and_of_nobody_else(
    command: Command, database: Any, log: Callable[[int], int], tmp_path: Path
) -> None:
    each = log(PAGE + 7)
    database.rows(QUARANTINE, ANNA)
    file = tmp_path / "anna.jsonl"
    file.write_text("of an earlier day, and longer than what comes\n" * 100_000)
    file.chmod(0o644)
    with ThreadPoolExecutor(2) as pool:
        printed, written = pool.map(
            lambda words: command("export-requests", *words),
            [("anna@example.com",), (ANNA.upper(), "--output", str(file), "--json")],
        )
    assert (printed.returncode, written.returncode) == (0, 0), printed.stderr + written.stderr
    order = [
        number for (number,) in database.rows("SELECT id FROM request_log WHERE user_id = %s ORDER BY at, id", ANNA)
    ]
    assert len(order) == each
    assert asked_of(printed) == order
    assert f"{each} requests of {ANNA}; 1 lines that could not be read also hold this id" in printed.stderr
    assert (written.stdout, json.loads(written.stderr)["rows"]) == ("", each)
    assert (file.read_text(), file.stat().st_mode & 0o777) == (printed.stdout, 0o600)
    [row] = [json.loads(line) for line in printed.stdout.splitlines() if json.loads(line)["id"] == 3]
    assert row == {
        "id": 3,
        "at": database.one("SELECT to_json(at AT TIME ZONE 'UTC') FROM request_log WHERE id = 3") + "+00:00",
        "endpoint": "/verify",
        "method": "GET",
        "status": 500,
        "duration_ms": 0.003,
        "request_bytes": 3,
        "response_bytes": 6,
        "is_probe": False,
        "user_id": ANNA,
        "ip_address": "192.0.2.7",
        "user_agent": "a browser",
        "request_id": "asked 3",
        "problem_title": "Broken",
        "problem_detail": "of 3",
    }


def test_a_person_is_taken_away_whole_though_killed_in_the_middle_and_no_sum_changes(
    command: Command, database: Any, log: Callable[[int], int], cut_sessions: Callable[[], int]
) -> None:
    each = log(BITE + 500)
    sums, others = database.rows(SUMS), database.one(OTHERS)
    database.rows(QUARANTINE, ANNA)
    database.rows(QUARANTINE, BOB)
    holder = psycopg2.connect(database.owner_url)
    with holder.cursor() as cursor:
        cursor.execute("SELECT FROM request_log WHERE user_id = %s ORDER BY at DESC LIMIT 1 FOR UPDATE", (ANNA,))
        erasing = subprocess.Popen(
            [sys.executable, "-m", "collector", "erase-requests", ANNA, "--yes"],
            env=environment(**settings_for(database)),
            cwd=HOUSE,
        )
        wait_for(
            lambda: database.rows("SELECT true FROM request_erasures WHERE rows > 0"), what="the first bite is taken"
        )
        erasing.kill()
        erasing.wait(10)
        cut_sessions()  # a server goes on for a client that is gone
    holder.close()
    taken = database.one(NOBODYS)
    assert (BITE <= taken < BITE + 3, database.one(HERS, ANNA)) == (True, each - taken)
    assert database.rows(ENTRIES) == []

    again = command("erase-requests", "ANNA@example.com", "--yes", "--json")
    told = {"user_id": ANNA, "rows": each, "quarantined_lines": 1, "device_entries": 0, "device_commands": 0}
    assert json.loads(again.stdout) == told, again.stderr
    assert (database.one(NOBODYS), database.one(HERS, ANNA)) == (each, 0)
    assert (database.rows(SUMS), database.one(OTHERS)) == (sums, others)
    assert database.one("SELECT convert_from(content, 'UTF8') FROM quarantined_lines") == f"half a line of {BOB}"
    assert database.rows("SELECT rows, finished_at > asked_at FROM request_erasures") == [(each, True)]
    changes = {"rows": [None, each], "quarantined_lines": [None, 1]}
    assert database.rows(ENTRIES) == [("requests.erased", "user", ANNA, changes)]


def test_lines_from_before_an_erasure_come_as_nobodys_and_later_ones_go_with_the_next(
    command: Command, database: Any, log: Callable[[int], int], context_for: MakeContext, tmp_path: Path
) -> None:
    log(3)
    first = command("erase-requests", ANNA, "--yes")
    assert first.returncode == 0, first.stderr
    asked = database.one("SELECT asked_at FROM request_erasures")
    writer = Writer(tmp_path)
    moments = (asked - timedelta(seconds=5), asked + timedelta(microseconds=1))
    cut = b"half a line of " + ANNA.encode()
    writer.closed(text_of(Line(at, endpoint="/late", user_id=ANNA) for at in moments) + cut + b"\n" + b"half a line\n")
    ingest = context_for(ingest_requests.JOB, utc_now, WATCHHOUSE_DATA=str(tmp_path))
    ingest_requests.run(ingest)
    ingest.journal.release()
    late = "SELECT user_id::text, ip_address FROM request_log WHERE endpoint = '/late' ORDER BY at"
    assert database.rows(late) == [(None, None), (ANNA, "127.0.0.1")]
    assert ANNA not in database.one("SELECT string_agg(convert_from(content, 'UTF8'), ',') FROM quarantined_lines")
    second = command("erase-requests", ANNA, "--yes")
    assert [run.stdout.split()[0] for run in (first, second)] == ["3", "1"]
    assert database.rows("SELECT rows, asked_at > %s FROM request_erasures", asked) == [(1, True)]
    assert database.one(HERS, ANNA) == 0


def test_it_waits_for_a_batch_that_is_being_stored(command: Command, database: Any, log: Callable[[int], int]) -> None:
    log(1)
    batch = psycopg2.connect(database.owner_url)
    with batch.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtext('request_erasures'))")
        cursor.execute("UPDATE request_log SET user_id = %s WHERE id = 1", (ANNA,))
        run = pool.submit(command, "erase-requests", ANNA, "--yes")
        wait_for(lambda: database.rows("SELECT true FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
        batch.commit()
        assert run.result(30).stdout.startswith("2 requests"), run.result().stderr
    batch.close()
    assert database.one(HERS, ANNA) == 0


def test_who_is_unknown_or_unsure_changes_nothing(command: Command, database: Any, log: Callable[[int], int]) -> None:
    each = log(2)
    calls = [
        ("export-requests", "carl@example.com"),
        ("erase-requests", ANNA),
        ("export-requests", ANNA, "--output", "/nowhere/at/all"),
    ]
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda words: command(*words), calls))
    assert [run.returncode for run in runs] == [1, 1, 1]
    complaints = ["nobody has the e-mail or id carl@", "Aborted", "/nowhere/at/all: No such"]
    assert [text in run.stderr for text, run in zip(complaints, runs, strict=True)] == [True] * 3
    assert (database.one(HERS, ANNA), database.rows("SELECT true FROM request_erasures")) == (each, [])


@pytest.mark.parametrize("name", ["export-requests", "erase-requests"])
def test_each_command_explains_itself_and_wants_a_person(name: str) -> None:
    explained, empty = (CliRunner().invoke(main, [name, *more]) for more in (["--help"], []))
    assert (explained.exit_code, empty.exit_code) == (0, 2)
    assert "--json" in explained.output
    assert "PERSON" in empty.output
