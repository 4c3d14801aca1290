"""Every route that is about a lock, and what each person is to be answered there: the table of the matrix of rights.

`{device}`, `{share}`, `{command}`, `{pin}`, `{alert}` in a path or body are ids at the device that is asked for;
`{email}` is somebody who has nothing to do with it, `{new}` a `device_id` that nobody has.
"""

from dataclasses import dataclass, field
from typing import Any

# Whose call it is: guests have a share with both rights, within and out of its window; the sharer may only lock; the
# former owner gave the device to the owner.
PEOPLE = ("nobody", "stranger", "guest", "late guest", "sharer", "former owner", "staff", "owner")
# Which device it is about: one where they are who they are, one that none of them has to do with, one that is deleted.
DEVICES = ("other", "deleted", "own")

PREFIXES = ("/api/v1/devices", "/api/v1/access", "/api/v1/security")


@dataclass(frozen=True)
class LockRoute:
    """A method and path; `done` is the answer to who has the `right`, as RIGHTS has it."""

    method: str
    path: str
    done: int
    right: str
    body: dict[str, Any] | None = field(default=None, hash=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


INVITED = {"guest", "sharer"}
# Who may, by the name of a right; of the others who it is not hidden from are told so.
RIGHTS: dict[str, set[str]] = {
    "owner": {"owner"},
    "see": {"owner", *INVITED},
    "unlock": {"owner", "guest"},
    "lock": {"owner", *INVITED},
}

# Rights by which staff sees what is other people's.
WATCHING = {"watch", "watch all", "staff"}

ONE = "/api/v1/devices/{device}/"
ACCESS, SECURITY = "/api/v1/access/", "/api/v1/security/"
LOCK_ROUTES = (
    LockRoute("GET", "/api/v1/devices/", 200, "anybody"),
    LockRoute("POST", "/api/v1/devices/", 201, "anybody", {"device_id": "{new}"}),
    LockRoute("GET", ONE, 200, "see"),
    LockRoute("PATCH", ONE, 200, "owner", {"name": "Side door"}),
    LockRoute("DELETE", ONE, 204, "owner"),
    LockRoute("POST", ONE + "unlock/", 202, "unlock"),
    LockRoute("POST", ONE + "lock/", 202, "lock"),
    LockRoute("POST", ONE + "reboot/", 202, "owner"),
    LockRoute("GET", ONE + "commands/{command}/", 200, "owner alone"),
    LockRoute("GET", ONE + "logs/", 200, "owner"),
    LockRoute("GET", ONE + "shares/", 200, "owner"),
    LockRoute("POST", ONE + "shares/", 201, "owner", {"shared_with": "{email}"}),
    LockRoute("PATCH", ONE + "shares/{share}/", 200, "owner", {"can_lock": False}),
    LockRoute("DELETE", ONE + "shares/{share}/", 204, "owner"),
    LockRoute("POST", ONE + "credentials/rotate/", 200, "owner", {}),
    LockRoute("POST", ONE + "transfer/", 200, "owner", {"email": "{email}"}),
    LockRoute("GET", ACCESS + "pins/", 200, "anybody"),
    LockRoute("GET", ACCESS + "pins/?device={device}", 200, "owner"),
    LockRoute("POST", ACCESS + "pins/", 201, "owner", {"device_id": "{device}", "name": "Cleaner"}),
    LockRoute("DELETE", ACCESS + "pins/{pin}/", 204, "owner"),
    LockRoute("POST", ACCESS + "pins/verify/", 200, "lock's own", {"pin": "482913"}),
    LockRoute("POST", ACCESS + "qr/", 200, "unlock", {"device_id": "{device}"}),
    LockRoute("POST", ACCESS + "qr/verify/", 200, "lock's own", {"code": "WH1"}),
    LockRoute("GET", ACCESS + "logs/", 200, "anybody"),
    LockRoute("GET", ACCESS + "logs/?device={device}", 200, "owner"),
    LockRoute("GET", SECURITY + "alerts/", 200, "watch all"),
    LockRoute("POST", SECURITY + "alerts/{alert}/acknowledge/", 200, "watch"),
    LockRoute("POST", SECURITY + "alerts/{alert}/resolve/", 200, "watch"),
    LockRoute("GET", SECURITY + "failed-attempts/", 200, "staff"),
)


def expected_status(route: LockRoute, who: str, which: str) -> int:
    """What `who` is to be answered by `route` about a device."""
    if who == "nobody" or route.right == "lock's own":
        return 401
    if route.right in ("anybody", "watch all") or (route.right in WATCHING and who == "staff"):
        return route.done
    if route.right == "staff":
        return 403
    return _status_at_a_device(route, who) if which == "own" else 404


def _status_at_a_device(route: LockRoute, who: str) -> int:
    """The same at the device where they are who they are."""
    if route.right in ("owner alone", "watch"):
        return route.done if who == "owner" else 404
    if who in RIGHTS[route.right]:
        return route.done
    return 403 if who in INVITED else 404


def is_hidden(route: LockRoute, who: str, which: str) -> bool:
    """Whether a device is not there for `who`, as far as `route` tells."""
    if who == "staff" and route.right in WATCHING:
        return False
    return which != "own" or who not in RIGHTS["see"]
