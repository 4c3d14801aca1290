"""/home/devices/{id}/: how a lock stands, its buttons, and what came of them; and its log."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from auth.database import db
from auth.devices.commanding import ask, wait_for
from auth.devices.rights import none_such
from auth.devices.schemas import Asked, CommandView, LogPage, LogView
from auth.devices.store import find_command, find_device, list_log, read_guest_emails
from auth.home.outcomes import tell_outcome
from auth.home.owner import Room, address, lock_page, own, path_of, usable
from auth.http.body import Query
from auth.http.problems import Problem
from auth.pages.naming import people_in, people_of_codes
from auth.pages.room import Done, to
from auth.security.schemas import AlertPage
from auth.security.store import list_alerts
from auth.sign_in import Caller
from auth.users.store import read_emails

routes = Room()

HERE = "/home/devices/<uuid:device_id>/"
WAIT_SECONDS = 8  # the page then goes on looking by itself
NEWEST = 5
REFRESH_SECONDS = 5
REFUSED = frozenset({403, 409})


class LockQuery(Query):
    """The command whose outcome the page shall tell."""

    command: UUID | None = None


@routes.show(HERE, query=LockQuery, problems=(404,))
def show_lock(caller: Caller, device_id: UUID, query: LockQuery) -> Any:
    """How a lock stands now."""
    use, view = usable(caller, device_id), find_device(caller.id, device_id)
    if view is None:
        raise none_such()  # taken back between the two
    command = query.command and _own_command(caller, device_id, query.command)
    entries = list_log(use.device, LogPage(limit=NEWEST))[0] if use.is_owner else []
    alerts = _open_alerts(caller, device_id) if use.is_owner else []
    return lock_page(
        "lock.html",
        caller,
        use,
        view=view,
        outcome=command and tell_outcome(command),
        entries=entries,
        emails=_read_emails(device_id, entries),
        alerts=alerts,
        refresh_seconds=REFRESH_SECONDS,
    )


@routes.act(HERE + "unlock/")
def unlock_by_button(caller: Caller, device_id: UUID) -> Any:
    """Unlock, and wait a while for the lock's word."""
    return _command(caller, device_id, "UNLOCK")


@routes.act(HERE + "lock/")
def lock_by_button(caller: Caller, device_id: UUID) -> Any:
    """Lock, and wait a while for the lock's word."""
    return _command(caller, device_id, "LOCK")


@routes.act(HERE + "reboot/")
def reboot_by_button(caller: Caller, device_id: UUID) -> Any:
    """Start the lock anew, and wait a while for its word."""
    return _command(caller, device_id, "REBOOT")


@routes.show(HERE + "log/", query=LogPage, problems=(404,))
def show_log(caller: Caller, device_id: UUID, query: LogPage) -> Any:
    """Who opened when, and all else that happened at the lock, newest first."""
    use = own(caller, device_id)
    entries, following = list_log(use.device, query)
    return lock_page("log.html", caller, use, entries=entries, emails=_read_emails(device_id, entries), next=following)


def _command(caller: Caller, device_id: UUID, wanted: Asked) -> Any:
    here = path_of(device_id)
    try:
        command = ask(caller.id, address(), device_id, wanted)
    except Problem as problem:
        if problem.status not in REFUSED:
            raise
        return Done(here, f"Nothing was done: {problem.detail}.", is_refused=True)
    db.session.commit()  # only then is it sent
    wait_for(command.id, WAIT_SECONDS)
    return to(f"{here}?command={command.id}")


def _own_command(caller: Caller, device_id: UUID, command_id: UUID) -> CommandView | None:
    """What the caller asked of this lock, and of no other."""
    found = find_command(command_id)
    return found[0] if found and found[1:] == (device_id, caller.id) else None


def _read_emails(device_id: UUID, entries: Sequence[LogView]) -> dict[UUID, str]:
    """Who is in a log, as far as its owner knows them: an id of anybody's would else be their e-mail."""
    return read_emails(people_in(entries)) | read_guest_emails(device_id, people_of_codes(entries))


def _open_alerts(caller: Caller, device_id: UUID) -> Any:
    return list_alerts(caller.id, AlertPage(status="open", limit=NEWEST), sees_all=False, device_id=device_id)[0]
