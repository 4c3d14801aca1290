"""What came of a command, in words for whoever pressed the button. Pure."""

from dataclasses import dataclass
from datetime import datetime

from auth.devices.schemas import CommandView

DONE = {
    "UNLOCK": "The lock says that it is unlocked.",
    "LOCK": "The lock says that it is locked.",
    "REBOOT": "It restarts.",
}
ASKED = {"UNLOCK": "unlock", "LOCK": "lock", "REBOOT": "restart"}


@dataclass(frozen=True)
class Outcome:
    """What is said of a command: `kind` is said, refused or pending; and when it ended."""

    kind: str
    words: str
    at: datetime | None


def tell_outcome(command: CommandView) -> Outcome:
    """How far a command has come."""
    asked = ASKED[command.command]
    why = f" It says why: {command.reason}." if command.reason else ""
    match command.status:
        case "acknowledged":
            return Outcome("said", DONE[command.command], command.finished_at)
        case "failed":
            return Outcome("refused", f"The lock tried to {asked} and could not.{why}", command.finished_at)
        case "rejected":
            return Outcome("refused", f"The lock refused to {asked}.{why}", command.finished_at)
        case "expired":
            words = f"The lock did not {asked} in time, and will not do it any more."
            note = f" Reason: {command.reason}." if command.reason else ""
            return Outcome("refused", words + note, command.finished_at)
        case _:
            return Outcome("pending", f"The lock was asked to {asked} and has not answered yet.", None)
