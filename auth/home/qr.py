"""/home/devices/{id}/qr/: a QR code to hold before a lock, renewed for as long as the page is open."""

from typing import Any
from uuid import UUID

import segno

from auth.access.changing import make_qr
from auth.home.owner import Room, lock_page, usable
from auth.sign_in import Caller

routes = Room()

RENEW_SECONDS = 25  # of the 30 that a code lives: what is seen always opens


@routes.show("/home/devices/<uuid:device_id>/qr/", problems=(404, 409))
def show_qr(caller: Caller, device_id: UUID) -> Any:
    """A code of the caller's own, new each time."""
    use = usable(caller, device_id)
    qr = make_qr(caller, device_id)
    return lock_page(
        "qr.html", caller, use, picture=draw(qr.code), expires_at=qr.expires_at, renew_seconds=RENEW_SECONDS
    )


def draw(code: str) -> str:
    """The code as an SVG: black on white by day and night, since that is what readers expect."""
    made = segno.make_qr(code, error="m")
    return str(made.svg_inline(border=4, light="white", omitsize=True, svgclass="code", lineclass=None))
