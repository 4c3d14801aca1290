"""/admin/health/logs/: requests one by one."""

from typing import Annotated, Any, Literal
from uuid import UUID

from flask import current_app
from pydantic import ConfigDict, Field

from auth.admin.filters import EMPTY, Instant, Person
from auth.admin.staff import Room, room_page
from auth.gate import METHODS, OTHER
from auth.http.paging import Page
from auth.metrics.exporter import UNMATCHED
from auth.request_log.schemas import RequestPage, RequestView, Status
from auth.request_log.store import list_requests, moment_of
from auth.sign_in import Caller
from auth.users.store import read_emails

routes = Room()

LOGGED_METHODS = (*sorted(METHODS), OTHER)
PROBES = (("", "Left out"), ("only", "Only them"))


class RequestFilter(Page):
    """What narrows the log; its times are UTC's."""

    model_config = ConfigDict(validate_by_name=False)

    endpoint: Annotated[str, Field(max_length=300)] = ""
    method: Annotated[str, Field(max_length=20)] = ""
    status: Annotated[Status | None, EMPTY] = None
    user_id: Person = None
    since: Annotated[Instant, Field(alias="from")] = None
    until: Annotated[Instant, Field(alias="to")] = None
    probes: Annotated[Literal["only"] | None, EMPTY] = None


@routes.show("/admin/health/logs/", query=RequestFilter)
def show_request_log(caller: Caller, query: RequestFilter) -> Any:
    """The log, newest first."""
    requests, following = list_requests(_page_of(query), user_id=query.user_id)
    return room_page(
        "request_log.html",
        caller,
        requests=requests,
        next=following,
        looked_until=moment_of(following) if following else None,
        emails=read_emails(_people_of(requests)),
        filter=query,
        paths=_paths(),
        methods=[("", "Any"), *((method, method) for method in LOGGED_METHODS)],
        probes=PROBES,
    )


def _page_of(query: RequestFilter) -> RequestPage:
    return RequestPage.model_construct(
        limit=query.limit,
        cursor=query.cursor,
        endpoint=query.endpoint or None,
        method=query.method or None,
        status=query.status,
        user_id=query.user_id,
        since=query.since,
        until=query.until,
        is_probe=query.probes is not None,
    )


def _people_of(requests: list[RequestView]) -> set[UUID]:
    return {request.user_id for request in requests if request.user_id}


def _paths() -> list[str]:
    """The routes there are, to choose from; a path that leads nowhere is logged under a name of its own."""
    return [*sorted({name.partition(" ")[2] for name in current_app.view_functions} - {""}), UNMATCHED]
