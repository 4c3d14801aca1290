"""Figures: what counters grew by, the means of minutes, our processes, auth's requests; and how they are stored."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, ClassVar

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import AuthError
from collector.figures.counters import Counters, growth_between
from collector.figures.memory import MOST_MINUTES, FigureMemory
from collector.figures.processes import Process, kind_of, usage_of
from collector.figures.scrape import FAMILIES, read_scrape, read_total
from collector.job import Context
from collector.jobs import count_requests, sample_database, sample_processes, store_figures
from tests.collector.conftest import NOW
from tests.collector.daemons import Daemon

MakeContext = Callable[..., Context[Any]]
SECOND = timedelta(seconds=1)
TODAY = datetime.now(UTC)  # for all of a test, though midnight comes: there is a partition for it
HISTOGRAM = """# TYPE flask_http_request_duration_seconds histogram
flask_http_request_duration_seconds_bucket{le="0.1",method="GET",url_rule="/",status="200"} 6
flask_http_request_duration_seconds_bucket{le="+Inf",method="GET",url_rule="/",status="200"} 8
flask_http_request_duration_seconds_count{method="GET",url_rule="/",status="200"} 8
flask_http_request_duration_seconds_sum{method="GET",url_rule="/",status="200"} 1.5
flask_http_request_duration_seconds_count{method="GET",url_rule="/x",status="404"} 1
flask_http_request_duration_seconds_sum{method="GET",url_rule="/x",status="404"} 0.25
flask_http_request_duration_seconds_count{method="GET",url_rule="/",status="500"} 1
flask_http_request_duration_seconds_sum{method="GET",url_rule="/",status="500"} 0.25
flask_http_request_duration_seconds_count{method="GET",url_rule="static",status="200"} 40
# TYPE library_db_query_duration_seconds histogram
library_db_query_duration_seconds_bucket{le="+Inf"} 30
library_db_query_duration_seconds_count 30
library_db_query_duration_seconds_sum 0.5
# TYPE library_cache_operation_duration_seconds histogram
library_cache_operation_duration_seconds_count{operation="read"} 8
library_cache_operation_duration_seconds_sum{operation="read"} 0.25
library_cache_operation_duration_seconds_count{operation="write"} 2
library_cache_operation_duration_seconds_sum{operation="write"} 0.25
# TYPE library_cache_operations_total counter
library_cache_operations_total{operation="read",result="hit"} 5
library_cache_operations_total{operation="read",result="miss"} 2
library_cache_operations_total{operation="read",result="error"} 1
library_cache_operations_total{operation="write",result="stored"} 2
"""
STATUS = """# TYPE library_system_status gauge
library_system_status{component="database"} 0
library_system_status{component="cache"} 2
library_system_status{component="overall"} 2
"""
GROWN = {
    ("counter", "requests"): 10,
    ("library", "cache_hits"): 5,
    ("library", "cache_operations"): 10,
    ("library", "cache_reads"): 8,
    ("library", "cache_seconds"): 0.5,
    ("library", "db_queries"): 30,
    ("library", "db_query_seconds"): 0.5,
}


def counters(seconds: float, source: str = "", **totals: float) -> Counters:
    """A reading some seconds after NOW."""
    return Counters(NOW + seconds * SECOND, totals, source)


def today(minute: int, second: int = 0) -> datetime:
    """A moment for which there is a partition."""
    return TODAY.replace(hour=12, minute=minute, second=second, microsecond=0)


def test_what_grew_is_told_as_a_rate() -> None:
    growth = growth_between(counters(0, sent=10), counters(30, sent=15, new=7))
    assert (growth.by_name, growth.per_minute()) == ({"sent": 5}, {"sent": 10})


@pytest.mark.parametrize(
    "before",
    [None, counters(0, "another", sent=1), counters(0, sent=99), counters(10, sent=1), counters(11, sent=1)],
    ids=["first", "another source", "reset", "no time", "clock went back"],
)
def test_nothing_grew_where_nothing_is_known(before: Counters | None) -> None:
    assert growth_between(before, counters(10, sent=5)).per_minute() == {}


@given(st.lists(st.tuples(st.integers(0, 600), st.floats(0, 1e9)), min_size=1))
def test_a_minute_is_the_mean_of_its_samples_and_none_is_lost(taken: list[tuple[int, float]]) -> None:
    memory = FigureMemory()
    for second, value in taken:
        memory.note(NOW + second * SECOND, "database", {"connect_ms": value, "samples": 1})
    memory.close(NOW + timedelta(hours=1))
    assert [minute.at for minute in memory.minutes] == sorted(
        {(NOW + second * SECOND).replace(second=0) for second, _ in taken}
    )
    for minute in memory.minutes:
        values = [value for second, value in taken if (NOW + second * SECOND).replace(second=0) == minute.at]
        assert minute.means["database", "connect_ms"] == pytest.approx(sum(values) / len(values))


def test_what_waits_is_bounded() -> None:
    memory = FigureMemory()
    for minute in range(MOST_MINUTES + 100):
        memory.note(NOW + minute * timedelta(minutes=1), "broker", {"clients": minute})
        memory.close(NOW + (minute + 1) * timedelta(minutes=1))
    assert len(memory.minutes) == MOST_MINUTES
    assert memory.minutes[0].means["broker", "clients"] == 100


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("python -m auth run", "auth"),
        ("/usr/bin/python3.11 -m gunicorn --config python:auth.gunicorn auth.wsgi:app", "auth"),
        ("python -X dev -m collector run", "collector"),
        ("python -m generator --people 20", "generator"),
        ("python -m standalone", "standalone"),
        ("python -m gunicorn other.wsgi:app", None),
        ("python -m collector collect-metrics", None),
        ("python -m http.server", None),
        ("vi collector run", None),
        ("python -m", None),
        ("", None),
    ],
)
def test_our_processes_are_known_by_their_command_lines(command: str, kind: str | None) -> None:
    assert kind_of(command.split()) == kind


def test_usage_is_that_of_all_processes_of_a_kind() -> None:
    workers = [
        Process(str(number), "auth", 9, 3 * 1024**2, threads=4, open_files=files)
        for number, files in enumerate((5, None))
    ]
    growth = growth_between(Counters(NOW, {"0": 0}), Counters(NOW + 10 * SECOND, {"0": 4, "1": 9}))
    assert usage_of(workers, growth)["auth"].figures() == {
        "processes": 2,
        "cpu_percent": 40,
        "memory_mb": 6,
        "threads": 8,
        "open_files": 5,
    }


def test_what_was_done_is_added_up_over_routes_operations_and_results() -> None:
    scrape = read_scrape(HISTOGRAM + STATUS)
    assert (scrape.totals, scrape.levels) == (GROWN, {"cache_status": 2})
    nothing = read_scrape("")
    assert (set(nothing.totals.values()), nothing.levels) == ({0}, {})
    assert read_total(HISTOGRAM, "library_cache_operations_total") == 10
    assert read_total(HISTOGRAM, "library_search_queries_total") is None


def test_figures_wait_while_the_database_is_away(context_for: MakeContext, database: Any) -> None:
    context = context_for(store_figures.JOB, lambda: today(9, 59))
    for minute in (0, 1, 9):
        context.figures.note(today(minute, 30), "broker", {"clients": minute, "latency_ms": 2})
    database.rows("REVOKE ALL ON figures FROM watchhouse_collector")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        store_figures.run(context)
    database.rows("GRANT SELECT, INSERT, UPDATE ON figures TO watchhouse_collector")
    store_figures.run(context)
    assert database.rows("SELECT at, value FROM figures WHERE figure = 'clients' ORDER BY at") == [
        (today(0), 0),
        (today(1), 1),
    ]
    store_figures.store_rest(context)
    context.figures.note(today(9, 50), "broker", {"clients": 8})
    store_figures.store_rest(context)
    assert database.rows("SELECT value FROM figures WHERE at = %s ORDER BY figure", today(9)) == [(8,), (2,)]


def test_the_database_is_measured(context_for: MakeContext, database: Any) -> None:
    moments = iter((today(0), today(0, 10)))
    context = context_for(sample_database.JOB, lambda: next(moments))
    sample_database.run(context)
    sample_database.run(context)
    context.figures.close(today(1))
    figures = {figure: value for (_, figure), value in context.figures.minutes[0].means.items()}
    assert 0 < figures["connect_ms"] < 2000
    assert 0 < figures["connections"] < figures["connections_limit"] == int(database.one("SHOW max_connections"))
    assert figures["size_mb"] == pytest.approx(
        database.one("SELECT pg_database_size(current_database())") / 1024**2, rel=0.1
    )
    assert figures["transactions_per_minute"] >= 0
    assert context.metrics.size._value.get() > 1024**2


class Page(BaseHTTPRequestHandler):
    """A /metrics that tells what it is told to tell."""

    counts: ClassVar[tuple[str, str]] = ("", "")
    status: ClassVar[int] = 200
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        name, body = self.counts
        self.asked.append((self.path, self.headers.get("Authorization")))
        self.send_response(self.status)
        self.send_header("X-Counts", name)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@contextmanager
def auth_that_counts() -> Iterator[str]:
    """The address of a /metrics."""
    server = HTTPServer(("127.0.0.1", 0), Page)
    Page.asked.clear()
    Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def counted(times: int) -> str:
    """The histogram, as it would be after so many times as many requests."""
    head, *lines = HISTOGRAM.splitlines()
    parted = (line.rpartition(" ") for line in lines)
    grown = (
        f"{series} {value}" if series.startswith("#") else f"{series} {float(value) * times}"
        for series, _, value in parted
    )
    return "\n".join([head, *grown, STATUS])


def test_a_request_counts_once_whoever_reads(context_for: MakeContext, database: Any) -> None:
    with auth_that_counts() as url:
        one, other = (
            context_for(count_requests.JOB, lambda: today(6, 1), AUTH_URL=url, METRICS_TOKEN="t" * 32) for _ in "ab"
        )
        for name, times, reader in [
            ("first", 5, one),  # only says where it stands
            ("first", 6, one),
            ("first", 6, other),
            ("first", 8, other),
            ("first", 7, one),  # overtaken
            ("first", 9, other),
            ("second", 3, one),  # other counters: where they stand
            ("second", 4, one),
            ("second", 3, other),  # overtaken
        ]:
            Page.counts = (name, counted(times))
            count_requests.run(reader)
    assert database.rows("SELECT subject, figure, at, value FROM figures ORDER BY subject, figure") == [
        (*key, today(5), 5 * grown) for key, grown in GROWN.items()
    ]
    one.figures.close(today(7))
    assert one.figures.minutes[0].means == {("library", "cache_status"): 2}
    asked = "&".join(f"name%5B%5D={family}" for family in FAMILIES)
    assert set(Page.asked) == {(f"/metrics?{asked}", f"Bearer {'t' * 32}")}


def test_a_reading_that_is_refused_or_has_no_answer_counts_nothing(context_for: MakeContext, database: Any) -> None:
    with auth_that_counts() as url:
        context = context_for(count_requests.JOB, AUTH_URL=url)
        Page.status = 401
        with pytest.raises(AuthError, match="METRICS_TOKEN: /metrics answers 401"):
            count_requests.run(context)
        Page.status = 200
    with pytest.raises(AuthError, match="AUTH_URL: no answer"):
        count_requests.run(context)
    assert database.rows("SELECT count(*) FROM counter_totals") == [(0,)]


def test_a_collector_measures_itself_and_leaves_another_house_out(
    start: Callable[..., Daemon], context_for: MakeContext
) -> None:
    daemon = start(is_forked=False)
    daemon.wait(lambda: daemon.sample('watchhouse_processes{process="collector"}') == 1, "itself")
    assert daemon.sample('watchhouse_process_memory_bytes{process="collector"}') > 10 * 1024**2
    assert daemon.sample('watchhouse_process_open_files{process="collector"}') > 3
    assert daemon.sample('watchhouse_processes{process="auth"}') == 0
    daemon.wait(lambda: daemon.sample("watchhouse_database_connect_seconds") > 0, "the database")
    context = context_for(sample_processes.JOB, lambda: today(0), WATCHHOUSE_DATA=str(daemon.log.parent / "elsewhere"))
    sample_processes.run(context)
    context.figures.close(today(1))
    assert context.figures.minutes == []
