"""Analytics over a year of rollups, and the request log, with 20 million raw rows and with none.

BENCH_RAW_ROWS gives another number of rows, for a trial.
"""

import os
from pathlib import Path
from statistics import median
from time import perf_counter

import requests

from bench.report import Figure, at_most
from bench.stage import App, open_app, open_database
from tests.support.databases import Database

RAW_ROWS = 20_000_000
RAW_DAYS = 20
CALLS = 60
SPAN_CALLS = 12
ANALYTICS = "/api/admin/analytics/"
LOGS = "/health/api/logs/"
# 60 routes with 190 requests an hour are 100 million a year. Each of twenty shapes is a sketch of such an hour, with as
# many bins as times scattered by a factor of two have.
SHAPES = """
CREATE TABLE shapes AS
WITH amounts AS (
    SELECT shape, route,
        sketch_bin(exp(1 + ln(route) + 0.6 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))) AS bin
    FROM generate_series(1, 20) shape, generate_series(1, 60) route, generate_series(1, 190) n
), routes AS (
    SELECT shape, '/api/v1/things-' || route || '/{id}/' AS endpoint,
        (ARRAY['GET', 'POST', 'PATCH'])[1 + route % 3] AS method, bin
    FROM amounts
    UNION ALL
    SELECT shape, '', '', bin FROM amounts
), bins AS (
    SELECT shape, endpoint, method, bin, count(*)::int AS amount FROM routes GROUP BY shape, endpoint, method, bin
)
SELECT shape, endpoint, method, sum(amount)::bigint AS requests,
    (1000 * sum(amount * sketch_value(bin)))::bigint AS duration_us,
    array_agg(bin ORDER BY bin) AS bins, array_agg(amount ORDER BY bin) AS counts
FROM bins
GROUP BY shape, endpoint, method
"""
HOURS = """
INSERT INTO request_hours (hour, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx,
    request_bytes, response_bytes, duration_us, bins, counts)
SELECT date_trunc('hour', now()) - h * interval '1 hour', endpoint, method, requests, requests - requests / 10, 0,
    requests / 10 - requests / 100, requests / 100, 100 * requests, 2000 * requests, duration_us, bins, counts
FROM generate_series(1, 365 * 24) h
JOIN shapes ON shape = 1 + h % 20
"""
# What two hosts did in the last six days; the hour that is open, and the one before it, are not rolled up yet.
MINUTES = """
INSERT INTO request_minutes (minute, host, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx,
    request_bytes, response_bytes, duration_us, bins, counts)
SELECT minute, host, endpoint, method, requests / 60, requests / 60, 0, 0, 0, 100 * requests, 2000 * requests,
    duration_us / 60, bins[1:20], counts[1:20]
FROM generate_series(date_trunc('hour', now()) - interval '143 hours', now(), interval '1 minute') minute,
    unnest(ARRAY['web-1', 'web-2']) host, shapes
WHERE shape = 1
"""
MARKS = """
INSERT INTO request_dirty_hours
SELECT date_trunc('hour', now()) - h * interval '1 hour', host
FROM generate_series(0, 1) h, unnest(ARRAY['web-1', 'web-2']) host
"""
PARTITIONS = "SELECT make_late_partition(%s, now() - n * interval '1 day') FROM generate_series(0, %s) n"
# Every third request is somebody's, one of 2,000 people; one in 500 failed, one in 50,000 found a teapot.
ROWS = """
INSERT INTO request_log
SELECT (extract(epoch FROM at) * 1000000)::bigint * 1024 + n % 1024, at,
    '/api/v1/things-' || 1 + n * 31 % 60 || '/{{id}}/', (ARRAY['GET', 'POST', 'PATCH'])[1 + n % 3],
    CASE WHEN n % 50000 = 0 THEN 418 WHEN n % 500 = 0 THEN 503 ELSE 200 END,
    1000 + n % 9000, 0, 512, false, CASE WHEN n % 3 = 0 THEN md5((n % 2000)::text)::uuid END, '192.0.2.7',
    'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0', md5(n::text), NULL, NULL
FROM (
    SELECT n, now() - interval '{day} days' - (1 - n / {rows}::float8) * interval '1 day' AS at
    FROM generate_series(1, {rows}) n
) made
"""
SOMEBODY = "SELECT md5('6')::uuid::text"
SPANS = {7: 500, 30: 1000, 364: 5000}
FILTERS = {
    "all": ("", 100),
    "a route": ("endpoint=/api/v1/things-7/%7Bid%7D/", 100),
    "a class of failures": ("status=5xx", 100),
    "a person": ("user_id={somebody}", 100),
    "a person and a method": ("user_id={somebody}&method=GET", 100),
    "a day a week ago": ("from={week_ago}&to={then}", 100),
    "a code without index, all that a page looks at": ("status=418&method=OTHER", 1000),
    "such a code of a route": ("status=418&endpoint=/api/v1/things-8/%7Bid%7D/&method=OTHER", 1000),
}


def measure(folder: Path) -> list[Figure]:
    """The 95th percentile of answers in milliseconds, and what raw rows do to it."""
    rows = int(os.environ.get("BENCH_RAW_ROWS", RAW_ROWS))
    with open_database(folder) as database:
        _fill_rollups(database)
        with open_app("house", database, folder) as app, requests.Session() as session:
            _sign_in(session, app, database)
            bare = _answers(session, app.url + ANALYTICS)
            _fill_rows(database, rows)
            full = _answers(session, app.url + ANALYTICS)
            figures = [
                at_most("analytics, p95: 100 M requests in rollups, no raw row", p95_of(bare), 100, "ms"),
                at_most(f"the same with {rows / 1e6:g} M raw rows", p95_of(full), 100, "ms"),
                # The server still writes out and vacuums what was made just now: that is in the p95.
                at_most("the second of the first, by their medians", median(full) / median(bare), 1.3),
            ]
            return figures + _measure_spans(session, app, database) + _measure_log(session, app, database)


def _measure_spans(session: requests.Session, app: App, database: Database) -> list[Figure]:
    urls = {days: f"{app.url}{ANALYTICS}?from={_ago(database, days)}" for days in SPANS}
    return [
        at_most(f"analytics of {days} days, p95", p95_of(_answers(session, urls[days], SPAN_CALLS)), bar, "ms")
        for days, bar in SPANS.items()
    ]


def _measure_log(session: requests.Session, app: App, database: Database) -> list[Figure]:
    words = {"somebody": database.one(SOMEBODY), "week_ago": _ago(database, 7), "then": _ago(database, 6)}
    return [
        at_most(
            f"request log, p95: {name}", p95_of(_answers(session, f"{app.url}{LOGS}?{text.format(**words)}")), bar, "ms"
        )
        for name, (text, bar) in FILTERS.items()
    ]


def _fill_rollups(database: Database) -> None:
    for table, days in (("request_log", RAW_DAYS), ("request_minutes", 7)):
        database.rows(PARTITIONS, table, days)
    for statement in (SHAPES, HOURS, MINUTES, MARKS, "ANALYZE"):
        database.rows(statement.replace("%", "%%"))  # the driver reads a percent sign as a parameter


def _fill_rows(database: Database, rows: int) -> None:
    for day in reversed(range(RAW_DAYS)):
        database.rows(ROWS.format(rows=rows // RAW_DAYS, day=day).replace("%", "%%"))
    database.rows("ANALYZE request_log")


def _ago(database: Database, days: int) -> str:
    text: str = database.one("SELECT to_char(now() - %s * interval '1 day', 'YYYY-MM-DD\"T\"HH24:MI\"Z\"')", days)
    return text


def _sign_in(session: requests.Session, app: App, database: Database) -> None:
    account = {"email": "bench@example.com", "password": "correct horse battery"}
    session.post(app.url + "/register", json=account, timeout=30).raise_for_status()
    database.rows("UPDATE app_users SET is_staff = true")
    token = session.post(app.url + "/login", json=account, timeout=30).json()["token"]
    session.headers["Authorization"] = f"Bearer {token}"


def p95_of(times: list[float]) -> float:
    """The 95th percentile of times in order."""
    return times[int(len(times) * 0.95)]


def _answers(session: requests.Session, url: str, calls: int = CALLS) -> list[float]:
    """The times of answers in milliseconds, in order, once every worker's connections have seen the statement."""
    taken = []
    for _ in range(calls + calls // 3):
        started = perf_counter()
        session.get(url, timeout=60).raise_for_status()
        taken.append(1000 * (perf_counter() - started))
    return sorted(taken[calls // 3 :])
