"""/api/admin/analytics/: what requests came to, for staff."""

from typing import Any

from flask import request

from auth.analytics import store
from auth.analytics.schemas import AnalyticsView, AnalyticsWanted
from auth.analytics.window import window_of
from auth.gate import ADDED_HEADERS
from auth.http.problems import bad_field
from auth.http.route import Routes, SignIn
from common.clock import utc_now

routes = Routes("analytics")


@routes.add("GET", "/api/admin/analytics/", sign_in=SignIn.STAFF, query=AnalyticsWanted, answers={200: AnalyticsView})
def read_analytics(query: AnalyticsWanted) -> Any:
    """What requests came to: how many, how fast, how many failed, of all routes or one.

    At most 5 seconds behind the traffic. Over the last 24 hours, or from `from` to `to`: to the minute within six days,
    to the hour before that; `from` and `to` of the answer say which span it took. What is named 24h or 7d is of that
    time whatever the span. Without a span `requests_per_second` is the last minute's, else the span's. Own probes are
    left out.
    """
    now = utc_now()
    try:
        window = window_of(query.since, query.until, now)
    except ValueError as fault:
        raise bad_field(fault) from None
    request.environ[ADDED_HEADERS].append(("Cache-Control", "private, no-store"))
    return store.read_analytics(
        window,
        now,
        endpoint=query.endpoint,
        method=query.method,
        shares=query.shares,
    )
