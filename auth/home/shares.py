"""/home/devices/{id}/shares/: who else may use a lock, and when. Windows are typed by the lock's own clock."""

from typing import Any
from uuid import UUID

from flask import Response

from auth.devices.schemas import NewShare, ShareChange, SharePage, ShareView
from auth.devices.sharing import NONE_SUCH, add_share, change_share, delete_share
from auth.devices.store import find_share, list_shares, show_share
from auth.home.owner import Room, address, lock_page, own, path_of, room_page
from auth.http.body import check
from auth.http.problems import Problem
from auth.pages.room import Done, PageForm, demand_unchanged
from auth.pages.wall_clock import in_zone, wall_clock
from auth.sign_in import Caller
from common.clock import utc_now

routes = Room()

HERE = "/home/devices/<uuid:device_id>/shares/"
ONE = HERE + "<uuid:share_id>/"


class ShareForm(PageForm):
    """What a share allows, and when."""

    can_unlock: str = ""
    can_lock: str = ""
    is_active: str = ""
    valid_from: str = ""
    valid_until: str = ""

    def values_in(self, zone: str) -> dict[str, Any]:
        """The form in the words of the API's models."""
        begins = {"valid_from": in_zone(self.valid_from, zone)} if self.valid_from else {}
        return {
            "can_unlock": bool(self.can_unlock),
            "can_lock": bool(self.can_lock),
            "is_active": bool(self.is_active),
            "valid_until": in_zone(self.valid_until, zone) if self.valid_until else None,
            **begins,
        }


class NewShareForm(ShareForm):
    """The same, and with whom."""

    shared_with: str = ""


@routes.show(HERE, query=SharePage, problems=(404,))
def show_shares(caller: Caller, device_id: UUID, query: SharePage) -> Any:
    """With whom a lock is shared, and the form to share it with somebody else."""
    return _show_all(caller, NewShareForm(can_unlock="on", can_lock="on"), device_id, query=query)


def _show_all(
    caller: Caller,
    body: NewShareForm,
    device_id: UUID,
    refused: Problem | None = None,
    query: SharePage | None = None,
) -> Response:
    use = own(caller, device_id)
    shares, following = list_shares(device_id, query or SharePage())
    return lock_page(
        "shares.html", caller, use, refused, form=body, shares=shares, next=following, standing_of=_standing_of
    )


@routes.act(HERE, body=NewShareForm, again=_show_all)
def share_by_form(caller: Caller, device_id: UUID, body: NewShareForm) -> Any:
    """Share a lock with somebody."""
    zone = own(caller, device_id).device.timezone
    values = {**body.values_in(zone), "is_active": True, "shared_with": body.shared_with.strip()}
    share = add_share(caller, address(), device_id, check(NewShare, values))
    return Done(f"{path_of(device_id)}shares/", f"The lock is shared with {share.shared_with}.")


@routes.show(ONE, problems=(404,))
def show_share_change(caller: Caller, device_id: UUID, share_id: UUID) -> Any:
    """The form of a share, as it stands."""
    share, zone = _find(caller, device_id, share_id)
    return _show_one(caller, _form_of(share, zone), device_id, share_id)


def _show_one(
    caller: Caller, body: ShareForm, device_id: UUID, share_id: UUID, refused: Problem | None = None
) -> Response:
    use = own(caller, device_id)
    return lock_page("share.html", caller, use, refused, form=body, share=_find(caller, device_id, share_id)[0])


@routes.act(ONE, body=ShareForm, again=_show_one)
def change_share_by_form(caller: Caller, device_id: UUID, share_id: UUID, body: ShareForm) -> Any:
    """Change a share; what the form leaves as it was is not touched."""
    share, zone = _find(caller, device_id, share_id)
    before = _form_of(share, zone)
    demand_unchanged(body, before)
    was, wanted = before.values_in(zone), body.values_in(zone)
    changes = {name: value for name, value in wanted.items() if value != was.get(name)}
    if changes:
        change_share(caller, address(), device_id, share_id, check(ShareChange, changes).model_dump(exclude_unset=True))
    return Done(f"{path_of(device_id)}shares/", f"The share with {share.shared_with} is saved.")


@routes.show(ONE + "remove/", problems=(404,))
def ask_to_remove_share(caller: Caller, device_id: UUID, share_id: UUID) -> Any:
    """Whether the lock really shall be taken back."""
    share, _ = _find(caller, device_id, share_id)
    return room_page(
        "sure.html",
        caller,
        title=f"Take the lock back from {share.shared_with}?",
        words="They can use it no more from that moment on, and what they asked for and is not done will not be.",
        word="Take it back",
        back=f"{path_of(device_id)}shares/",
    )


@routes.act(ONE + "remove/")
def remove_share_by_form(caller: Caller, device_id: UUID, share_id: UUID) -> Any:
    """Take a lock back from somebody."""
    share, _ = _find(caller, device_id, share_id)
    delete_share(caller, address(), device_id, share_id)
    return Done(f"{path_of(device_id)}shares/", f"The lock is no longer shared with {share.shared_with}.")


def _find(caller: Caller, device_id: UUID, share_id: UUID) -> tuple[ShareView, str]:
    """A share, and the zone by whose clock its window is told. Raises Problem 403, 404."""
    device = own(caller, device_id).device
    found = find_share(device.id, share_id)
    if found is None:
        raise Problem(404, NONE_SUCH)
    return show_share(*found), device.timezone


def _form_of(share: ShareView, zone: str) -> ShareForm:
    return ShareForm(
        can_unlock="on" if share.can_unlock else "",
        can_lock="on" if share.can_lock else "",
        is_active="on" if share.is_active else "",
        valid_from=wall_clock(share.valid_from, zone),
        valid_until=wall_clock(share.valid_until, zone) if share.valid_until else "",
    )


def _standing_of(share: ShareView) -> tuple[str, str]:
    """How a share stands now: the state that a page shows it as, and a word."""
    now = utc_now()
    if not share.is_active:
        return "disabled", "Paused"
    if share.valid_until and share.valid_until <= now:
        return "disabled", "Over"
    return ("degraded", "Not yet") if share.valid_from > now else ("operational", "May use it now")
