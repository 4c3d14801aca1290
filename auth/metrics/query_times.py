"""How long this service's statements take, by whatever way they are run, counted over all workers."""

from flask import Flask
from prometheus_client import Histogram

from auth.database import ENGINE
from sql.engine import time_statements

BUCKETS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


def time_queries(app: Flask) -> None:
    """Time the statements of `app`; after `count_requests`, which says where counts are kept."""
    seconds = Histogram(
        "library_db_query_duration_seconds",
        "Time that a statement of this service took in the database, the way there and back included.",
        buckets=BUCKETS,
        registry=None,
    )
    time_statements(app.extensions[ENGINE], seconds.observe)
