"""The trials of `test-monitoring`: each looks at one piece from outside, and tells what it saw or what is wrong."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from statistics import median

from collector.alerting.evaluation import find
from collector.auth import read_page
from collector.commands.library_trials import LIBRARY_TRIALS
from collector.commands.trial import Bench, Trial, TrialFailed, read_health
from collector.figures.request_hours import last_closed
from common.clock import utc_now
from sql import statements
from sql.engine import run_once, transaction

PATHS = (
    "/livez",
    "/readyz",
    "/health/",
    "/health/api/overview/",
    "/health/api/endpoints/",
    "/health/api/maintenance/",
    "/health/status-page/",
    "/health/status-page-api/",
    "/health/feed.atom",
    "/metrics",
)
SLOWEST = {"/livez": 0.1, "/readyz": 0.2, "/": 0.5, "/health/": 0.3, "/health/status-page/": 0.5, "/docs": 0.5}
SLOWEST_STATEMENT = 0.1
TRIES = 5
COLLECTOR_SECONDS = 60
MINUTES_SECONDS = 180
JOURNAL_SECONDS = 60
ROLLED_UP_AFTER = timedelta(minutes=5)
ROLLED_UP_SPAN = timedelta(hours=24)

sql = statements.load("figures")
outbox = statements.load("outbox")
rollups = statements.load("request_rollups")


def look_at_system(bench: Bench) -> str:
    """The house says itself that it is up; a part of it that fails is told."""
    told = read_health(bench)
    failing = [f"{name} {part['status']}" for name, part in told.items() if isinstance(part, dict)]
    return ", ".join([told["status"], *(one for one in failing if one.split()[1] in ("failing", "silent"))])


def look_at_collecting(bench: Bench) -> str:
    """A collector beats, and what it measures arrives."""
    ages = run_once(bench.engine, sql.read_collecting)[0]
    names, limits = ("heartbeat", "host", "figures"), (COLLECTOR_SECONDS, MINUTES_SECONDS, MINUTES_SECONDS)
    late = [name for name, age, limit in zip(names, ages, limits, strict=True) if age is None or age > limit]
    if late:
        raise TrialFailed(f"nothing new of {', '.join(late)}")
    return ", ".join(f"{name} {age:.0f} s ago" for name, age in zip(names, ages, strict=True))


def look_at_logins(bench: Bench) -> str:
    """Every sign-in is noted with its account."""
    sign_ins, untracked = run_once(bench.engine, sql.count_sign_ins)[0]
    if untracked:
        raise TrialFailed(f"{untracked} of {sign_ins} sign-ins are not noted with their account")
    return f"{sign_ins} in 24 hours"


def look_at_errors(bench: Bench) -> str:
    """Journals are read, and so is the error rate known."""
    age, lag, requests, errors = run_once(bench.engine, sql.read_error_rate)[0]
    if age is None or max(age, lag) > JOURNAL_SECONDS:
        raise TrialFailed(
            "no collector reads the journal" if age is None else f"the journal is {age + lag:.0f} s behind"
        )
    return f"{100 * errors / requests if requests else 0:.2f} % of {requests} requests in an hour"


def look_at_rollups(bench: Bench) -> str:
    """Every hour that is closed for a while is added up, with all that came to it."""
    last = last_closed(utc_now() - ROLLED_UP_AFTER)
    since = last - ROLLED_UP_SPAN
    due = run_once(bench.engine, rollups.list_due_hours, dirty_since=since, missing_since=since, last=last)
    if due:
        raise TrialFailed(f"{len(due)} hours wait to be rolled up, from {due[0][0]:%Y-%m-%d %H:%M} UTC on")
    return f"no hour waits up to {last:%H:%M} UTC"


def look_at_path(path: str, bench: Bench) -> str:
    """It answers, and as it should."""
    page = read_page(bench.settings, path)
    if page.status != 200:
        raise TrialFailed(f"answers {page.status}")
    return f"{page.status}, {len(page.body):,} characters"


def look_at_alerts(bench: Bench) -> str:
    """Every rule is asked; nothing is opened, and nobody told."""
    with transaction(bench.engine) as connection:
        findings = find(connection, bench.settings, utc_now())
    broken = sorted({finding.rule for finding in findings if finding.is_broken})
    return f"{len(findings)} findings, broken: {', '.join(broken) or 'none'}"


def look_at_channels(bench: Bench) -> str:
    """What is to be told goes out."""
    waiting, oldest = run_once(bench.engine, outbox.count_queued_messages, channel="notification")[0]
    if oldest > 600:
        raise TrialFailed(f"the oldest of {waiting} messages has waited {oldest:.0f} s")
    return f"{waiting} messages wait"


def time_path(path: str, bench: Bench) -> str:
    """The median of some answers is fast enough."""

    def ask() -> None:
        look_at_path(path, bench)

    return _judge(_time(ask), SLOWEST[path])


def time_statement(bench: Bench) -> str:
    """So is a statement's."""
    return _judge(_time(lambda: run_once(bench.engine, sql.read_collecting)), SLOWEST_STATEMENT)


def _time(act: Callable[[], object]) -> float:
    return median(_seconds_of(act) for _ in range(TRIES))


def _seconds_of(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _judge(seconds: float, limit: float) -> str:
    told = f"{1000 * seconds:.1f} ms, at most {1000 * limit:.0f} ms"
    if seconds > limit:
        raise TrialFailed(told)
    return told


TRIALS: tuple[Trial, ...] = (
    Trial("metrics", "System Health", look_at_system),
    Trial("metrics", "Metrics Collector", look_at_collecting),
    *LIBRARY_TRIALS,
    Trial("metrics", "User Login Tracking", look_at_logins),
    Trial("metrics", "Error Rate Tracking", look_at_errors),
    Trial("metrics", "Request Rollups", look_at_rollups),
    *(Trial("endpoints", path, partial(look_at_path, path)) for path in PATHS),
    Trial("alerts", "Alert Rules", look_at_alerts),
    Trial("alerts", "Notifications", look_at_channels),
    *(Trial("performance", f"Response time of {path}", partial(time_path, path)) for path in SLOWEST),
    Trial("performance", "Response time of the database", time_statement),
)


def chosen(groups: set[str]) -> Iterator[Trial]:
    """The trials of these groups, or all."""
    return (trial for trial in TRIALS if not groups or trial.group in groups)
