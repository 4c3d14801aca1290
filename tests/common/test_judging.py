"""Which figures are alerts: properties that hold for any figure and threshold."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.judging import judge_books, judge_loans, judge_part, judge_requests, judge_users, status_of
from common.settings import read
from common.thresholds import Breach, Thresholds

Judge = Callable[[float, Thresholds], list[Breach]]

USUAL = read(Thresholds, {})
QUIET = {
    "requests": 20,
    "api_requests": 20,
    "error_rate": 0.0,
    "avg_api_response": None,
    "queries_per_request": None,
    "cache_hits": None,
    "cache_reads": 0,
}
percents = st.floats(0, 100).map(lambda value: round(value, 2))


def of_requests(**figures: float) -> Mapping[str, Any]:
    return {**QUIET, **figures}


ABOVE: dict[str, tuple[str, Judge]] = {
    "pending_verifications": (
        "alert_pending_verifications",
        lambda value, thresholds: judge_users({"pending_rate": value}, thresholds),
    ),
    "overdue_rate": (
        "alert_overdue_rate",
        lambda value, thresholds: judge_loans({"overview": {"overdue_rate": value}}, thresholds),
    ),
    "error_rate": (
        "alert_error_rate",
        lambda value, thresholds: judge_requests(of_requests(error_rate=value), thresholds),
    ),
    "response_time": (
        "alert_response_ms",
        lambda value, thresholds: judge_requests(of_requests(avg_api_response=value / 1000), thresholds),
    ),
    "queries_per_request": (
        "alert_queries_per_request",
        lambda value, thresholds: judge_requests(of_requests(queries_per_request=value), thresholds),
    ),
}
BELOW: dict[str, tuple[str, Judge]] = {
    "availability_rate": (
        "alert_availability",
        lambda value, thresholds: judge_books({"overview": {"total_books": 7, "availability_rate": value}}, thresholds),
    ),
    "cache_hits": (
        "alert_cache_hits",
        lambda value, thresholds: judge_requests(of_requests(cache_hits=value, cache_reads=100), thresholds),
    ),
}


@pytest.mark.parametrize("metric", ABOVE)
@given(value=percents, threshold=st.integers(1, 100))
def test_more_than_the_threshold_is_an_alert_and_twice_as_much_a_critical_one(
    metric: str, value: float, threshold: int
) -> None:
    setting, judge = ABOVE[metric]
    breaches = judge(value, replace(USUAL, **{setting: threshold}))
    if value <= threshold:
        assert (breaches, status_of(breaches)) == ([], "healthy")
    else:
        assert told(breaches) == (metric, value, threshold, "critical" if value >= 2 * threshold else "warning")


@pytest.mark.parametrize("metric", BELOW)
@given(value=percents, threshold=st.integers(0, 100))
def test_less_than_the_threshold_is_an_alert_and_half_of_it_a_critical_one(
    metric: str, value: float, threshold: int
) -> None:
    setting, judge = BELOW[metric]
    breaches = judge(value, replace(USUAL, **{setting: threshold}))
    if value >= threshold:
        assert (breaches, status_of(breaches)) == ([], "healthy")
    else:
        assert told(breaches) == (metric, value, threshold, "critical" if 2 * value <= threshold else "warning")


def told(breaches: list[Breach]) -> tuple[str, float, float, str]:
    """The only breach, which says both numbers and is as severe as the status."""
    [breach] = breaches
    assert f"{breach.value:g} " in breach.message
    assert breach.message.endswith(tuple(f"{breach.threshold:g}{unit}" for unit in ("", " %", " ms")))
    assert status_of(breaches) == breach.severity
    return breach.metric, breach.value, breach.threshold, breach.severity


def test_nothing_that_nobody_measured_is_an_alert() -> None:
    empty = {"overview": {"total_books": 0, "availability_rate": 0.0}}
    assert judge_requests(QUIET, USUAL) + judge_books(empty, USUAL) == []


@given(reads=st.integers(1, 99), hits=percents)
def test_a_cache_that_is_hardly_read_is_no_alert(reads: int, hits: float) -> None:
    assert judge_requests(of_requests(cache_hits=hits, cache_reads=reads), USUAL) == []


@given(requests=st.integers(0, 19), value=percents)
def test_few_requests_are_no_alert(requests: int, value: float) -> None:
    averages = {"error_rate": value, "avg_api_response": value, "queries_per_request": value}
    figures = of_requests(requests=requests, api_requests=requests, **averages)
    assert judge_requests(figures, replace(USUAL, alert_error_rate=0, alert_queries_per_request=1)) == []


@given(pages=st.integers(0, 10**6), requests=st.integers(0, 19))
def test_few_requests_of_the_api_are_no_alert_however_many_pages_there_were(pages: int, requests: int) -> None:
    figures = of_requests(requests=pages + requests, api_requests=requests, avg_api_response=60.0)
    assert judge_requests(figures, USUAL) == []


@given(failed=st.lists(st.sampled_from(["database", "cache"]), unique=True))
def test_a_part_that_fails_is_critical(failed: list[str]) -> None:
    breaches = [breach for part in ("database", "cache") for breach in judge_part(part, is_failing=part in failed)]
    assert sorted(breach.metric for breach in breaches) == sorted(failed)
    assert status_of(breaches) == ("critical" if failed else "healthy")


@given(severities=st.lists(st.sampled_from(["warning", "critical"])))
def test_the_worst_is_the_status(severities: list[Any]) -> None:
    breaches = [Breach(severity, "any", 1.0, 1.0, "") for severity in severities]
    worst = max(severities, key=["warning", "critical"].index, default="healthy")
    assert status_of(breaches) == worst
