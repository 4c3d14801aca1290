"""Each monitor, cached and not, at 1,000,000 loans, 100,000 books and 100,000 people, with a year of analytics."""

from pathlib import Path
from statistics import median
from time import perf_counter

import psycopg2
import requests

from bench.analytics import PARTITIONS, ROWS
from bench.report import Figure, at_most
from bench.stage import App, open_app, open_database
from tests.support.databases import Database

MONITOR = "/api/analytics/monitor/"
MODELS = ("system", "users", "books", "loans", "analytics")
COLD_CALLS = 15
WARM_CALLS = 60
RAW_DAYS = 10
RAW_ROWS = 1_000_000
# Without checks of foreign keys and other triggers: what stands here is right, and to be made within a minute.
FILL = """
SET session_replication_role = replica;
INSERT INTO app_users (email, password_hash, first_name, last_name, role, is_active, email_verified, identity_verified,
    professional_verified, last_login_at)
SELECT 'reader-' || n || '@example.com', repeat('h', 97), 'Reader', 'Number ' || n,
    CASE WHEN n % 100 = 0 THEN 'librarian' WHEN n % 10 = 0 THEN 'teacher' ELSE 'student' END, n % 50 <> 0, n % 3 <> 0,
    n % 4 <> 0, n % 20 = 0, CASE WHEN n % 7 <> 0 THEN now() - (n * 7919 % 90) * interval '1 day' END
FROM generate_series(1, 100000) n;
INSERT INTO books (title, author, category, copies_total, copies_available, copies_lent, borrows, returns,
    lent_seconds, deleted_at)
SELECT 'Title of a book, number ' || n, 'Author ' || n % 5000, 'Category ' || n % 60,
    3, 3 - lent, lent, 9 + lent + n * 7919 % 13, 9 + n * 7919 % 13, 8640000, CASE WHEN n > 99900 THEN now() END
FROM generate_series(1, 100000) n, LATERAL (SELECT (n <= 50000)::int AS lent) l;
INSERT INTO book_words (book_id, words)
SELECT id, to_tsvector('simple', title || ' ' || author) FROM books WHERE deleted_at IS NULL;
INSERT INTO book_views (book_id, views) SELECT id, id * 7919 % 10007 FROM books WHERE id % 10 <> 0;
INSERT INTO loans (user_id, book_id, role, status, borrowed_at, due_at, returned_at)
SELECT u.id, 1 + n % 100000, u.role, 'returned', made.at, made.at + interval '14 days', made.at + interval '10 days'
FROM generate_series(1, 950000) n
JOIN app_users u ON u.number = 1 + n * 31 % 100000,
    LATERAL (SELECT now() - interval '11 days' - (950000 - n) * interval '31 seconds' AS at) made;
INSERT INTO loans (user_id, book_id, role, status, borrowed_at, due_at, overdue_at)
SELECT u.id, n, u.role, CASE WHEN late THEN 'overdue' ELSE 'active' END, due.at - interval '30 days', due.at,
    CASE WHEN late THEN now() END
FROM generate_series(1, 50000) n
JOIN app_users u ON u.number = 1 + n * 31 % 100000,
    LATERAL (SELECT n % 8 = 0 AS late) l,
    LATERAL (SELECT now() + CASE WHEN late THEN -n ELSE n END * interval '50 seconds' AS at) due;
INSERT INTO reservations (book_id, user_id) SELECT n, id FROM generate_series(1, 2000) n JOIN app_users ON number = n;
INSERT INTO request_hours (hour, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx,
    request_bytes, response_bytes, duration_us, bins, counts)
SELECT date_trunc('hour', now()) - h * interval '1 hour', endpoint, method, 190, 190, 0, 0, 0, 0, 0, 1900000,
    array_fill(1, ARRAY[80]), array_fill(2, ARRAY[80])
FROM generate_series(1, 365 * 24) h, (
    SELECT '' AS endpoint, '' AS method
    UNION ALL
    SELECT '/api/v1/things-' || r || '/', 'GET' FROM generate_series(1, 20) r
) route;
INSERT INTO request_minutes (minute, host, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx,
    request_bytes, response_bytes, duration_us, bins, counts)
SELECT date_trunc('minute', now()) - n * interval '1 minute', host, endpoint, method, 190, 190, 0, 0, 0, 0, 0, 1900000,
    array_fill(1, ARRAY[20]), array_fill(2, ARRAY[20])
FROM generate_series(0, 1440) n, unnest(ARRAY['web-1', 'web-2']) host, (
    SELECT '' AS endpoint, '' AS method
    UNION ALL
    SELECT '/api/v1/things-' || r || '/', 'GET' FROM generate_series(1, 60) r
) route;
INSERT INTO journal_hours (hour, host, lines, probes)
SELECT date_trunc('hour', now()) - n * interval '1 hour', 'web-1', 1000, 0 FROM generate_series(0, 720) n;
INSERT INTO figures (subject, figure, at, value)
SELECT 'library', figure, date_trunc('minute', now()) - n * interval '1 minute', 10
FROM generate_series(0, 180) n, unnest(ARRAY[
    'db_queries', 'db_query_seconds', 'cache_operations', 'cache_seconds', 'cache_reads', 'cache_hits'
]) figure
"""


def measure(folder: Path) -> list[Figure]:
    """The median of answers in milliseconds, when nothing is kept and when all is."""
    with open_database(folder) as database:
        _fill(database)
        with open_app("house", database, folder) as app, requests.Session() as session:
            _sign_in(session, app, database)
            kept = folder / "house-data" / "cache"
            figures = []
            for model in MODELS:
                cold = [_answer(session, app, model, kept) for _ in range(COLD_CALLS)]
                warm = [_answer(session, app, model) for _ in range(WARM_CALLS)]
                figures.append(at_most(f"{model}, with nothing kept, median", median(cold), 50, "ms"))
                figures.append(at_most(f"{model}, kept, median", median(warm), 5, "ms"))
            return figures


def _fill(database: Database) -> None:
    database.rows(PARTITIONS, "request_log", RAW_DAYS)
    database.rows(PARTITIONS, "request_minutes", 2)
    connection = psycopg2.connect(database.server.superuser_url(database.name))
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in FILL.split(";\n"):
            cursor.execute(statement)
        for day in range(RAW_DAYS):
            cursor.execute(ROWS.format(rows=RAW_ROWS // RAW_DAYS, day=day))
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def _sign_in(session: requests.Session, app: App, database: Database) -> None:
    account = {"email": "bench@example.com", "password": "correct horse battery"}
    session.post(app.url + "/register", json=account, timeout=30).raise_for_status()
    database.rows("UPDATE app_users SET is_staff = true WHERE email = 'bench@example.com'")
    token = session.post(app.url + "/login", json=account, timeout=30).json()["token"]
    session.headers["Authorization"] = f"Bearer {token}"


def _answer(session: requests.Session, app: App, model: str, kept: Path | None = None) -> float:
    """Milliseconds of an answer; where it is kept is emptied before."""
    for path in kept.iterdir() if kept else ():
        path.unlink()
    started = perf_counter()
    session.get(f"{app.url}{MONITOR}{model}/", timeout=60).raise_for_status()
    return 1000 * (perf_counter() - started)
