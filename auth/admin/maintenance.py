"""/admin/health/maintenance/: planned work, once and recurring."""

from typing import Any

from flask import Response

from auth.admin.maintenance_form import MaintenanceForm, form_of
from auth.admin.repetition import ORDINALS, REPEATS, WEEKDAYS
from auth.admin.staff import Room, room_page
from auth.endpoints.store import list_names
from auth.http.body import check
from auth.http.paging import Page
from auth.http.problems import Problem
from auth.maintenance import changing, store
from auth.maintenance.past import WORDS, end_field, has_begun, is_over
from auth.maintenance.schemas import MaintenanceChange, MaintenanceView, NewMaintenance
from auth.pages.room import Done, demand_unchanged
from auth.pages.wall_clock import wall_clock, zone_names
from auth.sign_in import Caller
from common.clock import utc_now

routes = Room()

HERE = "/admin/health/maintenance/"


@routes.show(HERE, query=Page)
def show_maintenance_plans(caller: Caller, query: Page) -> Any:
    """The plans, newest first."""
    plans, following = store.list_maintenance(query, utc_now(), sees_all=True)
    return room_page("plans.html", caller, plans=plans, next=following)


@routes.show(HERE + "new/")
def show_new_maintenance(caller: Caller) -> Any:
    """The form for a new plan."""
    return _show_form(caller, MaintenanceForm())


def _show_form(
    caller: Caller, body: MaintenanceForm, maintenance_id: int | None = None, refused: Problem | None = None
) -> Response:
    plan = _find(maintenance_id) if maintenance_id else None
    return room_page(
        "plan_form.html",
        caller,
        refused,
        form=body,
        plan=plan,
        fixed=plan is not None and has_begun(plan.model_dump(), utc_now()),
        repeats=REPEATS.items(),
        weekdays=WEEKDAYS.items(),
        ordinals=ORDINALS.items(),
        zones=zone_names(),
        names=[(key, name) for key, name, _ in list_names()],
    )


@routes.act(HERE + "new/", body=MaintenanceForm, again=_show_form)
def plan_maintenance_by_form(caller: Caller, body: MaintenanceForm) -> Any:
    """Plan maintenance."""
    maintenance_id = changing.plan_maintenance(caller, check(NewMaintenance, body.values))
    return Done(f"{HERE}{maintenance_id}/", "The maintenance is planned.")


@routes.show(HERE + "<key:maintenance_id>/", problems=(404,))
def show_maintenance_plan(caller: Caller, maintenance_id: int) -> Any:
    """One plan with its next occurrences."""
    plan = _find(maintenance_id)
    local = [
        (wall_clock(one.starts_at, plan.timezone), wall_clock(one.ends_at, plan.timezone), one)
        for one in plan.occurrences
    ]
    return room_page("plan.html", caller, plan=plan, occurrences=local, is_over=is_over(plan.model_dump(), utc_now()))


@routes.show(HERE + "<key:maintenance_id>/edit/", problems=(404,))
def show_maintenance_change(caller: Caller, maintenance_id: int) -> Any:
    """The form of a plan, as it stands."""
    return _show_form(caller, form_of(_find(maintenance_id)), maintenance_id)


@routes.act(HERE + "<key:maintenance_id>/edit/", body=MaintenanceForm, again=_show_form)
def change_maintenance_by_form(caller: Caller, maintenance_id: int, body: MaintenanceForm) -> Any:
    """Change a plan: of one that has begun the form holds only the words and the end."""
    plan = _find(maintenance_id)
    before, after = form_of(plan), body
    demand_unchanged(body, before)
    if has_begun(plan.model_dump(), utc_now()):
        kept = {name: getattr(body, name) for name in {*WORDS, end_field(plan.model_dump())}}
        after = before.model_copy(update=kept)
    was, wanted = before.values, after.values
    change = check(MaintenanceChange, {name: value for name, value in wanted.items() if value != was[name]})
    if named := change.model_dump(exclude_unset=True):
        changing.change_maintenance(caller, maintenance_id, named)
    return Done(f"{HERE}{maintenance_id}/", "The maintenance is saved.")


@routes.show(HERE + "<key:maintenance_id>/end/", problems=(404,))
def ask_to_end_maintenance(caller: Caller, maintenance_id: int) -> Any:
    """Whether the plan really shall end."""
    plan = _find(maintenance_id)
    is_begun = has_begun(plan.model_dump(), utc_now())
    words = (
        "What has been stays left out of uptime." if is_begun else "It has not begun: it goes as if it had never been."
    )
    return room_page(
        "sure.html",
        caller,
        title=f"{'End' if is_begun else 'Delete'} {plan.title} now?",
        words=words,
        word="End it" if is_begun else "Delete it",
        back=f"{HERE}{maintenance_id}/",
    )


@routes.act(HERE + "<key:maintenance_id>/end/")
def end_maintenance_by_form(caller: Caller, maintenance_id: int) -> Any:
    """End a plan now."""
    title = _find(maintenance_id).title
    changing.end_maintenance(caller, maintenance_id)
    return Done(HERE, f"{title} has ended.")


def _find(maintenance_id: int) -> MaintenanceView:
    plan = store.find_maintenance(maintenance_id, utc_now(), sees_all=True)
    if plan is None:
        raise Problem(404, "There is no such maintenance")
    return plan
