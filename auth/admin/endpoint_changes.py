"""The forms of /admin/health/endpoints/: a new endpoint, and one that is there."""

from typing import Any, get_args

from flask import Response

from auth.admin.demands import CHOICES, with_empty_rows
from auth.admin.endpoint_form import EndpointForm, form_of
from auth.admin.endpoints import HERE, find
from auth.admin.staff import Room, room_page
from auth.endpoints import changing, store
from auth.endpoints.schemas import EndpointChange, Method, NewEndpoint
from auth.http.body import check, named_changes
from auth.http.problems import Problem
from auth.pages.room import Done, demand_unchanged
from auth.sign_in import Caller

routes = Room()


@routes.show(HERE + "new/")
def show_new_endpoint(caller: Caller) -> Any:
    """The form for a new endpoint."""
    return _show_form(caller, EndpointForm(is_enabled="on", is_public="on"))


def _show_form(
    caller: Caller, body: EndpointForm, endpoint_id: int | None = None, refused: Problem | None = None
) -> Response:
    names = store.list_names()
    return room_page(
        "endpoint_form.html",
        caller,
        refused,
        form=body,
        rows=with_empty_rows(body.rows),
        choices=CHOICES,
        methods=[(method, method) for method in get_args(Method)],
        groups=sorted({group for _, _, group in names if group}),
        parents=[(key, name) for key, name, _ in names if key != endpoint_id],
        endpoint_id=endpoint_id,
    )


@routes.act(HERE + "new/", body=EndpointForm, again=_show_form)
def add_endpoint_by_form(caller: Caller, body: EndpointForm) -> Any:
    """Watch another endpoint."""
    endpoint = changing.add_endpoint(caller, check(NewEndpoint, body.values))
    return Done(f"{HERE}{endpoint.id}/", f"{endpoint.name} is watched from now on.")


@routes.show(HERE + "<key:endpoint_id>/edit/", problems=(404,))
def show_endpoint_change(caller: Caller, endpoint_id: int) -> Any:
    """The form of an endpoint, as it stands."""
    return _show_form(caller, form_of(find(endpoint_id).endpoint), endpoint_id)


@routes.act(HERE + "<key:endpoint_id>/edit/", body=EndpointForm, again=_show_form)
def change_endpoint_by_form(caller: Caller, endpoint_id: int, body: EndpointForm) -> Any:
    """Change an endpoint's definition."""
    demand_unchanged(body, form_of(find(endpoint_id).endpoint))
    changes = named_changes(check(EndpointChange, body.values))
    endpoint = changing.change_endpoint(caller, endpoint_id, changes)
    return Done(f"{HERE}{endpoint_id}/", f"{endpoint.name} is saved.")
