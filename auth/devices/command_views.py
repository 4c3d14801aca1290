"""/api/v1/devices/…/unlock/, lock/, reboot/ and commands/: telling a lock what to do, and how far that has come."""

from typing import Any
from uuid import UUID

from auth.accounts.schemas import Answer
from auth.devices import commanding, schemas, store
from auth.devices.rights import usable_device
from auth.devices.views import ONE, client_address
from auth.http.problems import Problem
from auth.http.responses import Later
from auth.http.route import Routes, SignIn, envelope
from auth.sign_in import Caller

routes = Routes("devices")

ASKING: dict[str, Any] = {
    "sign_in": SignIn.CALLER,
    "query": schemas.Patience,
    "is_idempotent": True,
    "answers": {200: Answer[schemas.CommandView], 202: Answer[schemas.CommandView]},
    "problems": (403, 409),
}


@routes.add("POST", ONE + "unlock/", **ASKING)
def unlock_device(caller: Caller, device_id: UUID, query: schemas.Patience) -> Any:
    """Unlock a device of yours, or one shared with you for that. With `wait`, answers with the command's end."""
    return _ask(caller, device_id, "UNLOCK", query.wait)


@routes.add("POST", ONE + "lock/", **ASKING)
def lock_device(caller: Caller, device_id: UUID, query: schemas.Patience) -> Any:
    """Lock a device of yours, or one shared with you for that. With `wait`, answers with the command's end."""
    return _ask(caller, device_id, "LOCK", query.wait)


@routes.add("POST", ONE + "reboot/", **ASKING)
def reboot_device(caller: Caller, device_id: UUID, query: schemas.Patience) -> Any:
    """Let a device of yours start anew. With `wait`, answers with the command's end."""
    return _ask(caller, device_id, "REBOOT", query.wait)


@routes.add(
    "GET",
    ONE + "commands/<uuid:command_id>/",
    sign_in=SignIn.CALLER,
    answers={200: Answer[schemas.CommandView]},
)
def read_command(caller: Caller, device_id: UUID, command_id: UUID) -> Any:
    """How far a command has come; guests see what they asked for themselves."""
    use = usable_device(caller, device_id)
    found = store.find_command(command_id)
    if found is None:
        raise Problem(404, commanding.NONE_SUCH)
    command, of_device, asked_by = found
    is_theirs = asked_by == caller.id or (use.is_owner and command.created_at >= use.device.owned_since)
    if of_device != use.device.id or not is_theirs:
        raise Problem(404, commanding.NONE_SUCH)
    return envelope("Command retrieved", command)


def _ask(caller: Caller, device_id: UUID, command: schemas.Asked, seconds: float) -> Any:
    asked = commanding.ask(caller.id, client_address(), device_id, command)
    now = 202, envelope(f"{command.capitalize()} command sent successfully", asked)
    return Later(now, lambda: _tell_end(asked, seconds)) if seconds else now


def _tell_end(asked: schemas.CommandView, seconds: float) -> Any:
    """200 with the command's end; 202 when there is none yet."""
    command = commanding.wait_for(asked.id, seconds)
    word = command.command.capitalize()
    if command.finished_at is None:
        return 202, envelope(f"{word} command sent successfully", command)
    return envelope(f"{word} command {command.status}", command)
