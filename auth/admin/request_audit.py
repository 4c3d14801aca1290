"""/admin/analytics/audit/: whether the ways of counting requests agree, hour by hour, and what was never counted."""

from datetime import timedelta
from typing import Any, Literal

from auth.admin.staff import Room, room_page
from auth.analytics.store import read_audits, read_journal_states
from auth.http.body import Query
from auth.sign_in import Caller
from common.clock import utc_now

routes = Room()

TIMES = {
    "day": ("The last 24 hours", timedelta(days=1)),
    "week": ("The last 7 days", timedelta(days=7)),
    "month": ("The last 30 days", timedelta(days=30)),
}
# An hour closes at five past and is audited within minutes: the newest began at most this long ago.
NEWEST = timedelta(hours=2, minutes=15)


class AuditedFilter(Query):
    """How far back."""

    time: Literal["day", "week", "month"] = "day"


@routes.show("/admin/analytics/audit/", query=AuditedFilter)
def show_request_audits(caller: Caller, query: AuditedFilter) -> Any:
    """Each audited hour, newest first, and each host's journal."""
    now = utc_now()
    audits = read_audits(now - TIMES[query.time][1], now)
    return room_page(
        "request_audit.html",
        caller,
        audits=audits,
        unequal=[audit for audit in audits if not audit.is_equal],
        is_late=not audits or now - audits[0].hour > NEWEST,
        journals=read_journal_states(),
        filter=query,
        times=[(key, words) for key, (words, _) in TIMES.items()],
    )
