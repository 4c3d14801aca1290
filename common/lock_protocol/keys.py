"""A device's secrets: derived, so that no table holds them, from a master, a purpose, the device's row and a version.

HKDF with SHA-256 (RFC 5869). Two masters: DEVICE_KEY, which auth and collector have, for what the fleet needs; and
PIN_PEPPER, which auth alone has, for what opens doors without the collector.
"""

import base64
import hmac
from typing import Literal
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FleetPurpose = Literal["mqtt", "mqtt-salt", "command", "checkpoint"]  # of DEVICE_KEY
DoorPurpose = Literal["api", "code", "qr"]  # of PIN_PEPPER
KEY_BYTES = 32


def derive_key(master: str, purpose: FleetPurpose | DoorPurpose, device: UUID, version: int) -> bytes:
    """32 bytes that only who knows `master` can make; `device` is the row's id, which never comes back."""
    info = f"watchhouse device|{purpose}|{device}|{version}".encode()
    return HKDF(SHA256(), KEY_BYTES, None, info).derive(master.encode())


def as_text(key: bytes) -> str:
    """A key as people and firmware get it: base64url without padding."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """The key in a text that `as_text` made. Raises ValueError for any other."""
    if "+" in text or "/" in text:
        raise ValueError("must be base64url")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def device_bearer(master: str, device: UUID, version: int) -> str:
    """The bearer token by which a lock asks the API: its row's id, and a secret."""
    return f"{device.hex}.{as_text(derive_key(master, 'api', device, version))}"


def bearer_device(token: str) -> UUID | None:
    """Whose bearer a token says it is; None for what has not the form of one."""
    head, _, tail = token.partition(".")
    try:
        return UUID(hex=head) if len(head) == 32 and tail else None
    except ValueError:
        return None


def is_bearer_of(token: str, master: str, device: UUID, version: int) -> bool:
    """Whether `token` is the device's bearer of this version; as slow for a wrong one."""
    return hmac.compare_digest(token.encode(), device_bearer(master, device, version).encode())
