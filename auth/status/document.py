"""The status page as JSON: the same facts, for programs."""

from typing import Any

import orjson

from auth.status.day import FIGURES, STEP_SECONDS, Day
from auth.status.services import HEADLINES, Service
from auth.status.standing import Standing
from auth.status.works import Work


def print_facts(standing: Standing) -> bytes:
    """All but what depends on when it is asked for."""
    look = standing.look
    return orjson.dumps(
        {
            "title": look.title,
            "description": look.description,
            "status": standing.state,
            "headline": HEADLINES[standing.state],
            "services": {"total": len(standing.services), "operational": standing.operational},
            "groups": [
                {
                    "name": group.name,
                    "status": group.state,
                    "services": [_service(standing, service) for service in group.services],
                }
                for group in standing.groups
            ],
            "incidents": {"open": standing.open_incidents, "past": standing.past_incidents},
            "maintenance": [_work(work) for work in standing.works],
            "last_24h": _day(standing),
            "refresh_seconds": look.refresh_seconds,
        }
    )


def finish(facts: bytes, updated_at: str, age_seconds: int = 0) -> bytes:
    """The whole answer: `updated_at` is when the facts last changed, the age is 0 while they can be renewed."""
    tail = {"updated_at": updated_at, "is_stale": age_seconds > 0, "age_seconds": age_seconds}
    return facts[:-1] + b"," + orjson.dumps(tail)[1:]


def facts_of(document: bytes) -> bytes:
    """What `finish` was given."""
    return document[: document.rindex(b',"updated_at":')] + b"}"


def _service(standing: Standing, service: Service) -> dict[str, Any]:
    look = standing.look
    return {
        "id": service.id,
        "name": service.name,
        "status": service.state,
        "since": service.since,
        "uptime": service.uptime | _coverage(service) if look.shows_uptime else None,
        "days": service.days if look.shows_uptime else None,
        "response_ms": service.response_ms if look.shows_response_times else None,
        "last_checked_at": service.last_checked_at,
    }


def _coverage(service: Service) -> dict[str, float | None]:
    """How much of the time was watched; `coverage` alone is that of 24 hours, as everywhere in the API."""
    return {"coverage" if window == "24h" else f"coverage_{window}": part for window, part in service.coverage.items()}


def _work(work: Work) -> dict[str, Any]:
    return {
        "id": work.plan_id,
        "title": work.title,
        "description": work.description,
        "services": work.services,
        "begins_at": work.occurrence.begins_at,
        "ends_at": work.occurrence.ends_at,
        "is_running": work.is_running,
        "is_recurring": work.is_recurring,
    }


def _day(standing: Standing) -> dict[str, Any]:
    day, shown = standing.day, shown_figures(standing)
    return {
        "averages": {figure: day.average(figure) for figure in shown},
        "since": day.since,
        "step_seconds": int(STEP_SECONDS),
        "series": {figure: day.series(figure) for figure in shown},
    }


def shown_figures(standing: Standing) -> list[str]:
    """The day's figures that the page's settings let be seen."""
    hidden = set()
    if not standing.look.shows_uptime:
        hidden.add("uptime")
    if not standing.look.shows_response_times:
        hidden.add("response_ms")
    return [figure for figure in FIGURES if figure not in hidden]


def graph_data(day: Day, figures: list[str]) -> str:
    """The day's series for the page's graphs, safe within a script element."""
    data = {"since": int(day.since.timestamp()), "step": int(STEP_SECONDS)}
    return orjson.dumps({**data, **{figure: day.series(figure) for figure in figures}}).decode()
