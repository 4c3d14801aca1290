"""/metrics: the counts of all workers, and the totals that the database keeps exactly."""

import hmac
from collections.abc import Callable, Collection, Iterator
from itertools import chain
from typing import Any, TypeVar

import structlog
from flask import Response, request
from prometheus_client import Metric

from auth.database import run_alone
from auth.gate import CLIENT_ADDRESS
from auth.house import house
from auth.http.problems import unauthorized
from auth.http.route import Routes
from auth.metrics import library
from auth.metrics.exporter import name_of_counts, print_families, read_counts, untracked
from common.networks import is_within
from sql.errors import translate
from sql.statements import load

T = TypeVar("T")

routes = Routes("metrics")
statements = load("resources")
log = structlog.get_logger()

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ACTIONS = "user_actions_total"
LOST = "watchhouse_journal_lost_lines_total"
LOST_HEAD = f"""# HELP {LOST} Requests that were served and could not be logged, by reason.
# TYPE {LOST} counter
"""
ACTIONS_HEAD = """# HELP user_actions_total Actions on resources that succeeded, by action and person.
# TYPE user_actions_total counter
"""


@routes.add("GET", "/metrics", answers={200: "text/plain"}, problems=(401,), is_limited=False)
@untracked
def print_metrics() -> Any:
    """Figures for Prometheus. They name people, so outside a demo a token or a listed network is needed.

    `name[]`, given once or more, asks for those families only; X-Counts names the counters, for as long as they go on.
    """
    _demand_scraper()
    data, families = house().settings.data, request.args.getlist("name[]")
    printed = print_families(chain(library.with_api(read_counts(data)), _read_library(families)), families)
    if _wants(families, ACTIONS):
        printed += ACTIONS_HEAD.encode() + _print_actions().encode()
    if _wants(families, LOST):
        printed += LOST_HEAD.encode() + _print_losses().encode()
    return Response(printed, content_type=MEDIA_TYPE, headers={"X-Counts": name_of_counts(data)})


def _demand_scraper() -> None:
    settings = house().settings
    if is_within(request.environ[CLIENT_ADDRESS], settings.metrics_networks):
        return
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not (settings.metrics_token and hmac.compare_digest(given.encode(), settings.metrics_token.encode())):
        raise unauthorized("The metrics' token, or a listed network, is needed")


def _wants(families: Collection[str], *names: str) -> bool:
    """Whether one of `names` is asked for; asking for nothing is asking for all."""
    return not families or any(name in families for name in names)


def _read_library(families: Collection[str]) -> Iterator[Metric]:
    """The library's families that have to be looked up, where one of them is asked for."""
    if _wants(families, library.STATUS):
        yield from library.read_status()
    if _wants(families, *library.COUNTERS, *library.GAUGES):
        nothing: list[Metric] = []
        yield from _from_database(library.read_figures, nothing)


def _print_losses() -> str:
    lost = house().journal.losses()
    return f'{LOST}{{reason="errors"}} {lost.to_errors}\n{LOST}{{reason="cap"}} {lost.to_cap}\n'


def _print_actions() -> str:
    """The lines of user_actions_total."""
    named = house().settings.metrics_users
    found = _from_database(lambda: run_alone(statements.print_action_totals, named=named), [("",)])
    return str(found[0][0])


def _from_database(read: Callable[[], T], otherwise: T) -> T:
    """What the database tells; `otherwise` without it, so that the rest can still be scraped."""
    try:
        return read()
    except Exception as error:
        if translate(error) is None:
            raise
        log.warning("metrics_without_database")
        return otherwise
