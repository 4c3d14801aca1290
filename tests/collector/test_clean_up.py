"""Cleaning up: what goes and what stays, whatever has piled up, and though a table is held up."""

from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
from sqlalchemy.exc import DBAPIError

from collector.errors import CollectorError
from collector.job import Context
from collector.jobs import clean_up

MakeContext = Callable[..., Context[Any]]

PERSON = """INSERT INTO app_users (id, email, password_hash)
VALUES ('00000000-0000-0000-0000-000000000001', 'anna@example.com', '')"""
OLD_AND_NEW = {  # Step 1 is to go, 2 is to stay; the age is in the table's own terms
    "sessions": """INSERT INTO sessions (user_id, kind, expires_at, ended_at)
        SELECT id, 'api', now() - interval '1 second' - (2 - step) * interval '1 day',
            CASE step WHEN 2 THEN now() - interval '9 days' END
        FROM app_users, generate_series(1, 2) step""",
    "one_time_tokens": """INSERT INTO one_time_tokens (token_hash, user_id, purpose, expires_at)
        SELECT int4send(step), id, 'verify_email', now() - interval '1 second' - (2 - step) * interval '1 day'
        FROM app_users, generate_series(1, 2) step""",
    "idempotency_keys": """INSERT INTO idempotency_keys (user_id, path, key_hash, body_hash, created_at)
        SELECT id, '/', int4send(step), '', now() - interval '1 hour' - (2 - step) * interval '24 hours'
        FROM app_users, generate_series(1, 2) step""",
    "login_throttle": """INSERT INTO login_throttle (account, network, paid_until, succeeded_at)
        SELECT int4send(step), '*', now(), now() - interval '1 day' - (2 - step) * interval '90 days'
        FROM generate_series(1, 2) step""",
    "job_runs": """INSERT INTO job_runs (job, slot, claimed_by, leased_until)
        SELECT 'job', now() - interval '1 hour' - (2 - step) * interval '7 days', 'anna', now()
        FROM generate_series(1, 2) step""",
    "check_requests": """INSERT INTO check_requests (created_at)
        SELECT now() - interval '1 hour' - (2 - step) * interval '1 day' FROM generate_series(1, 2) step""",
    "outbox": """INSERT INTO outbox (channel, recipient, subject, status, finished_at)
        SELECT 'mail', 'bob@example.com', '', 'sent', now() - interval '1 hour' - (2 - step) * interval '7 days'
        FROM generate_series(1, 2) step""",
    "quarantined_lines": """INSERT INTO quarantined_lines (host, segment, position, size, content, reason, found_at)
        SELECT 'anna', '', 0, 1, 'x', '', now() - interval '1 hour' - (2 - step) * interval '30 days'
        FROM generate_series(1, 2) step""",
    "journal_segments": """INSERT INTO journal_segments (name, host, position, updated_at)
        SELECT 'name ' || step, 'anna', 1, now() - interval '1 hour' - (2 - step) * interval '40 days'
        FROM generate_series(1, 2) step""",
    "journal_states": """INSERT INTO journal_states
        SELECT 'host ' || step, now() - interval '1 hour' - (2 - step) * interval '30 days', 0, 0, 0, 0
        FROM generate_series(1, 2) step""",
    "request_erasures": """INSERT INTO request_erasures (user_id, asked_at, finished_at)
        SELECT gen_random_uuid(), now(), now() - interval '1 hour' - (2 - step) * interval '40 days'
        FROM generate_series(1, 2) step""",
    "dead_letters": """INSERT INTO dead_letters (received_at, topic, payload, payload_bytes, reason)
        SELECT now() - interval '1 hour' - (2 - step) * interval '30 days', 'smartlock', '', 0, 'no envelope'
        FROM generate_series(1, 2) step""",
    "device_commands": """INSERT INTO device_commands (device_id, command, status, created_at, expires_at, finished_at)
        SELECT id, 'LOCK', 'expired', finished_at - interval '1 minute', finished_at, finished_at
        FROM devices, generate_series(1, 2) step,
            LATERAL (SELECT now() - interval '1 hour' - (2 - step) * interval '90 days' AS finished_at) AS ended""",
    "device_boots": """INSERT INTO device_boots (device_id, boot, seen, updated_at)
        SELECT id, step, '{}', now() - interval '401 days' FROM devices, generate_series(1, 2) step""",
    "qr_uses": """INSERT INTO qr_uses (device_id, nonce, verifier, used_at)
        SELECT id, step, 'lock', now() - interval '1 hour' - (2 - step) * interval '90 days'
        FROM devices, generate_series(1, 2) step""",
    "collectors": """INSERT INTO collectors (name, host, started_at, seen_at)
        SELECT 'name ' || step, '', now(), now() - interval '1 hour' - (2 - step) * interval '30 days'
        FROM generate_series(1, 2) step""",
}
OLD_SLOTS = """INSERT INTO job_runs (job, slot, claimed_by, leased_until)
    SELECT 'job', now() - interval '8 days' - step * interval '1 s', 'anna', now()
    FROM generate_series(1, %s) step"""
DEVICE = "INSERT INTO devices (device_id, name, owner_id) SELECT 'door', 'Door', id FROM app_users"
CHECKPOINTS = """INSERT INTO device_checkpoints (device_id, position, hash, signature, created_at)
    SELECT id, number, '', '', date_trunc('day', now(), 'UTC') - interval '43 days' + number * interval '8 hours'
    FROM devices, generate_series(0, 11) number"""
COUNT_SLOTS = "SELECT count(*) FROM job_runs"


def fill(database: Any) -> None:
    """Something to delete and something to keep in each table."""
    database.rows(PERSON)
    database.rows(DEVICE)
    for statement in OLD_AND_NEW.values():
        database.rows(statement)


def left(database: Any) -> dict[str, int]:
    """How many rows are in each table."""
    return {table: database.one(f"SELECT count(*) FROM {table}") for table in OLD_AND_NEW}


def test_what_has_had_its_time_goes_and_the_rest_stays(context_for: MakeContext, database: Any) -> None:
    context = context_for(clean_up.JOB)
    fill(database)
    assert left(database) == dict.fromkeys(OLD_AND_NEW, 2)
    clean_up.run(context)
    assert left(database) == dict.fromkeys(OLD_AND_NEW, 1)


def test_of_old_checkpoints_the_first_and_the_last_of_a_day_stay(context_for: MakeContext, database: Any) -> None:
    database.rows(PERSON)
    database.rows(DEVICE)
    database.rows(CHECKPOINTS)
    clean_up.run(context_for(clean_up.JOB))
    kept = [row[0] for row in database.rows("SELECT position FROM device_checkpoints ORDER BY 1")]
    assert kept == [0, 2, 3, 5, 6, 8, 9, 10, 11]


def test_a_flood_of_dead_letters_leaves_the_newest(context_for: MakeContext, database: Any) -> None:
    database.rows(
        """INSERT INTO dead_letters (received_at, topic, payload, payload_bytes, reason)
        SELECT now(), n, '', 0, '' FROM generate_series(1, 100011) n"""
    )
    clean_up.run(context_for(clean_up.JOB))
    assert database.rows("SELECT count(*), min(topic::int), max(topic::int) FROM dead_letters") == [
        (100_000, 12, 100_011)
    ]


def test_a_backlog_goes_in_bites_until_the_daemon_stops(context_for: MakeContext, database: Any) -> None:
    context = context_for(clean_up.JOB)
    database.rows(OLD_SLOTS, 2 * clean_up.MOST_AT_ONCE + 1)
    context.stopping.set()
    with pytest.raises(CollectorError):  # and so the slot is free again
        clean_up.run(context)
    assert database.one(COUNT_SLOTS) == clean_up.MOST_AT_ONCE + 1
    context.stopping.clear()
    clean_up.run(context)
    assert database.one(COUNT_SLOTS) == 0


def test_a_table_that_is_held_up_undoes_nothing_of_the_others(context_for: MakeContext, database: Any) -> None:
    context = context_for(clean_up.JOB)
    fill(database)
    holder = psycopg2.connect(database.owner_url)
    with holder.cursor() as cursor:
        cursor.execute("SELECT FROM job_runs FOR UPDATE")
        with pytest.raises((psycopg2.errors.LockNotAvailable, DBAPIError)):
            clean_up.run(context)
    holder.close()
    assert [table for table, rows in left(database).items() if rows == 1] == [*OLD_AND_NEW][:4]
