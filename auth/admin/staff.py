"""Staff's rooms: open to signed-in staff, in the networks that staff comes from."""

from typing import Any

from flask import Response

from auth.house import house
from auth.http.problems import Problem
from auth.http.route import demand_network
from auth.pages import room
from auth.sign_in import Caller, read_cookie_caller

SIGN_IN = "/admin/login/"


class Room(room.Room):
    """The routes of one of staff's rooms."""

    def __init__(self) -> None:
        super().__init__("admin", SIGN_IN, signed_in)


def demand_staff_network() -> None:
    """Raises Problem 403 for a network that staff does not come from."""
    demand_network(house().settings.staff_networks)


def signed_in() -> Caller | None:
    """The member of staff whose cookie came, or None."""
    demand_staff_network()
    return read_cookie_caller()


def room_page(template: str, caller: Caller, refused: Problem | None = None, **values: Any) -> Response:
    """A page of one of staff's rooms; with `refused`, what was not right with the form on it."""
    return room.room_page(f"admin/{template}", caller, refused, **values)
