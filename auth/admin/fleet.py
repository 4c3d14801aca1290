"""/admin/fleet/: every lock and its log, to be watched and verified; nothing here opens one."""

from typing import Annotated, Any
from uuid import UUID

from flask import Response

from auth.admin.filters import EMPTY, Part
from auth.admin.staff import Room, room_page
from auth.database import run_within
from auth.fleet import store
from auth.fleet.schemas import FleetLock, FleetPage, State
from auth.house import house
from auth.http.paging import Page
from auth.http.problems import Problem
from auth.pages.naming import people_in, people_of_codes
from auth.sign_in import Caller
from auth.users.store import read_emails
from common.lock_protocol.chain_walk import Verdict
from sql.device_audit import verify

routes = Room()

HERE = "/admin/fleet/"
STATES = (
    ("", "Any"),
    ("online", "Online"),
    ("offline", "Offline"),
    ("locked", "Locked"),
    ("unlocked", "Unlocked"),
    ("battery_low", "Battery low"),
    ("jammed", "Jammed"),
    ("inactive", "Switched off"),
)


class FleetFilter(FleetPage):
    """What narrows the list."""

    state: Annotated[State | None, EMPTY] = None
    q: Part = None


@routes.show(HERE, query=FleetFilter)
def show_fleet(caller: Caller, query: FleetFilter) -> Any:
    """The fleet: counts, and its locks in the order in which they were claimed."""
    locks, following = store.list_fleet(query)
    return room_page(
        "fleet.html", caller, counts=store.count_fleet(), locks=locks, next=following, filter=query, states=STATES
    )


@routes.show(HERE + "dead-letters/", query=Page)
def show_dead_letters(caller: Caller, query: Page) -> Any:
    """What locks said that nobody could read, newest first."""
    letters, following = store.list_dead_letters(query)
    return room_page("dead_letters.html", caller, letters=letters, next=following)


@routes.show(HERE + "<uuid:device_id>/", query=Page, problems=(404,))
def show_fleet_lock(caller: Caller, device_id: UUID, query: Page) -> Any:
    """One lock with its log, newest first."""
    return _show_lock(caller, _find(device_id), query)


@routes.act(HERE + "<uuid:device_id>/verify/", page_status=200)
def verify_log(caller: Caller, device_id: UUID) -> Any:
    """Whether a lock's log is as it was written; the first bad row is named."""
    lock = _find(device_id)
    try:
        verdict = verify(run_within, device_id, house().settings.device_key)
    except KeyError:
        raise Problem(404, "This lock has no log") from None
    return _show_lock(caller, lock, Page(), verdict)


def _show_lock(caller: Caller, lock: FleetLock, page: Page, verdict: Verdict | None = None) -> Response:
    entries, following = store.list_whole_log(lock.id, page)
    return room_page(
        "fleet_lock.html",
        caller,
        lock=lock,
        entries=entries,
        emails=read_emails(people_in(entries) | people_of_codes(entries)),
        next=None if verdict else following,
        verdict=verdict,
        path=f"{HERE}{lock.id}/",
    )


def _find(device_id: UUID) -> FleetLock:
    lock = store.find_fleet_lock(device_id)
    if lock is None:
        raise Problem(404, "There is no such lock")
    return lock
