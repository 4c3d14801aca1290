"""/admin/analytics/: what is asked of this house, how fast it answers and what went wrong, drawn and in figures."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import ConfigDict, Field

from auth.admin.filters import EMPTY, Instant
from auth.admin.staff import Room, room_page
from auth.analytics.heat_map import HeatMap
from auth.analytics.schemas import AnalyticsView, AnalyticsWanted, LatencyStep
from auth.analytics.store import (
    list_routes,
    read_analytics,
    read_first_hour,
    read_heat_map,
    read_journal_states,
    read_latency,
)
from auth.analytics.window import Window, window_of
from auth.figures.charts import Chart, Line
from auth.http.body import Query, check
from auth.http.problems import Problem, bad_field, note
from auth.sign_in import Caller
from common.clock import utc_now

routes = Room()

REFRESH_SECONDS = 60
OWN = "own"
TIMES = {
    "day": ("The last 24 hours", None),  # what analytics tells of by default
    "week": ("The last 7 days", timedelta(days=7)),
    "month": ("The last 30 days", timedelta(days=30)),
    "quarter": ("The last 90 days", timedelta(days=90)),
}
# From which share of the requests of its time on a latency is shaded how deep.
SHADES = ((1, 0.0), (2, 0.05), (3, 0.15), (4, 0.3), (5, 0.5))


class AnalyticsFilter(Query):
    """What time, which route (a method and a path, all by default), and a percentile to ask for."""

    model_config = ConfigDict(validate_by_name=False)

    time: Literal["day", "week", "month", "quarter", "own"] = "day"
    since: Annotated[Instant, Field(alias="from")] = None
    until: Annotated[Instant, Field(alias="to")] = None
    route: Annotated[str, Field(max_length=300)] = ""
    p: Annotated[str, Field(max_length=100), EMPTY] = ""

    @property
    def endpoint(self) -> str:
        """The path of the route; empty for all."""
        return self.route.partition(" ")[2]

    @property
    def method(self) -> str | None:
        """The method of the route."""
        return self.route.partition(" ")[0] or None


@dataclass(frozen=True)
class Figures:
    """All that the page shows of a time."""

    window: Window
    view: AnalyticsView
    steps: list[LatencyStep]
    charts: list[Chart]
    heat: HeatMap


@routes.show("/admin/analytics/", query=AnalyticsFilter)
def show_analytics(caller: Caller, query: AnalyticsFilter) -> Any:
    """The figures of a time; with the fault beside its field when it cannot be read."""
    now = utc_now()
    try:
        figures = _read_figures(query, now)
    except Problem as refused:
        if refused.status != 422:
            raise
        note(refused)
        return _show(caller, query, now, None, refused)
    return _show(caller, query, now, figures)


def _show(
    caller: Caller, query: AnalyticsFilter, now: datetime, figures: Figures | None, refused: Problem | None = None
) -> Response:
    known = [f"{method} {endpoint}" for endpoint, method in list_routes()]
    return room_page(
        "analytics.html",
        caller,
        refused,
        filter=query,
        times=[*((key, words) for key, (words, _) in TIMES.items()), (OWN, "Own times")],
        known=known if query.route in {"", *known} else [query.route, *known],
        refresh_seconds=REFRESH_SECONDS,
        figures=figures,
        journals=read_journal_states(),
        first_hour=read_first_hour(),
        now=now,
        shade=shade_of,
        shades=SHADES,
    )


def _read_figures(query: AnalyticsFilter, now: datetime) -> Figures:
    window, endpoint, method = _window_of(query, now), query.endpoint, query.method
    wanted = check(AnalyticsWanted, {"p": [query.p] if query.p else []})
    steps = read_latency(window, endpoint=endpoint, method=method)
    return Figures(
        window=window,
        view=read_analytics(window, now, endpoint=endpoint, method=method, shares=wanted.shares),
        steps=steps,
        charts=chart_steps(steps, "/day" if window.step > timedelta(hours=1) else "/hour"),
        heat=read_heat_map(window, endpoint=endpoint, method=method),
    )


def _window_of(query: AnalyticsFilter, now: datetime) -> Window:
    """The time of a choice ends now, its own times where the form says. Raises Problem 422."""
    if query.time != OWN:
        back = TIMES[query.time][1]
        return window_of(now - back if back else None, None, now)
    try:
        return window_of(query.since, query.until, now)
    except ValueError as fault:
        raise bad_field(fault) from None


def chart_steps(steps: list[LatencyStep], per_step: str) -> list[Chart]:
    """How much was asked, and how long it took: two charts over the same steps."""
    moments = [step.at.timestamp() for step in steps]

    def chart(title: str, unit: str, **lines: str) -> Chart:
        return Chart(
            title, unit, moments, [Line(words, [getattr(step, f) for step in steps]) for f, words in lines.items()]
        )

    return [
        chart("Requests", per_step, requests="All", client_errors="4xx", errors="5xx"),
        chart("Latency", "ms", p50_ms="p50", p95_ms="p95", p99_ms="p99"),
    ]


def shade_of(share: float) -> int:
    """How deep a latency is shaded that this share of the requests of its time had; 0 for none."""
    return max((shade for shade, least in SHADES if share > least or share == least > 0), default=0)
