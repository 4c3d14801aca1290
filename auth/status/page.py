"""The status page as HTML, from how everything stands."""

from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import groupby
from typing import Any, NamedTuple

from flask import get_template_attribute, render_template
from markupsafe import Markup

from auth.http.numbers import round_down
from auth.status.bars import draw_bars, tell_days
from auth.status.document import graph_data, shown_figures
from auth.status.look import Look
from auth.status.services import HEADLINES, UPDATE_WORDS, WORDS, Service
from auth.status.standing import Standing
from common.maintenance import Occurrence
from common.states import State

AGE_MARK = Markup("<!--age-->")  # where the page tells its age when it cannot be renewed; no text of others can hold it
FIGURE_WORDS = {
    "uptime": "Uptime",
    "response_ms": "Response time",
    "error_rate": "Error rate",
    "cpu": "CPU",
    "memory": "Memory",
}
TILES = ("cpu", "memory", "response_ms", "error_rate")
GRAPHS = {
    "Uptime": ("uptime",),
    "Response time": ("response_ms",),
    "Error rate": ("error_rate",),
    "Host use": ("cpu", "memory"),
}
NO_FIGURE = "–"
SIGN = Markup('<svg class="sign {0}" aria-hidden="true"><use href="#sign-{0}"/></svg>')
SIGNS = {state: SIGN.format(state) for state in WORDS}
PAST_DAYS = 14
FULLY_WATCHED = 99.95  # percent; a slot that was late by a moment is not worth a word


class Row(NamedTuple):
    """All that a service's row shows, in words; empty where it is not to be seen."""

    name: str
    state: State
    days: str
    uptime: str
    coverage: str
    uptime_90d: str
    response: str


def render_page(standing: Standing) -> str:
    """The whole page."""
    # Put in as one piece: every sign of it would else go through the generators of three templates.
    main = Markup(render_main(standing))  # noqa: S704  # escaped when it was rendered
    return render_template("status.html", look=standing.look, headline=HEADLINES[standing.state], main=main)


def render_main(standing: Standing) -> str:
    """What stands in it, for a page that has its own frame."""
    return render_template("status_main.html", **_values(standing))


def _values(standing: Standing) -> dict[str, Any]:
    figures = shown_figures(standing)
    return {
        "standing": standing,
        "look": standing.look,
        "headline": HEADLINES[standing.state],
        "latest_check": max((service.last_checked_at or "" for service in standing.services), default=""),
        "figures": figures,
        "tiles": [figure for figure in TILES if figure in figures],
        "graphs": {name: shown for name, shown in GRAPHS.items() if set(shown) <= set(figures)},
        "graph_data": Markup(graph_data(standing.day, figures)),  # noqa: S704  # names of ours, and numbers
        "past_days": past_days(standing),
        "age_mark": AGE_MARK,
        "words": WORDS,
        "signs": SIGNS,
        "update_words": UPDATE_WORDS,
        "figure_words": FIGURE_WORDS,
        "row": partial(_row_of, standing.look),
        "tell_figure": tell_figure,
        "tell_graph": tell_graph,
        "tell_time": tell_time,
        "tell_since": tell_since,
        "tell_span": tell_span,
    }


def _row_of(look: Look, service: Service) -> Markup:
    """A service's row with what the page's settings let be seen."""
    uptime, coverage, response_ms = service.uptime, service.coverage["24h"], service.response_ms
    answers_in = response_ms["last"] if response_ms["avg_24h"] is None else response_ms["avg_24h"]
    return _draw_row(
        Row(
            service.name,
            service.state,
            service.days,
            tell_figure("uptime", uptime["24h"]) if look.shows_uptime else "",
            "" if coverage is None or coverage >= FULLY_WATCHED else tell_figure("coverage", coverage),
            "" if uptime["90d"] is None else tell_figure("uptime", uptime["90d"]),
            tell_figure("response_ms", answers_in) if look.shows_response_times else "",
        )
    )


@lru_cache(4096)
def _draw_row(row: Row) -> Markup:
    """Most rows are those of two seconds ago."""
    draw = get_template_attribute("status_row.html", "draw_row")
    days = tell_days(row.days)
    label = f"{row.uptime_90d} up over 90 days; {days}" if row.uptime_90d else f"{days} in 90 days"
    return Markup(draw(row, SIGNS[row.state], WORDS[row.state], draw_bars(row.days), label))  # noqa: S704  # made by a template


def tell_figure(figure: str, value: float | None) -> str:
    """A figure with its unit."""
    if value is None:
        return NO_FIGURE
    if figure == "response_ms":
        return f"{value / 1000:.2f} s" if value >= 9999.5 else f"{value:.0f} ms"
    if figure in {"uptime", "error_rate"}:
        return f"{round_down(value):.2f}".removesuffix(".00") + " %"
    return f"{int(value) if figure == 'coverage' else value:.0f} %"


def tell_graph(standing: Standing, figures: tuple[str, ...]) -> str:
    """What a graph shows, in words."""
    told = []
    for figure in figures:
        values = [value for value in standing.day.series(figure) if value is not None]
        name = FIGURE_WORDS[figure]
        if not values:
            told.append(f"{name}: no data in the last 24 hours")
            continue
        average, low, high = standing.day.average(figure), min(values), max(values)
        told.append(
            f"{name} over 24 hours: {tell_figure(figure, average)} on average, "
            f"from {tell_figure(figure, low)} to {tell_figure(figure, high)}"
        )
    return "; ".join(told)


def tell_time(moment: str | datetime) -> str:
    """A moment to the minute."""
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{found.day} {found:%b %Y, %H:%M} UTC"


def tell_span(span: Occurrence) -> str:
    """From when to when, the day once when it is the same."""
    begins, ends = span
    is_same_day = begins.date() == ends.date()
    return tell_time(begins).removesuffix(" UTC") + " to " + (f"{ends:%H:%M} UTC" if is_same_day else tell_time(ends))


def tell_since(began: str, ended: str) -> str:
    """How long something lasted."""
    minutes = round((datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds() / 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts[:2]) or "less than a minute"


def past_days(standing: Standing) -> list[tuple[str, list[dict[str, Any]]]]:
    """The last 14 days, the newest first, each with the incidents resolved on it; days without any are told as one."""
    by_day: dict[Any, list[dict[str, Any]]] = {}
    for incident in standing.past_incidents:
        by_day.setdefault(datetime.fromisoformat(incident["resolved_at"]).date(), []).append(incident)
    today = standing.at.date()
    days = [today - timedelta(days=ago) for ago in range(PAST_DAYS)]
    found: list[tuple[str, list[dict[str, Any]]]] = []
    for has_some, run in groupby(days, key=by_day.__contains__):
        several = list(run)
        if has_some:
            found += [(_tell_day(day), by_day[day]) for day in several]
        else:
            first, last = _tell_day(several[-1]), _tell_day(several[0])
            found.append((first if first == last else f"{first} – {last}", []))
    return found


def _tell_day(day: Any) -> str:
    return f"{day.day} {day:%b %Y}"
