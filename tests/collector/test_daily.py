"""The house's day in figures: what is counted, which days are made up for, who is mailed, what a person reads."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.figures.report import Report, letter_of
from collector.job import Context
from collector.jobs import report_day

MakeContext = Callable[..., Context[Any]]
DAY = timedelta(days=1)
HALF_PAST = timedelta(minutes=30)  # midnight
FIGURES = "SELECT figure, subject, value FROM daily_figures WHERE day = %s"

# All of it yesterday, but for a little of today that is not to be counted.
STORY = (
    "SELECT make_partitions(now() - interval '10 days')",
    """INSERT INTO app_users (id, email, password_hash, created_at) VALUES
        ('00000000-0000-0000-0000-00000000000a', 'anna@example.com', '', current_date - interval '9 days'),
        ('00000000-0000-0000-0000-00000000000b', 'bob@example.com', '', current_date - interval '1 hour'),
        ('00000000-0000-0000-0000-00000000000c', 'cleo@example.com', '', current_date)""",
    """INSERT INTO sessions (user_id, kind, created_at, expires_at)
        SELECT id, 'api', current_date - interval '1 s', now() + interval '1 day'
        FROM app_users, generate_series(1, 3) WHERE email LIKE 'bob%%'""",
    "INSERT INTO resources (name, owner_id, created_at) SELECT 'n', id, created_at FROM app_users",
    """INSERT INTO usage_stats (user_id, action, at)
        SELECT id, 'read', current_date - interval '1 day' FROM app_users WHERE email NOT LIKE 'cleo%%'""",
    """INSERT INTO request_hours (hour, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx,
            request_bytes, response_bytes, duration_us, bins, counts)
        SELECT current_date + ago * interval '1 hour', endpoint, method, 90, 72, 0, 14, 4, 0, 0, 2700000,
            ARRAY[sketch_bin(20), sketch_bin(100)], ARRAY[85, 5]
        FROM (VALUES ('', ''), ('/', 'GET')) AS route (endpoint, method), generate_series(-10, 0) ago""",
    # an hour to which lines were added that are in its minutes only
    "INSERT INTO request_dirty_hours (hour, host) VALUES (current_date - interval '1 hour', 'anna')",
    """INSERT INTO request_minutes
        SELECT current_date - interval '1 min', host, endpoint, method, 95, 75, 0, 15, 5, 0, 0, 2850000,
            ARRAY[sketch_bin(200)], ARRAY[95]
        FROM (VALUES ('', ''), ('/', 'GET')) AS route (endpoint, method), unnest(ARRAY['anna', 'bert']) AS host""",
    "INSERT INTO endpoints (name, url) VALUES ('API', '/'), ('Docs', '/docs')",
    """INSERT INTO endpoint_days
        SELECT id, current_date - 1, 3600, 0, CASE name WHEN 'API' THEN 3600 ELSE 0 END, 0, 0 FROM endpoints""",
    """INSERT INTO endpoint_hours
        SELECT id, current_date - interval '1 hour', 60, 2, 5, 600, '{}', '{}' FROM endpoints""",
    """INSERT INTO host_metrics VALUES
        ('anna', current_date - interval '1 min', 6, 20, 1, 50, 70, 1, 0, 0, 0),
        ('anna', current_date - interval '2 min', 3, 50, 1, 50, 70, 1, 0, 0, 0),
        ('anna', current_date, 6, 99, 1, 99, 99, 9, 0, 0, 0)""",
    """INSERT INTO incidents (title, status, impact, started_at)
        SELECT 'Down', 'investigating', 'major_outage', current_date - n * interval '1 hour'
        FROM generate_series(0, 2) n""",
    """INSERT INTO books (title, category, copies_total, copies_available)
        SELECT 'Book ' || n, 'Prose', 9, 9 FROM generate_series(1, 9) n""",
    # by number: lent so many days ago, overdue and back so many hours after yesterday's end
    """INSERT INTO loans (user_id, book_id, role, status, borrowed_at, due_at, overdue_at, returned_at)
        SELECT u.id, b.id, 'student',
            CASE WHEN back IS NOT NULL THEN 'returned' WHEN late IS NOT NULL THEN 'overdue' ELSE 'active' END,
            current_date - days * interval '1 day', current_date - days * interval '1 day' + interval '1 hour',
            current_date + late * interval '1 hour', current_date + back * interval '1 hour'
        FROM (VALUES
            (1, 0.1, NULL::int, NULL::int), (2, 0.5, NULL, NULL), (3, 1, NULL, -1), (4, 2, -20, 0),
            (5, 2, -30, -25), (6, 2, -1, NULL), (7, 2, 0, NULL), (8, 0, NULL, NULL)
        ) AS lent (number, days, late, back)
        JOIN books b ON b.title = 'Book ' || number
        CROSS JOIN (SELECT id FROM app_users WHERE email LIKE 'anna%%') AS u""",
    """INSERT INTO alerts (rule, subject, severity, message, opened_at)
        VALUES ('cpu', 'host:anna', 'warning', 'hot', current_date - interval '1 hour')""",
)
TOLD = {
    ("users", ""): 2,
    ("registrations", ""): 1,
    ("active", ""): 2,
    ("logins", ""): 3,
    ("loans", ""): 3,
    ("returns", ""): 1,
    ("overdue", ""): 2,
    ("resources", ""): 2,
    ("actions", "read"): 2,
    ("requests", ""): 1000,
    ("errors", ""): 46,
    ("client_errors", ""): 156,
    ("response_avg_ms", ""): 30,
    ("response_p95_ms", ""): pytest.approx(200, rel=0.01),
    ("checks", ""): 120,
    ("checks_failed", ""): 4,
    ("slots_missed", ""): 10,
    ("uptime", ""): pytest.approx(200 / 3),
    ("uptime", "API"): 50,
    ("uptime", "Docs"): 100,
    ("cpu_percent", "host:anna"): 30,
    ("memory_percent", "host:anna"): 50,
    ("disk_percent", "host:anna"): 70,
    ("load_1m", "host:anna"): 1,
    ("incidents", ""): 2,
    ("alerts", ""): 1,
}


@pytest.fixture
def today(database: Any) -> date:
    """One day for all of a test: which sign-ins are still known, PostgreSQL says of its own."""
    found: date = database.one("SELECT (now() AT TIME ZONE 'UTC')::date")
    return found


def tell(database: Any, today: date) -> None:
    """Let it have happened."""
    day = f"date '{today}'"
    for statement in STORY:
        database.rows(f"SET timezone = 'UTC'; {statement.replace('current_date', day)}")


def tonight(today: date) -> datetime:
    """When the job runs."""
    return datetime.combine(today, datetime.min.time(), UTC) + HALF_PAST


def stored(database: Any, day: date) -> dict[tuple[str, str], float]:
    """A day's figures, with endpoints by name."""
    names = dict(database.rows("SELECT 'endpoint:' || id, name FROM endpoints"))
    return {(figure, names.get(subject, subject)): value for figure, subject, value in database.rows(FIGURES, day)}


def test_a_day_is_told_in_figures_and_what_is_missing_is_made_up_for(
    context_for: MakeContext, database: Any, today: date
) -> None:
    tell(database, today)
    context = context_for(report_day.JOB, lambda: tonight(today))
    report_day.run(context)
    report_day.run(context)
    assert stored(database, today - DAY) == TOLD
    days = database.rows("SELECT DISTINCT day FROM daily_figures ORDER BY day")
    assert days == [(today - n * DAY,) for n in range(9, 0, -1)]
    before = stored(database, today - 2 * DAY)
    assert (before["users", ""], before.get(("logins", "")), before.get(("uptime", ""))) == (1, None, None)
    assert database.one("SELECT count(*) FROM outbox") == 0


def test_a_house_without_people_has_a_day_too(context_for: MakeContext, database: Any, today: date) -> None:
    report_day.run(context_for(report_day.JOB, lambda: tonight(today)))
    assert stored(database, today - DAY)["users", ""] == 0
    assert stored(database, today - 2 * DAY) == {}


def test_the_report_is_mailed_once(context_for: MakeContext, database: Any, today: date) -> None:
    context = context_for(report_day.JOB, lambda: tonight(today), REPORT_TO="anna@example.com, bob@example.com")
    for _ in range(2):
        report_day.run(context)
    mails = database.rows("SELECT recipient, subject, body FROM outbox ORDER BY recipient")
    assert [mail[:2] for mail in mails] == [
        (f"{name}@example.com", f"Watchhouse on {(today - DAY).isoformat()}") for name in ("anna", "bob")
    ]
    assert "Users" in mails[0][2]
    assert "report_mails" not in mails[0][2]


@given(st.none() | st.integers(0, 7), st.none() | st.integers(-1, 400))
def test_days_are_made_up_for_as_far_as_they_are_kept(last_ago: int | None, first_ago: int | None) -> None:
    today = date(2026, 5, 4)
    yesterday = today - DAY
    last = None if last_ago is None else tonight(today) - last_ago * DAY
    first = None if first_ago is None else today - first_ago * DAY
    days = list(report_day.days_to_report(last, first, today))
    assert days == sorted(set(days))
    assert days[-1] == yesterday
    assert len(days) <= report_day.KEPT
    assert last is None or days[0] >= min(last.date(), yesterday)
    assert first is None or days[0] >= min(first, yesterday)
    assert not (last is None and first is None) or days == [yesterday]


def test_a_report_reads_well() -> None:
    report = Report(
        date(2026, 5, 4),
        [("users", "", 12345.0), ("uptime", "", 99.954), ("uptime", "API", 99.9), ("secret", "", 1.0)],
    )
    assert report.as_json() == {"day": "2026-05-04", "users": 12345, "uptime": {"all": 99.954, "API": 99.9}}
    subject, body = letter_of(report)
    assert subject == "Watchhouse on 2026-05-04"
    assert [line.split() for line in body.splitlines()[2:]] == [
        ["Users", "12,345"],
        ["Uptime", "99.95", "%"],
        ["Uptime,", "API", "99.90", "%"],
    ]
