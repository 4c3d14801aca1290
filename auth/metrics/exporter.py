"""Counts requests with the standard names of prometheus-flask-exporter, with labels from closed sets only."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_flask_exporter import PrometheusMetrics

from auth.metrics.slots import keep_counts_in

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
    PrometheusMetrics(app, path=None, group_by=url_rule, buckets=BUCKETS, registry=CollectorRegistry())


def untracked(view: View) -> View:
    """A view whose requests are not counted: a scrape should not move what it reads."""
    marked: View = PrometheusMetrics.do_not_track()(view)
    return marked


def print_requests(folder: Path) -> bytes:
    """The counts of all workers in Prometheus' text form."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder / "metrics" / LAYOUT))
    printed: Any = generate_latest(registry)
    return bytes(printed)
