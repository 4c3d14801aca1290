"""/api/v1/devices/: claiming, seeing, changing, handing on and giving up devices; their logs."""

from typing import Any
from uuid import UUID

from flask import request

from auth.accounts.schemas import Answer
from auth.devices import changing, schemas, store
from auth.devices.rights import none_such, own_device
from auth.gate import ADDED_HEADERS, CLIENT_ADDRESS
from auth.http.body import named_changes
from auth.http.problems import Problem
from auth.http.route import Routes, SignIn, envelope, sees_all
from auth.sign_in import Caller

routes = Routes("devices")

PATH = "/api/v1/devices/"
ONE = "/api/v1/devices/<uuid:device_id>/"


def client_address() -> str:
    """Where the request comes from."""
    address: str = request.environ[CLIENT_ADDRESS]
    return address


@routes.add(
    "GET",
    PATH,
    sign_in=SignIn.CALLER,
    query=schemas.DevicePage,
    answers={200: Answer[schemas.DeviceList]},
    problems=(403,),
)
def list_devices(caller: Caller, query: schemas.DevicePage) -> Any:
    """Devices of yours and those shared with you, a page at a time; with `all`, for staff, everybody's.

    Staff sees them, and may open none.
    """
    if query.all and not sees_all(caller):
        raise Problem(403, "Devices of others are for staff only")
    devices, following = store.list_devices(caller.id, query, sees_all=query.all)
    return envelope("Devices retrieved", schemas.DeviceList(items=devices, next=following))


@routes.add(
    "POST",
    PATH,
    sign_in=SignIn.CALLER,
    body=schemas.NewDevice,
    is_idempotent=True,
    answers={201: Answer[schemas.ClaimedDevice]},
)
def claim_device(caller: Caller, body: schemas.NewDevice) -> Any:
    """Claim a device: it is yours from now on. Tells its MQTT password and keys, this once."""
    device, credentials = changing.claim_device(caller, client_address(), body)
    keep_secret()
    claimed = schemas.ClaimedDevice(**_show(caller, device.id).model_dump(), credentials=credentials)
    return 201, envelope("Device created", claimed)


@routes.add("GET", ONE, sign_in=SignIn.CALLER, answers={200: Answer[schemas.DeviceView]})
def read_device(caller: Caller, device_id: UUID) -> Any:
    """A device of yours, or one that is shared with you now."""
    return envelope("Device retrieved", _show(caller, device_id))


@routes.add(
    "PATCH",
    ONE,
    sign_in=SignIn.CALLER,
    body=schemas.DeviceChange,
    answers={200: Answer[schemas.DeviceView]},
    problems=(403,),
)
def change_device(caller: Caller, device_id: UUID, body: schemas.DeviceChange) -> Any:
    """Change name, status or time zone of a device of yours; fields that are left out stay."""
    changing.change_device(caller, client_address(), device_id, named_changes(body))
    return envelope("Device updated", _show(caller, device_id))


@routes.add("DELETE", ONE, sign_in=SignIn.CALLER, answers={204: None}, problems=(403,))
def delete_device(caller: Caller, device_id: UUID) -> Any:
    """Give a device of yours up, with its shares, codes and credentials; anybody may claim it anew."""
    changing.delete_device(caller, client_address(), device_id)
    return 204, None


@routes.add(
    "GET",
    ONE + "logs/",
    sign_in=SignIn.CALLER,
    query=schemas.LogPage,
    answers={200: Answer[schemas.LogList]},
    problems=(403,),
)
def list_device_log(caller: Caller, device_id: UUID, query: schemas.LogPage) -> Any:
    """What happened at a device since it is yours, newest first."""
    entries, following = store.list_log(own_device(caller, device_id), query)
    return envelope("Log retrieved", schemas.LogList(items=entries, next=following))


@routes.add(
    "POST",
    ONE + "credentials/rotate/",
    sign_in=SignIn.CALLER,
    body=schemas.Rotation,
    is_idempotent=True,
    answers={200: Answer[schemas.Credentials]},
    problems=(403,),
)
def rotate_credentials(caller: Caller, device_id: UUID, body: schemas.Rotation) -> Any:
    """Make the secrets of a device of yours anew, and tell them, this once; the old ones are void at once."""
    credentials = changing.rotate_credentials(caller, client_address(), device_id, body.only)
    keep_secret()
    return envelope("Credentials rotated", credentials)


@routes.add(
    "POST",
    ONE + "transfer/",
    sign_in=SignIn.CALLER,
    body=schemas.Transfer,
    is_idempotent=True,
    answers={200: Answer[None]},
    problems=(403,),
)
def transfer_device(caller: Caller, device_id: UUID, body: schemas.Transfer) -> Any:
    """Make a device of yours somebody else's, without its shares, codes and credentials.

    The new owner rotates the credentials to get new ones.
    """
    changing.transfer_device(caller, client_address(), device_id, body.email)
    return envelope("Device transferred", None)


def _show(caller: Caller, device_id: UUID) -> schemas.DeviceView:
    """The device as the caller may see it. Raises Problem 404."""
    found = store.find_device(caller.id, device_id)
    if found is None:
        raise none_such()
    return found


def keep_secret() -> None:
    """No cache between us and the caller is to keep the answer."""
    request.environ[ADDED_HEADERS].append(("Cache-Control", "no-store"))
