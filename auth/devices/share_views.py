"""/api/v1/devices/…/shares/: letting others use a device, and taking it back."""

from typing import Any
from uuid import UUID

from auth.accounts.schemas import Answer
from auth.devices import schemas, sharing, store
from auth.devices.rights import own_device
from auth.devices.views import ONE, client_address
from auth.http.body import named_changes
from auth.http.route import Routes, SignIn, envelope
from auth.sign_in import Caller

routes = Routes("devices")

SHARES = ONE + "shares/"
SHARE = SHARES + "<uuid:share_id>/"


@routes.add(
    "GET",
    SHARES,
    sign_in=SignIn.CALLER,
    query=schemas.SharePage,
    answers={200: Answer[schemas.ShareList]},
    problems=(403,),
)
def list_shares(caller: Caller, device_id: UUID, query: schemas.SharePage) -> Any:
    """With whom a device of yours is shared, a page at a time."""
    shares, following = store.list_shares(own_device(caller, device_id).id, query)
    return envelope("Shares retrieved", schemas.ShareList(items=shares, next=following))


@routes.add(
    "POST",
    SHARES,
    sign_in=SignIn.CALLER,
    body=schemas.NewShare,
    is_idempotent=True,
    answers={201: Answer[schemas.ShareView]},
    problems=(403,),
)
def add_share(caller: Caller, device_id: UUID, body: schemas.NewShare) -> Any:
    """Share a device of yours with somebody who has an account here."""
    share = sharing.add_share(caller, client_address(), device_id, body)
    return 201, envelope("Device shared", share)


@routes.add(
    "PATCH",
    SHARE,
    sign_in=SignIn.CALLER,
    body=schemas.ShareChange,
    answers={200: Answer[schemas.ShareView]},
    problems=(403,),
)
def change_share(caller: Caller, device_id: UUID, share_id: UUID, body: schemas.ShareChange) -> Any:
    """Change what a share allows, or when; fields that are left out stay. It counts at once."""
    share = sharing.change_share(caller, client_address(), device_id, share_id, named_changes(body))
    return envelope("Share updated", share)


@routes.add("DELETE", SHARE, sign_in=SignIn.CALLER, answers={204: None}, problems=(403,))
def delete_share(caller: Caller, device_id: UUID, share_id: UUID) -> Any:
    """Share a device of yours with somebody no longer, from this moment on."""
    sharing.delete_share(caller, client_address(), device_id, share_id)
    return 204, None
