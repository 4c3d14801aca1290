"""/home/devices/{id}/settings/: a lock's name, zone and state; its secrets anew; handing it on, and giving it up."""

from typing import Any
from uuid import UUID

from flask import Response

from auth.devices.changing import change_device, delete_device, rotate_credentials, transfer_device
from auth.devices.schemas import DeviceChange, Rotation, Transfer
from auth.home.owner import HOME, Room, address, lock_page, own, path_of, sure_page
from auth.http.body import check
from auth.http.problems import Problem, bad_fields
from auth.pages.room import Done, PageForm, demand_unchanged
from auth.pages.wall_clock import zone_names
from auth.sign_in import Caller
from sql.models import Device

routes = Room()

HERE = "/home/devices/<uuid:device_id>/"
STATUSES = (("ACTIVE", "In use"), ("INACTIVE", "Switched off: no commands, no codes"))
SECRETS = (("", "The MQTT password and all keys"), ("mqtt", "Only the MQTT password"), ("keys", "Only the keys"))


class SettingsForm(PageForm):
    """What an owner sets of a lock."""

    name: str = ""
    timezone: str = ""
    status: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """The form in the words of the API's model."""
        return {"name": self.name.strip(), "timezone": self.timezone.strip(), "status": self.status}


class RotateForm(PageForm):
    """Which secrets to make anew."""

    only: str = ""


class TransferForm(PageForm):
    """Whose the lock shall be, and that it is meant."""

    email: str = ""
    is_sure: str = ""


@routes.show(HERE + "settings/", problems=(404,))
def show_lock_settings(caller: Caller, device_id: UUID) -> Any:
    """The form of a lock, as it stands."""
    return _show_settings(caller, _form_of(own(caller, device_id).device), device_id)


def _show_settings(caller: Caller, body: SettingsForm, device_id: UUID, refused: Problem | None = None) -> Response:
    use = own(caller, device_id)
    return lock_page("settings.html", caller, use, refused, form=body, statuses=STATUSES, zones=zone_names())


@routes.act(HERE + "settings/", body=SettingsForm, again=_show_settings)
def change_lock_by_form(caller: Caller, device_id: UUID, body: SettingsForm) -> Any:
    """Change a lock's name, zone or state."""
    before = _form_of(own(caller, device_id).device)
    demand_unchanged(body, before)
    was = before.values
    changes = {name: value for name, value in body.values.items() if value != was[name]}
    change_device(caller, address(), device_id, check(DeviceChange, changes).model_dump(exclude_unset=True))
    return Done(f"{path_of(device_id)}settings/", "The lock is saved." if changes else "Nothing was changed.")


@routes.show(HERE + "rotate/", problems=(404,))
def ask_to_rotate(caller: Caller, device_id: UUID) -> Any:
    """Which secrets shall be made anew, and whether they really shall."""
    return _show_rotation(caller, RotateForm(), device_id)


def _show_rotation(caller: Caller, body: RotateForm, device_id: UUID, refused: Problem | None = None) -> Response:
    return lock_page("rotate.html", caller, own(caller, device_id), refused, form=body, secrets=SECRETS)


@routes.act(HERE + "rotate/", body=RotateForm, again=_show_rotation, page_status=201)
def rotate_by_form(caller: Caller, device_id: UUID, body: RotateForm) -> Any:
    """Make secrets anew; they stand on the answer, and nowhere after."""
    only = check(Rotation, {"only": body.only or None}).only
    credentials = rotate_credentials(caller, address(), device_id, only)
    page = lock_page("credentials.html", caller, own(caller, device_id), credentials=credentials, is_new=False)
    page.status_code = 201
    return page


@routes.show(HERE + "transfer/", problems=(404,))
def ask_to_transfer(caller: Caller, device_id: UUID) -> Any:
    """To whom the lock shall go, and whether it really shall."""
    return _show_transfer(caller, TransferForm(), device_id)


def _show_transfer(caller: Caller, body: TransferForm, device_id: UUID, refused: Problem | None = None) -> Response:
    return lock_page("transfer.html", caller, own(caller, device_id), refused, form=body)


@routes.act(HERE + "transfer/", body=TransferForm, again=_show_transfer)
def transfer_by_form(caller: Caller, device_id: UUID, body: TransferForm) -> Any:
    """Hand a lock on to somebody else."""
    name = own(caller, device_id).device.name
    wanted = check(Transfer, {"email": body.email.strip()})
    if not body.is_sure:
        raise bad_fields({"is_sure": ["must be ticked: it cannot be undone by you"]})
    transfer_device(caller, address(), device_id, wanted.email)
    return Done(HOME, f"{name} is {wanted.email}'s now.")


@routes.show(HERE + "delete/", problems=(404,))
def ask_to_delete_lock(caller: Caller, device_id: UUID) -> Any:
    """Whether the lock really shall go."""
    device = own(caller, device_id).device
    return sure_page(
        caller,
        device,
        title=f"Delete {device.name}?",
        words="It leaves the broker at once. Its shares and PINs are gone for good, and anybody may claim it anew.",
        word="Delete it",
    )


@routes.act(HERE + "delete/")
def delete_lock_by_form(caller: Caller, device_id: UUID) -> Any:
    """Give a lock up."""
    name = own(caller, device_id).device.name
    delete_device(caller, address(), device_id)
    return Done(HOME, f"{name} is deleted.")


def _form_of(device: Device) -> SettingsForm:
    return SettingsForm(name=device.name, timezone=device.timezone, status=device.status)
