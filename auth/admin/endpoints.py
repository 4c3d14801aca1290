"""/admin/health/endpoints/: what is watched, how it stands, and a check of it right now."""

from typing import Annotated, Any

from flask import Response
from pydantic import Field

from auth.admin.demands import tell
from auth.admin.filters import Part
from auth.admin.staff import Room, room_page
from auth.checks.schemas import CheckPage
from auth.checks.store import list_checks, list_troubles
from auth.database import db
from auth.endpoints import changing, store
from auth.endpoints.asking import CheckRequestView, ask_for_checks, wait_for_checks
from auth.endpoints.schemas import EndpointPage
from auth.endpoints.shown import StaffEndpointView, show_endpoint_to_staff
from auth.endpoints.standing import Standing
from auth.endpoints.store import Watched
from auth.http.paging import MOST
from auth.http.problems import Problem, wants_html
from auth.maintenance.store import list_plans
from auth.pages.room import Done, PageForm, to
from auth.sign_in import Caller
from auth.status.bars import draw_bars, tell_days
from common.clock import utc_now

routes = Room()

HERE = "/admin/health/endpoints/"
CHECKS_SHOWN = 10
TROUBLES_SHOWN = 20
WAIT_SECONDS = 30.0


class EndpointFilter(EndpointPage):
    """What narrows the list."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = MOST
    group: Part = None
    q: Part = None


class SwitchForm(PageForm):
    """On, or off where it is empty."""

    is_enabled: str = ""


@routes.show("/admin/health/")
def show_health() -> Any:
    """The rooms of health begin with what is watched."""
    return to(HERE)


@routes.show(HERE, query=EndpointFilter)
def show_endpoints(caller: Caller, query: EndpointFilter) -> Any:
    """What is watched, and how it stands."""
    watched, following = store.list_endpoints(query, sees_all=True)
    views = sorted(show(watched), key=lambda view: (view.group is None, view.group, view.position, view.name))
    return room_page("endpoints.html", caller, endpoints=views, next=following, filter=query)


@routes.show(HERE + "<key:endpoint_id>/", problems=(404,))
def show_one_endpoint(caller: Caller, endpoint_id: int) -> Any:
    """One endpoint: its figures, its outages, its newest checks."""
    return _show_one(caller, endpoint_id)


@routes.act(HERE + "<key:endpoint_id>/check/", page_status=200)
def check_endpoint_now(caller: Caller, endpoint_id: int) -> Any:
    """Check an endpoint now; the page waits for the answer and shows it."""
    name = find(endpoint_id).endpoint.name
    db.session.rollback()  # gives the connection back: a check takes longer than all else
    try:
        answer = wait_for_checks(ask_for_checks(caller, [name]), WAIT_SECONDS)
    except Problem as problem:
        if not wants_html():
            raise
        return _show_one(caller, endpoint_id, refused=problem)
    return _show_one(caller, endpoint_id, answer)


@routes.act(HERE + "<key:endpoint_id>/switch/", body=SwitchForm)
def switch_endpoint(caller: Caller, endpoint_id: int, body: SwitchForm) -> Any:
    """Watch an endpoint, or leave it alone for a while."""
    endpoint = changing.change_endpoint(caller, endpoint_id, {"is_enabled": bool(body.is_enabled)})
    words = f"{endpoint.name} is {'watched again' if endpoint.is_enabled else 'no longer watched'}."
    return Done(f"{HERE}{endpoint_id}/", words)


@routes.show(HERE + "<key:endpoint_id>/delete/", problems=(404,))
def ask_to_delete_endpoint(caller: Caller, endpoint_id: int) -> Any:
    """Whether the endpoint really shall go."""
    return room_page(
        "sure.html",
        caller,
        title=f"Delete {find(endpoint_id).endpoint.name}?",
        words="Its history, its uptime and its outages go with it. To keep them, disable it instead.",
        word="Delete",
        back=f"{HERE}{endpoint_id}/",
    )


@routes.act(HERE + "<key:endpoint_id>/delete/")
def delete_endpoint_by_form(caller: Caller, endpoint_id: int) -> Any:
    """Delete an endpoint."""
    name = find(endpoint_id).endpoint.name
    changing.delete_endpoint(caller, endpoint_id)
    return Done(HERE, f"{name} is deleted.")


def find(endpoint_id: int) -> Watched:
    """The endpoint as staff sees it. Raises Problem 404."""
    watched = store.find_watched(endpoint_id, sees_all=True)
    if watched is None:
        raise Problem(404, "There is no such endpoint")
    return watched


def show(watched: list[Watched]) -> list[StaffEndpointView]:
    """Endpoints as staff sees them at this moment."""
    now = utc_now()
    standing = Standing(list_plans(now), now)
    return [show_endpoint_to_staff(one, standing) for one in watched]


def _show_one(
    caller: Caller, endpoint_id: int, answer: CheckRequestView | None = None, refused: Problem | None = None
) -> Response:
    watched = find(endpoint_id)
    checks, _ = list_checks(CheckPage(endpoint_id=endpoint_id, limit=CHECKS_SHOWN))
    return room_page(
        "endpoint.html",
        caller,
        refused,
        endpoint=show([watched])[0],
        parent=store.find_watched(watched.endpoint.parent_id, sees_all=True) if watched.endpoint.parent_id else None,
        days=watched.figures.days if watched.figures else "",
        checks=checks,
        troubles=list_troubles(endpoint_id, TROUBLES_SHOWN),
        answer=answer,
        draw_bars=draw_bars,
        tell_days=tell_days,
        tell=tell,
    )
