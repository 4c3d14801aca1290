"""The status page with 500 services and 90 days: made anew, and from its snapshot beside a bare view of its bytes."""

import gzip
from pathlib import Path
from statistics import median
from time import perf_counter

import requests

from bench.report import Figure, at_most
from bench.stage import App, open_app, open_database
from tests.support.databases import Database

SERVICES = 500
MADE = 15
ROUNDS = 7
CALLS = 60
PATH = "/health/status-page/"
FILL = """
INSERT INTO endpoints (name, url, group_name, position)
    SELECT 'Service ' || n, 'https://service-' || n || '.example.com/', 'Group ' || n / 25, n
    FROM generate_series(1, {n}) n;
INSERT INTO endpoint_states (endpoint_id, state, since, valid_until, last_checked_at, last_outcome, last_duration_ms,
        track)
    SELECT id, CASE id % 50 WHEN 0 THEN 'major_outage' WHEN 1 THEN 'degraded' ELSE 'operational' END,
        now() - interval '1 day', now() + interval '1 day', now(), 'operational', random() * 300, '{{}}' FROM endpoints;
INSERT INTO endpoint_figures (endpoint_id, uptime_24h, uptime_7d, uptime_30d, uptime_90d, coverage_24h, coverage_7d,
        coverage_30d, coverage_90d, days, response_avg_24h_ms, response_p95_24h_ms, measured_at)
    SELECT id, 99 + random(), 99 + random(), 99 + random(), 99 + random(), 100, 100, 100, 99, days.letters,
        random() * 300, random() * 900, now() + interval '1 hour'
    FROM endpoints e CROSS JOIN LATERAL (
        SELECT string_agg(
            CASE WHEN random() < 0.9 THEN 'o' ELSE substr('dpmwu', 1 + floor(random() * 5)::int, 1) END, ''
        ) AS letters
        FROM generate_series(1, 90) day WHERE e.id > day * 0
    ) days;
INSERT INTO state_intervals (endpoint_id, state, began_at, ended_at)
    SELECT e.id, CASE WHEN n % 2 = 0 THEN 'operational' ELSE 'major_outage' END, now() - (20 - n) * interval '4 hours',
        CASE WHEN n < 19 THEN now() - (19 - n) * interval '4 hours' END
    FROM endpoints e, generate_series(0, 19) n;
INSERT INTO request_minutes
    SELECT minute, 'host-' || n, route, '', 100, 90, 0, 5, 5, 0, 0, 1000000, '{{1,2,3}}', '{{50,40,10}}'
    FROM generate_series(1, 2) n, (SELECT '' AS route UNION SELECT '/' || n FROM generate_series(1, 60) n) routes,
        generate_series(date_trunc('minute', now() - interval '1 day'), now(), interval '1 minute') minute;
INSERT INTO host_metrics
    SELECT 'host-' || n, at, 6, 50, 1, 50, 1, 1, 1, 1, 1
    FROM generate_series(1, 3) n, generate_series(now() - interval '1 day', now(), interval '1 minute') at;
INSERT INTO incidents (title, status, impact, endpoint_id, started_at, resolved_at)
    SELECT 'Service ' || id || ' is down', 'resolved', 'major_outage', id, now() - interval '2 days',
        now() - interval '1 day'
    FROM endpoints ORDER BY id LIMIT 20;
INSERT INTO incident_updates (incident_id, status, message)
    SELECT id, 'resolved', 'It answers again.' FROM incidents;
INSERT INTO maintenance (title, starts_at, ends_at, rrule, is_for_all)
    SELECT 'Weekly ' || n, now() - interval '20 days', now() - interval '20 days' + interval '1 hour', 'FREQ=WEEKLY',
        true
    FROM generate_series(1, 5) n;
"""
# A tenth of the services was measured anew since the last time.
MEASURE = "UPDATE endpoint_figures SET response_avg_24h_ms = 300 * random() WHERE random() < 0.1"


def measure(folder: Path) -> list[Figure]:
    """Milliseconds of an answer and its size, and how both compare with a view that returns the same bytes."""
    with open_database(folder) as database:
        _fill(database)
        with open_app("house", database, folder) as app, requests.Session() as session:
            kept = folder / "house-data" / "status" / "snapshot"
            page = _time(session, app.url + PATH)[1]
            (folder / "same-bytes").write_bytes(gzip.compress(page.content, 6, mtime=0))
            made = []
            for _ in range(MADE):
                database.rows(MEASURE)
                kept.unlink(missing_ok=True)
                made.append(_time(session, app.url + PATH)[0])
            with open_app("bare_bytes", database, folder, BENCH_BYTES=str(folder / "same-bytes")) as bare:
                served, plain = _compare(session, app, bare)
            facts = session.get(app.url + "/health/status-page-api/", timeout=30)
    return [
        at_most(f"the page of {SERVICES} services and 90 days, made anew", median(made) * 1000, 50, "ms"),
        at_most("the same from its snapshot", served * 1000, 5, "ms"),
        at_most("the same from its snapshot: of a bare view of these bytes", served / plain, 3),
        at_most("its size, packed", _size(page) / 1000, 60, "kB"),
        at_most("its JSON's size, packed", _size(facts) / 1000, 60, "kB"),
    ]


def _fill(database: Database) -> None:
    database.rows("SELECT make_partitions(now())")
    for statement in FILL.format(n=SERVICES).split(";\n"):
        if statement.strip():
            database.rows(statement.replace("%", "%%"))  # the driver reads a percent sign as a parameter
    database.rows("ANALYZE")


def _compare(session: requests.Session, app: App, bare: App) -> tuple[float, float]:
    """Median latencies of the page from its snapshot and of the bare view, in interleaved rounds."""
    served, plain = [], []
    for _ in range(ROUNDS):
        session.get(app.url + PATH, timeout=30)
        served += [_time(session, app.url + PATH)[0] for _ in range(CALLS)]
        plain += [_time(session, bare.url + "/bytes")[0] for _ in range(CALLS)]
    return median(served), median(plain)


def _time(session: requests.Session, url: str) -> tuple[float, requests.Response]:
    started = perf_counter()
    answer = session.get(url, timeout=30)
    taken = perf_counter() - started
    answer.raise_for_status()
    return taken, answer


def _size(answer: requests.Response) -> int:
    return int(answer.headers["Content-Length"])
