"""/health/api/metrics/: hosts over time."""

from typing import Any

from auth.hosts import store
from auth.hosts.schemas import HostMetrics, HostsWanted
from auth.hosts.span import span_of
from auth.http.problems import bad_field
from auth.http.route import Routes, SignIn
from common.clock import utc_now

routes = Routes("hosts")


@routes.add("GET", "/health/api/metrics/", sign_in=SignIn.CALLER, query=HostsWanted, answers={200: HostMetrics})
def read_host_metrics(query: HostsWanted) -> Any:
    """Hosts over time, in steps: by the minute for 30 days, by the hour before that."""
    try:
        span = span_of(query.since, query.until, query.step, utc_now())
    except ValueError as fault:
        raise bad_field(fault) from None
    return {
        "from": span.since,
        "to": span.until,
        "step": int(span.step.total_seconds()),
        "hosts": [{"host": name, "points": points} for name, points in store.read_hosts(span, query.host)],
    }
