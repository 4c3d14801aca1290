"""The library's families: totals and gauges that the database keeps, how its parts do, and the API's own times.

It counts nothing itself: what happened is counted in its transaction, and requests by the exporter.
"""

from collections import defaultdict
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from auth.database import run_alone
from auth.health.parts import measure_cache, measure_database
from auth.house import house
from auth.monitors.telling import judge_health
from sql.statements import load

statements = load("library_metrics")

API = "/api/"
REQUESTS = "flask_http_request_duration_seconds"
API_REQUESTS = "library_api_request_duration_seconds"
# In the order of the statement's columns.
COUNTERS = {
    "library_book_loans_total": "Books lent.",
    "library_book_returns_total": "Books that came back.",
    "library_user_registrations_total": "Accounts made.",
    "library_user_logins_total": "Sign-ins by a right password.",
    "library_search_queries_total": "Searches for books.",
}
GAUGES = {
    "library_active_users_total": "Accounts that signed in within 30 days.",
    "library_available_books_total": "Copies of books that are available.",
    "library_error_rate_percent": "Share of all requests of the last five minutes that failed.",
}
STATUS = "library_system_status"
CODES = {"healthy": 0, "warning": 1, "critical": 2}


def read_figures() -> list[Metric]:
    """The totals and gauges of this moment; raises the driver's error when the database is away."""
    [figures] = run_alone(statements.read_library_figures)
    counters = [CounterMetricFamily(*said, value) for said, value in zip(COUNTERS.items(), figures, strict=False)]
    rest = figures[len(COUNTERS) :]
    return counters + [GaugeMetricFamily(*said, value) for said, value in zip(GAUGES.items(), rest, strict=True)]


def read_status() -> Iterator[Metric]:
    """How the parts do that every request leans on, by trying them, judged as the system's monitor judges them."""
    parts = {"database": measure_database().model_dump(), "cache": measure_cache().model_dump()}
    family = GaugeMetricFamily(STATUS, "State of a component: 0 healthy, 1 warning, 2 critical.", labels=["component"])
    for component, status in judge_health(parts, house().settings.alert_response_ms).items():
        family.add_metric([component], CODES[status])
    yield family


def with_api(families: Iterator[Metric]) -> Iterator[Metric]:
    """The same families, and after that of all requests the one of the API's, folded out of it."""
    for family in families:
        yield family
        if family.name == REQUESTS:
            yield fold_api(family)


def fold_api(requests: Metric) -> Metric:
    """The API's part of a histogram by route, by method only."""
    sums: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    for sample in requests.samples:
        if sample.labels["url_rule"].startswith(API):
            ending = sample.name.removeprefix(REQUESTS)
            sums[sample.labels["method"], ending, sample.labels.get("le", "")] += sample.value
    folded = Metric(API_REQUESTS, "Time that requests to the API took, by method.", "histogram")
    for (method, ending, le), total in sorted(sums.items(), key=lambda found: found[0][0]):
        folded.add_sample(API_REQUESTS + ending, {"method": method, **({"le": le} if le else {})}, total)
    return folded
