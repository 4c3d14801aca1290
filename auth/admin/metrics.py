"""/admin/health/metrics/: hosts, our own processes, requests, the database and the broker over time."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from auth.admin.staff import Room, room_page
from auth.figures.charts import HOST, SUBJECTS, Chart, chart_processes, chart_subject
from auth.figures.store import read_requests, read_subjects
from auth.hosts.span import Span, span_of
from auth.hosts.store import read_hosts
from auth.http.body import Query
from auth.sign_in import Caller
from common.clock import utc_now

routes = Room()

# How far back, in words and seconds, and the step that makes a chart of it that can still be read.
TIMES = {
    "hour": ("The last hour", 3_600, 60),
    "day": ("The last day", 86_400, 600),
    "week": ("The last week", 7 * 86_400, 3_600),
    "month": ("The last 30 days", 30 * 86_400, 6 * 3_600),
    "year": ("The last year", 365 * 86_400, 3 * 86_400),
}


class MetricsFilter(Query):
    """How far back, and which host: all, when none is named."""

    time: Literal["hour", "day", "week", "month", "year"] = "hour"
    host: Annotated[str, Field(max_length=255)] = ""


@routes.show("/admin/health/metrics/", query=MetricsFilter)
def show_metrics(caller: Caller, query: MetricsFilter) -> Any:
    """What is measured of hosts and of this house, drawn and in figures."""
    _, seconds, step = TIMES[query.time]
    now = utc_now()
    span = span_of(now - timedelta(seconds=seconds), now, step, now)
    hosts = read_hosts(span)
    return room_page(
        "metrics.html",
        caller,
        times=TIMES,
        filter=query,
        hosts=[host for host, _ in hosts],
        sections=[*_host_sections(hosts, query.host), *_house_sections(span)],
    )


def _host_sections(hosts: list[tuple[str, list[dict[str, Any]]]], wanted: str) -> list[tuple[str, list[Chart]]]:
    return [
        (f"Host {host}", chart_subject([_with_seconds(point) for point in points], HOST))
        for host, points in hosts
        if wanted in {"", host}
    ]


def _house_sections(span: Span) -> list[tuple[str, list[Chart]]]:
    subjects = {**read_subjects(span), "requests": read_requests(span)}
    charted = [(title, chart_subject(subjects.get(subject, []), drawings)) for title, subject, drawings in SUBJECTS]
    sections = [("Our processes", chart_processes(subjects)), *charted]
    return [(title, charts) for title, charts in sections if charts]


def _with_seconds(point: dict[str, Any]) -> dict[str, Any]:
    return {**point, "at": datetime.fromisoformat(str(point["at"])).timestamp()}
