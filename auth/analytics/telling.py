"""What the counts of requests are told as: rates, averages and names. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from auth.analytics.schemas import AnalyticsView, HourView, RouteView, SummaryView
from auth.analytics.window import MINUTE, Window

TOP = 10
CLASSES = ("2xx", "3xx", "4xx", "5xx")

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Counts:
    """What the database counted for the analytics view."""

    day: Facts
    week: int
    minute: int
    whole: Facts
    steps: Sequence[Facts]
    routes: Sequence[Facts]
    quantiles: Sequence[float | None]


def tell(counts: Counts, window: Window, shares: Iterable[float], now: datetime) -> AnalyticsView:
    """The analytics view."""
    routes = [_tell_route(route) for route in counts.routes]
    methods: Counter[str] = Counter()
    for route in routes:
        methods[route.method] += route.count
    return AnalyticsView(
        since=window.since,
        until=window.until,
        step=int(window.step.total_seconds()),
        summary=_summarise(counts, window, now),
        hourly=_tell_steps(window, counts.steps),
        top_endpoints=routes[:TOP],
        endpoints=routes,
        status_codes={name: counts.whole[f"status_{name}"] for name in CLASSES},
        percentiles={name_of(share): rounded(value) for share, value in zip(shares, counts.quantiles, strict=True)},
        methods=dict(methods.most_common()),
        updated_at=now,
    )


def _summarise(counts: Counts, window: Window, now: datetime) -> SummaryView:
    whole = counts.whole
    rate = counts.minute / MINUTE.total_seconds()
    if window.is_asked:
        rate = whole["requests"] / max((min(window.until, now) - window.since).total_seconds(), 1)
    return SummaryView(
        requests_24h=counts.day["requests"],
        requests_7d=counts.week,
        errors_24h=counts.day["errors"],
        error_rate=percent(whole["status_5xx"], whole["requests"]),
        avg_response_ms=rounded(whole["average_ms"]),
        requests_per_second=round(rate, 3),
    )


def _tell_steps(window: Window, steps: Iterable[Facts]) -> list[HourView]:
    """Every step of the window; those without requests are not in the database."""
    found = {datetime.fromtimestamp(step["at"], UTC): step for step in steps}
    nothing = {"requests": 0, "errors": 0}
    return [
        HourView(hour=start, requests=step["requests"], errors=step["errors"])
        for start in window.starts
        for step in (found.get(start, nothing),)
    ]


def _tell_route(route: Facts) -> RouteView:
    return RouteView(
        endpoint=route["endpoint"],
        method=route["method"],
        count=route["requests"],
        avg_ms=rounded(route["average_ms"]),
        errors=route["errors"],
        error_rate=percent(route["errors"], route["requests"]),
    )


def percent(part: int, whole: int) -> float:
    """How many of a hundred; none of none."""
    return 100 * part / whole if whole else 0.0


def rounded(milliseconds: float | None) -> float | None:
    """To the microsecond, which is as exact as times are measured."""
    return None if milliseconds is None else round(milliseconds, 3)


def name_of(share: float) -> str:
    """The name of a percentile: p99, p99.9."""
    return "p" + repr(share).removesuffix(".0")
