"""How fast does the database let us in, and how busy and how big is it?"""

import time
from contextlib import closing
from datetime import timedelta

import psycopg2
from prometheus_client import CollectorRegistry, Gauge

from collector.figures.counters import Counters
from collector.figures.processes import MIB
from collector.job import Context, Job
from sql import statements
from sql.engine import engine_options

EVERY = timedelta(seconds=10)

sql = statements.load("figures")


class Metrics:
    """The database as it was at the last sample."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.connect = Gauge(
            "watchhouse_database_connect_seconds", "Seconds a new connection to the database took", registry=registry
        )
        self.connections = Gauge(
            "watchhouse_database_connections", "Connections to the server of the database", registry=registry
        )
        self.limit = Gauge("watchhouse_database_connections_limit", "Connections it allows", registry=registry)
        self.size = Gauge("watchhouse_database_size_bytes", "Size of the database on disk", registry=registry)


def measure_connect(url: str) -> float:
    """Seconds until a new connection is ready for a statement."""
    began = time.perf_counter()
    with closing(psycopg2.connect(url, **engine_options(process="collector", pool_size=1)["connect_args"])):
        return time.perf_counter() - began


def run(context: Context[Metrics]) -> None:
    """Connect anew, read what the server counts, export and note."""
    connect_seconds = measure_connect(context.settings.database_url)
    connections, limit, size, *counted = context.query(sql.read_database)[0]
    names = ("transactions", "rows_read", "rows_written", "pages_found", "pages_fetched")
    now = context.clock()
    rates = context.figures.grow("database", Counters(now, dict(zip(names, counted, strict=True)))).per_minute()
    context.figures.note(
        now,
        "database",
        {
            "connect_ms": 1000 * connect_seconds,
            "connections": connections,
            "connections_limit": limit,
            "size_mb": size / MIB,
            **figures_of(rates),
        },
    )
    show(context.metrics, connect_seconds, connections, limit, size)


def figures_of(rates: dict[str, float]) -> dict[str, float]:
    """The figures that rates make: each its own, but pages, of which the share that was found in memory is told."""
    pages = {name: rates.pop(name, 0.0) for name in ("pages_found", "pages_fetched")}
    figures = {f"{name}_per_minute": rate for name, rate in rates.items()}
    if any(pages.values()):
        figures["cache_hit_percent"] = 100 * pages["pages_found"] / sum(pages.values())
    return figures


def show(metrics: Metrics, connect_seconds: float, connections: float, limit: float, size: float) -> None:
    """Export a sample, in base units."""
    metrics.connect.set(connect_seconds)
    metrics.connections.set(connections)
    metrics.limit.set(limit)
    metrics.size.set(size)


JOB = Job(name="sample_database", every=EVERY, grace=EVERY, run=run, metrics=Metrics)
