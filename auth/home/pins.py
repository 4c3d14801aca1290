"""/home/devices/{id}/pins/: the PINs of a lock. A new one is shown once; of others there is nothing to show."""

from typing import Any
from uuid import UUID

from flask import Response
from pydantic import Field

from auth.access.changing import add_pin, delete_pin
from auth.access.schemas import NewPin, PinPage, PinView
from auth.access.store import list_pins
from auth.home.owner import Room, address, lock_page, own, path_of, room_page
from auth.http.body import check
from auth.http.paging import Page
from auth.http.problems import Problem
from auth.pages.room import Done, PageForm
from auth.pages.typed import number_or_text
from auth.pages.wall_clock import in_zone
from auth.sign_in import Caller

routes = Room()

HERE = "/home/devices/<uuid:device_id>/pins/"
ONE = HERE + "<key:pin_id>/"
DAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}


class PinForm(PageForm):
    """A new PIN. Days and hours say when it opens: none of them, always."""

    name: str = ""
    pin: str = ""
    starts_at: str = ""
    expires_at: str = ""
    max_uses: str = ""
    one_time: str = ""
    days: list[str] = Field(default_factory=list)
    opens: str = ""
    closes: str = ""

    def values_in(self, zone: str) -> dict[str, Any]:
        """The form in the words of the API's model, without what was left empty."""
        said = {
            "name": self.name.strip(),
            "pin": self.pin.strip(),
            "starts_at": self.starts_at and in_zone(self.starts_at, zone),
            "expires_at": self.expires_at and in_zone(self.expires_at, zone),
            "max_uses": self.max_uses.strip() and number_or_text(self.max_uses),
            "schedule": self._schedule,
        }
        return {
            **{name: value for name, value in said.items() if value or name == "name"},
            "one_time": bool(self.one_time),
        }

    @property
    def _schedule(self) -> list[dict[str, Any]]:
        if not (self.days or self.opens or self.closes):
            return []
        return [{"days": self.days or list(DAYS), "from": self.opens or "00:00", "to": self.closes or "24:00"}]


@routes.show(HERE, query=Page, problems=(404,))
def show_pins(caller: Caller, device_id: UUID, query: Page) -> Any:
    """The PINs of a lock, and the form for a new one."""
    return _show_all(caller, PinForm(), device_id, query=query)


def _show_all(
    caller: Caller, body: PinForm, device_id: UUID, refused: Problem | None = None, query: Page | None = None
) -> Response:
    use = own(caller, device_id)
    page = query or Page()
    pins, following = list_pins(caller.id, PinPage(device=device_id, cursor=page.cursor, limit=page.limit))
    return lock_page("pins.html", caller, use, refused, form=body, pins=pins, next=following, days=DAYS)


@routes.act(HERE, body=PinForm, again=_show_all, page_status=201)
def add_pin_by_form(caller: Caller, device_id: UUID, body: PinForm) -> Any:
    """Add a PIN; it stands on the answer, and nowhere after."""
    use = own(caller, device_id)
    values = {**body.values_in(use.device.timezone), "device_id": str(device_id)}
    made = add_pin(caller, address(), check(NewPin, values))
    page = lock_page("pin.html", caller, own(caller, device_id), made=made)
    page.status_code = 201
    return page


@routes.show(ONE + "delete/", problems=(404,))
def ask_to_delete_pin(caller: Caller, device_id: UUID, pin_id: int) -> Any:
    """Whether the PIN really shall go."""
    pin = _find(caller, device_id, pin_id)
    return room_page(
        "sure.html",
        caller,
        title=f"Delete the PIN {pin.name}?",
        words="It opens nothing any more: here at once, and at the lock as soon as that hears of it.",
        word="Delete it",
        back=f"{path_of(device_id)}pins/",
    )


@routes.act(ONE + "delete/")
def delete_pin_by_form(caller: Caller, device_id: UUID, pin_id: int) -> Any:
    """Delete a PIN."""
    pin = _find(caller, device_id, pin_id)
    delete_pin(caller, address(), pin_id)
    return Done(f"{path_of(device_id)}pins/", f"The PIN {pin.name} is deleted.")


def _find(caller: Caller, device_id: UUID, pin_id: int) -> PinView:
    """A PIN of the caller's own lock. Raises Problem 403, 404."""
    own(caller, device_id)
    pins, _ = list_pins(caller.id, PinPage(device=device_id, cursor=pin_id - 1, limit=1))
    if not pins or pins[0].id != pin_id:
        raise Problem(404, "There is no such PIN")
    return pins[0]
