"""Telling a lock what to do: auth asks by a row, the collector signs and sends it and writes its end into the row."""

from datetime import timedelta
from uuid import UUID

from auth.database import db, run_within
from auth.devices import store
from auth.devices.rights import none_such
from auth.devices.schemas import Asked, CommandView
from auth.house import house
from auth.http.problems import Problem
from common.lock_protocol.commands import LIFE_SECONDS
from sql.device_log import Draft

NONE_SUCH = "There is no such command"
REFUSALS = {
    "forbidden": (403, "You may not do that with this device"),
    "inactive": (409, "Device is inactive"),
    "offline": (409, "Device is offline"),
}


def ask(caller_id: UUID, ip: str, device_id: UUID, command: Asked) -> CommandView:
    """Ask for a command, if they may at this moment; it goes out once the transaction is committed.

    Raises Problem 404, 403, 409. What is refused is logged and committed, unless the device is not there for them.
    """
    rows = run_within(
        store.statements.ask_command,
        device_id=device_id,
        caller_id=caller_id,
        ip_address=ip or None,
        command=command,
        life=timedelta(seconds=LIFE_SECONDS[command]),
    )
    refusal, *told = rows[0] if rows else ("unknown",)
    if refusal == "unknown":
        raise none_such()
    if refusal is not None:
        status, detail = REFUSALS[refusal]
        _log_refusal(caller_id, ip, device_id, command, detail)
        raise Problem(status, detail)
    return CommandView(**dict(zip(CommandView.model_fields, told, strict=True)))


def wait_for(command_id: UUID, seconds: float) -> CommandView:
    """The command once it has come to its end, or after `seconds`; at once when too many wait already.

    What asked for it must be committed.
    """
    return house().waiting_room.wait(lambda: _ended(command_id), seconds) or _read(command_id)


def _ended(command_id: UUID) -> CommandView | None:
    found = _read(command_id)
    return found if found.finished_at else None


def _read(command_id: UUID) -> CommandView:
    found = store.find_command(command_id)
    if found is None:
        raise Problem(404, NONE_SUCH)
    return found[0]


def _log_refusal(caller_id: UUID, ip: str, device_id: UUID, command: Asked, detail: str) -> None:
    """In a transaction of its own: what the request did before, such as claiming its key, is undone by the refusal."""
    db.session.rollback()
    store.write_log(
        Draft(
            device_id=device_id,
            event_type=command,
            description=f"{command.capitalize()} command refused: {detail}",
            success=False,
            user_id=caller_id,
            ip_address=ip or None,
        )
    )
    db.session.commit()
