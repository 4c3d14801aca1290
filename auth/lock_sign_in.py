"""Which lock is asking: the device behind a bearer that was derived for it, read anew on every request."""

from dataclasses import dataclass
from uuid import UUID

from flask import request

from auth.database import run_alone
from auth.house import house
from auth.http.problems import unauthorized
from common.lock_protocol.keys import bearer_device, is_bearer_of
from sql.statements import load

statements = load("access")


@dataclass(frozen=True, slots=True)
class AskingLock:
    """A device as it stands at this moment, whose lock asks."""

    id: UUID
    device_id: str
    name: str
    status: str
    timezone: str
    key_version: int
    code_key_version: int

    @property
    def is_active(self) -> bool:
        """Whether its codes open anything."""
        return self.status == "ACTIVE"


def read_lock() -> AskingLock:
    """The lock whose bearer the request has. Raises Problem 401: also for a deleted device, and for older keys."""
    scheme, _, given = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    token = given.strip()
    row_id = bearer_device(token) if scheme.lower() == "bearer" else None
    rows = run_alone(statements.read_asking_lock, id=str(row_id)) if row_id else []
    if not rows:
        raise unauthorized("A lock's key is needed")
    found = AskingLock(UUID(str(rows[0][0])), *rows[0][1:])
    if not is_bearer_of(token, house().settings.pin_pepper, found.id, found.key_version):
        raise unauthorized("A lock's key is needed")
    return found
