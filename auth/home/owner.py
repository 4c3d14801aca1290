"""How a page of the home is made: open to every account that signed in, for its own locks and those shared with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, request

from auth.devices.rights import Use, own_device, usable_device
from auth.gate import CLIENT_ADDRESS
from auth.http.problems import Problem
from auth.pages import room
from auth.sign_in import Caller, read_cookie_account
from common.maintenance import zone_named
from sql.models import Device

SIGN_IN = "/home/login/"
HOME = "/home/"


class Room(room.Room):
    """The routes of one room of the home."""

    def __init__(self) -> None:
        super().__init__("home", SIGN_IN, read_cookie_account)


@dataclass(frozen=True)
class Way:
    """A way from a lock's page to another one of it."""

    path: str
    word: str


def path_of(device_id: UUID) -> str:
    """Where a lock's pages begin."""
    return f"{HOME}devices/{device_id}/"


def address() -> str:
    """Where the request comes from, for the log."""
    return str(request.environ[CLIENT_ADDRESS])


def own(caller: Caller, device_id: UUID) -> Use:
    """The caller's own lock. Raises Problem 403, 404."""
    return Use(own_device(caller, device_id), is_owner=True, can_unlock=True, can_lock=True)


def usable(caller: Caller, device_id: UUID) -> Use:
    """A lock that the caller owns or may use now. Raises Problem 404."""
    return usable_device(caller, device_id)


def room_page(template: str, caller: Caller, refused: Problem | None = None, **values: Any) -> Response:
    """A page of the home; with `refused`, what was not right with the form on it."""
    return room.room_page(f"home/{template}", caller, refused, **values)


def lock_page(template: str, caller: Caller, use: Use, refused: Problem | None = None, **values: Any) -> Response:
    """A page of one lock, with the ways to the others that the caller may see; times are by the lock's own clock."""
    zone = zone_named(use.device.timezone)

    def local(moment: datetime | None) -> datetime | None:
        return moment and moment.astimezone(zone)

    return room_page(template, caller, refused, device=use.device, use=use, ways=ways_of(use), local=local, **values)


def ways_of(use: Use) -> list[Way]:
    """The pages of a lock that somebody may see."""
    here = path_of(use.device.id)
    words = [("", "Now")]
    if use.is_owner:
        words += [("log/", "Log"), ("shares/", "Shared with"), ("pins/", "PINs")]
    if use.can_unlock:
        words.append(("qr/", "QR code"))
    if use.is_owner:
        words += [("alerts/", "Alerts"), ("settings/", "Settings")]
    return [Way(here + path, word) for path, word in words]


def sure_page(caller: Caller, device: Device, *, title: str, words: str, word: str) -> Response:
    """Whether they really mean it, before anything is done to a lock."""
    back = path_of(device.id) + "settings/"
    return room_page("sure.html", caller, title=title, words=words, word=word, back=back)
