"""Is the library as it should be? What its monitors show as alerts, in the same words.

But for the error rate, which has a rule of its own, over minutes; and averages of few say little: nothing is found of
them, so that the first reads of an empty cache are no alarm.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.pool import PoolProxiedConnection

from collector.alerting.finding import Finding
from collector.settings import Settings
from common.judging import (
    FEWEST_READS,
    FEWEST_REQUESTS,
    judge_books,
    judge_loans,
    judge_part,
    judge_requests,
    judge_users,
)
from common.thresholds import Breach
from sql import monitors, statements
from sql.statements import run

FAILING = 1.0  # and more: of 0 healthy, 1 warning, 2 critical
SUBJECT = "library"
NOBODY_ASKED = "Nobody asked for anything within an hour."

# The metric of a monitor's alert, the rule that tells of it, and what is said when it holds again.
WATCHED = (
    ("availability_rate", "library_availability", "Enough copies of the books are available."),
    ("overdue_rate", "library_overdue_rate", "Few of the loans are overdue."),
    ("pending_verifications", "library_pending_verifications", "Few of the accounts wait for a verification."),
    ("response_time", "library_response_time", "The API answers fast enough on average."),
    ("queries_per_request", "library_queries_per_request", "A request takes few enough queries on average."),
    ("cache_hits", "library_cache_hits", "Enough reads of the cache are hits."),
    ("cache", "library_cache", "The cache works."),
)
SHARES = ("availability_rate", "overdue_rate", "pending_verifications")  # known at any time
RULES = tuple(rule for _, rule, _ in WATCHED)

sql = statements.load("library_rules")


def find(connection: PoolProxiedConnection, settings: Settings, now: datetime) -> list[Finding]:
    """Of each figure that is known."""
    read = partial(run, connection)
    [(is_counted, reads, cache_status)] = read(sql.read_library_watch, moment=now)
    overview, requests = monitors.read_overview(read), monitors.read_requests(read)
    breaches = [
        *judge_users(overview["users"], settings),
        *judge_books(overview["books"], settings),
        *judge_loans(overview["loans"], settings),
        *judge_requests(requests, settings),
        *judge_part("cache", cache_status is not None and cache_status >= FAILING),
    ]
    known = dict.fromkeys(SHARES if cache_status is None else (*SHARES, "cache"), True)
    return judge(breaches, known | (averages_known(requests, reads) if is_counted else {}))


def averages_known(requests: Mapping[str, Any], reads: float) -> dict[str, bool]:
    """The averages of an hour that say something, and whether anybody asked: those of nobody hold."""
    counted = (
        ("response_time", requests["api_requests"], FEWEST_REQUESTS),
        ("queries_per_request", requests["requests"], FEWEST_REQUESTS),
        ("cache_hits", reads, FEWEST_READS),
    )
    return {metric: number > 0 for metric, number, fewest in counted if number >= fewest or not number}


def judge(breaches: Iterable[Breach], known: Mapping[str, bool]) -> list[Finding]:
    """A finding for each metric that is known; `known` says of each whether there was anything to judge."""
    broken = {breach.metric: breach for breach in breaches}
    return [
        _broken(rule, broken[metric])
        if metric in broken and known[metric]
        else Finding(rule, SUBJECT, False, well if known[metric] else NOBODY_ASKED)
        for metric, rule, well in WATCHED
        if metric in known
    ]


def _broken(rule: str, breach: Breach) -> Finding:
    return Finding(rule, SUBJECT, True, f"{breach.message}.", breach.severity, breach.value, breach.threshold)
