"""Counts requests with the standard names of prometheus-flask-exporter, with labels from closed sets only."""

from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask, Request, request
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_flask_exporter import PrometheusMetrics

from auth.gate import IS_PROBE
from auth.metrics.slots import NAME, keep_counts_in

View = Callable[..., Any]

UNMATCHED = "unmatched"
LAYOUT = "v1"  # a new name when labels or buckets change: old files would mix in
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def url_rule(request: Request) -> str:
    """The route's template, as the contract spells it: never the path, of which there are endlessly many."""
    endpoint = request.endpoint or UNMATCHED
    return endpoint.partition(" ")[2] or endpoint


def count_requests(app: Flask, data: Path) -> None:
    """Measure every request of `app`, in files under `data` that all workers share."""
    keep_counts_in(data / "metrics" / LAYOUT)
    app.before_request(_leave_out_probes)
    PrometheusMetrics(app, path=None, group_by=url_rule, buckets=BUCKETS, registry=CollectorRegistry())


def name_of_counts(data: Path) -> str:
    """The name under which the counts in `data` are known; empty while there are none."""
    try:
        return (data / "metrics" / LAYOUT / NAME).read_text(encoding="ascii")
    except OSError:
        return ""


def _leave_out_probes() -> None:
    """What this house asks of itself is no measure of what people ask of it."""
    if IS_PROBE in request.environ:
        request.prom_do_not_track = True  # type: ignore[attr-defined]  # the exporter's own mark


def untracked(view: View) -> View:
    """A view whose requests are not counted: a scrape should not move what it reads."""
    marked: View = PrometheusMetrics.do_not_track()(view)
    return marked


def read_counts(folder: Path) -> Iterator[Metric]:
    """What all workers have counted, family by family."""
    yield from MultiProcessCollector(None, path=str(folder / "metrics" / LAYOUT)).collect()


def print_families(found: Iterable[Metric], families: Collection[str]) -> bytes:
    """What was found in Prometheus' text form: those of `families`, or all when it names none."""
    registry = CollectorRegistry()
    registry.register(Chosen(found, families))
    printed: Any = generate_latest(registry)
    return bytes(printed)


def name_of(family: Metric) -> str:
    """The name of a family as its lines have it; the client library tells counters without their ending."""
    return f"{family.name}_total" if family.type == "counter" else family.name


class Chosen(Collector):
    """The families that are asked for, so that who wants one is not sent them all."""

    def __init__(self, found: Iterable[Metric], families: Collection[str]) -> None:
        self._found, self._families = found, families

    def collect(self) -> Iterator[Metric]:
        """Each family, when asked for."""
        for family in self._found:
            if not self._families or name_of(family) in self._families:
                yield family
