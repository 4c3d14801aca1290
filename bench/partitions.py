"""A day of 10 million requests is dropped while requests are stored: what the slowest insert waits."""

import os
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg2

from bench.report import Figure, at_least, at_most
from bench.stage import open_database
from tests.support.databases import Database

ROWS = int(os.environ.get("BENCH_PARTITION_ROWS", "10000000"))
BITE = 1_000_000
FILL = """
    INSERT INTO request_log (id, at, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe,
        user_id, ip_address, user_agent, request_id)
    SELECT n, day + n * interval '1 day' / %s, '/api/v1/route-' || n %% 40, 'GET',
        CASE WHEN n %% 100 = 0 THEN 500 ELSE 200 END, 1000 + n %% 5000, 0, 500, false,
        CASE WHEN n %% 2 = 0 THEN '0d9488a4-7c3b-4b1e-8f52-6a3cf4b1a001'::uuid END, '203.0.113.7',
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36', md5(n::text)
    FROM generate_series(%s::bigint, %s::bigint) AS n,
        (SELECT date_trunc('day', now()) - interval '1 day' AS day) AS yesterday
"""
LEAVE_ALONE = """
    DO $$ BEGIN
        EXECUTE format('ALTER TABLE %%I SET (autovacuum_enabled = off)',
            'request_log_' || to_char(now() - interval '1 day', 'YYYYMMDD'));
    END $$
"""  # a day that is a month old has long been vacuumed
SIZE = "SELECT pg_total_relation_size('request_log_' || to_char(now() - interval '1 day', 'YYYYMMDD'))"
DROP = (
    "SELECT drop_partitions(date_trunc('day', now()) + keep) FROM partition_policies WHERE table_name = 'request_log'"
)
INSERT = """
    INSERT INTO request_log (id, at, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe)
    VALUES (1, clock_timestamp(), '/', 'GET', 200, 1, 0, 1, false)
"""
GONE = "SELECT to_regclass('request_log_' || to_char(now() - interval '1 day', 'YYYYMMDD')) IS NULL"
BEFORE_SECONDS = 1.0


def measure(folder: Path) -> list[Figure]:
    """Drops as cleaning up does: by drop_partitions, until the day is gone."""
    with open_database(folder) as database:
        database.rows(LEAVE_ALONE)
        for begin in range(0, ROWS, BITE):
            database.rows(FILL, ROWS, begin, min(begin + BITE, ROWS) - 1)
        size = database.one(SIZE)
        waits, is_over = [0.0], threading.Event()
        inserting = threading.Thread(target=keep_inserting, args=[database, waits, is_over])
        inserting.start()
        is_over.wait(BEFORE_SECONDS)
        before, began = max(waits), time.monotonic()
        waits.clear()
        tries = 0
        while not database.one(GONE):
            database.rows(DROP)
            tries += 1
        took = time.monotonic() - began
        is_over.set()
        inserting.join()
    print(f"     {ROWS:,} rows, {size / 2**30:.1f} GiB, gone in {took * 1000:.0f} ms, {tries} tries")
    print(f"     the slowest insert of the second before: {before * 1000:.0f} ms")
    return [
        at_least("inserts meanwhile", len(waits), 1, ""),
        at_most("while a day of 10 million requests is dropped: the slowest insert", max(waits) * 1000, 50, "ms"),
    ]


def keep_inserting(database: Database, waits: list[float], is_over: threading.Event) -> None:
    """Insert one by one, as fast as it goes, and note what each took."""
    with closing(psycopg2.connect(database.collector_url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        while not is_over.is_set():
            began = time.monotonic()
            cursor.execute(INSERT)
            waits.append(time.monotonic() - began)
