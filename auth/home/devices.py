"""/home/: all locks of a person, and the claim of another one."""

from typing import Any

from flask import Response

from auth.devices.changing import claim_device
from auth.devices.schemas import DevicePage, NewDevice
from auth.devices.store import list_devices
from auth.home.owner import HOME, Room, address, lock_page, own, path_of, room_page
from auth.http.body import check
from auth.http.problems import Problem
from auth.pages.room import PageForm
from auth.pages.wall_clock import zone_names
from auth.sign_in import Caller

routes = Room()


class HomePage(DevicePage):
    """A page of the list. Staff sees everybody's in a room of its own."""

    all: bool = False


class ClaimForm(PageForm):
    """The lock to claim: its name at the broker, and its name for people."""

    device_id: str = ""
    name: str = ""
    timezone: str = "UTC"

    @property
    def values(self) -> dict[str, Any]:
        """The form in the words of the API's model."""
        name = self.name.strip()
        told = {"device_id": self.device_id.strip(), "timezone": self.timezone.strip()}
        return {**told, "name": name} if name else told


@routes.show(HOME, query=HomePage)
def show_home(caller: Caller, query: HomePage) -> Any:
    """The locks that are theirs or shared with them; whoever is not signed in is sent to do so."""
    devices, following = list_devices(caller.id, query)
    return room_page("devices.html", caller, devices=devices, next=following, path_of=path_of)


@routes.show(HOME + "claim/")
def show_claim(caller: Caller) -> Any:
    """The form to claim a lock."""
    return _show_claim(caller, ClaimForm())


def _show_claim(caller: Caller, body: ClaimForm, refused: Problem | None = None) -> Response:
    return room_page("claim.html", caller, refused, form=body, zones=zone_names())


@routes.act(HOME + "claim/", body=ClaimForm, again=_show_claim, page_status=201)
def claim_by_form(caller: Caller, body: ClaimForm) -> Any:
    """Claim a lock; its secrets stand on the answer, and nowhere after."""
    device, credentials = claim_device(caller, address(), check(NewDevice, body.values))
    page = lock_page("credentials.html", caller, own(caller, device.id), credentials=credentials, is_new=True)
    page.status_code = 201
    return page
