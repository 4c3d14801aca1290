"""/admin/health/checks/: what checks of an endpoint found, one by one."""

from typing import Annotated, Any

from auth.admin.demands import tell
from auth.admin.endpoints import find
from auth.admin.filters import EMPTY, Day, Number, start_of
from auth.admin.staff import Room, room_page
from auth.checks.schemas import CheckPage, Outcome
from auth.checks.store import list_checks
from auth.endpoints import store
from auth.http.paging import Page
from auth.sign_in import Caller

routes = Room()

OUTCOMES = (
    ("", "Any"),
    ("operational", "Operational"),
    ("degraded", "Degraded"),
    ("major_outage", "Down"),
    ("missed", "Missed"),
)


class CheckFilter(Page):
    """Whose checks, and which of them; days are UTC's, and both are meant whole."""

    endpoint_id: Number = None
    outcome: Annotated[Outcome | None, EMPTY] = None
    since: Day = None
    until: Day = None


@routes.show("/admin/health/checks/", query=CheckFilter, problems=(404,))
def show_checks(caller: Caller, query: CheckFilter) -> Any:
    """The checks of an endpoint, newest first; the first endpoint's until one is chosen."""
    names = store.list_names()
    chosen = query.endpoint_id or (names[0][0] if names else None)
    checks, following = list_checks(_page_of(query, chosen)) if chosen else ([], None)
    return room_page(
        "checks.html",
        caller,
        names=[(key, name) for key, name, _ in names],
        endpoint=find(chosen).endpoint if chosen else None,
        outcomes=OUTCOMES,
        checks=checks,
        next=following,
        filter=query,
        tell=tell,
    )


def _page_of(query: CheckFilter, endpoint_id: int) -> CheckPage:
    return CheckPage(
        limit=query.limit,
        cursor=query.cursor,
        endpoint_id=endpoint_id,
        outcome=query.outcome,
        since=start_of(query.since),
        until=start_of(query.until, days=1),
    )
