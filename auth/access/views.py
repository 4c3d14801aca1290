"""/api/v1/access/: codes, what they opened, and whether one opens now."""

from typing import Any

from auth.access import changing, schemas, store, verifying
from auth.accounts.schemas import Answer
from auth.devices.rights import own_device
from auth.devices.views import client_address, keep_secret
from auth.http.route import Routes, SignIn, envelope
from auth.lock_sign_in import AskingLock
from auth.sign_in import Caller

routes = Routes("access")


@routes.add(
    "GET",
    "/api/v1/access/pins/",
    sign_in=SignIn.CALLER,
    query=schemas.PinPage,
    answers={200: Answer[schemas.PinList]},
    problems=(403, 404),
)
def list_pins(caller: Caller, query: schemas.PinPage) -> Any:
    """The PINs of your own devices, or of one, a page at a time."""
    if query.device:
        own_device(caller, query.device)
    pins, following = store.list_pins(caller.id, query)
    return envelope("PINs retrieved", schemas.PinList(items=pins, next=following))


@routes.add(
    "POST",
    "/api/v1/access/pins/",
    sign_in=SignIn.CALLER,
    body=schemas.NewPin,
    is_idempotent=True,
    answers={201: Answer[schemas.MadePin]},
    problems=(403, 404, 409),
)
def add_pin(caller: Caller, body: schemas.NewPin) -> Any:
    """Make a PIN for a device of yours; its digits are told this once."""
    keep_secret()
    return 201, envelope("PIN created", changing.add_pin(caller, client_address(), body))


@routes.add(
    "DELETE",
    "/api/v1/access/pins/<key:pin_id>/",
    sign_in=SignIn.CALLER,
    answers={204: None},
    problems=(403,),
)
def delete_pin(caller: Caller, pin_id: int) -> Any:
    """Take a PIN away; it opens nothing from now on."""
    changing.delete_pin(caller, client_address(), pin_id)
    return 204, None


@routes.add(
    "POST",
    "/api/v1/access/pins/verify/",
    sign_in=SignIn.DEVICE,
    body=schemas.PinToVerify,
    answers={200: Answer[schemas.Verdict]},
)
def verify_pin(device: AskingLock, body: schemas.PinToVerify) -> Any:
    """Asked by a lock: whether a PIN opens it now. A use is spent when it does."""
    return envelope("PIN verified", verifying.verify_pin(device, client_address(), body.pin))


@routes.add(
    "POST",
    "/api/v1/access/qr/",
    sign_in=SignIn.CALLER,
    body=schemas.NewQr,
    answers={200: Answer[schemas.QrView]},
    problems=(403, 404, 409),
)
def make_qr(caller: Caller, body: schemas.NewQr) -> Any:
    """The text of a QR code that opens a device for you once, within 30 s."""
    keep_secret()
    return envelope("QR code created", changing.make_qr(caller, body.device_id))


@routes.add(
    "POST",
    "/api/v1/access/qr/verify/",
    sign_in=SignIn.DEVICE,
    body=schemas.QrToVerify,
    answers={200: Answer[schemas.QrVerdict]},
)
def verify_qr(device: AskingLock, body: schemas.QrToVerify) -> Any:
    """Asked by a lock: whether a QR code opens it now, which spends the code."""
    return envelope("QR code verified", verifying.verify_qr(device, client_address(), body.code))


@routes.add(
    "GET",
    "/api/v1/access/logs/",
    sign_in=SignIn.CALLER,
    query=schemas.AccessWanted,
    answers={200: Answer[schemas.AccessList]},
    problems=(403, 404),
)
def list_access(caller: Caller, query: schemas.AccessWanted) -> Any:
    """What people and codes did at your own doors, newest first."""
    if query.device:
        own_device(caller, query.device)
    entries, following = store.list_access(caller.id, query)
    return envelope("Access log retrieved", schemas.AccessList(items=entries, next=following))
