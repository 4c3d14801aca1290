"""QR codes: a short text that a lock can verify without asking anybody; good for 30 s, once for each verifier.

`WH1.{device id}.{user id as hex}.{nonce}.{expiry, seconds since 1970}.{signature}`, signed with HMAC-SHA256 under the
device's QR key over all before the last dot; nonce and signature in base64url without padding.
"""

import hmac
from dataclasses import dataclass
from uuid import UUID

from common.lock_protocol.errors import ProtocolError
from common.lock_protocol.keys import as_text

LABEL = "WH1"
LIFE_SECONDS = 30
SLACK_SECONDS = 5  # that two clocks may differ by
NONCE_BYTES = 12
NONCE_LENGTH = 16
SIGNATURE_BYTES = 16  # of 32: half of it is out of reach for a guess within 30 s, and makes a smaller picture


@dataclass(frozen=True, slots=True)
class QrCode:
    """What a QR code says; `expires_at` in whole seconds since 1970."""

    device_id: str
    user_id: UUID
    nonce: str
    expires_at: int


def write_qr(key: bytes, code: QrCode) -> str:
    """The text of a QR code, signed."""
    unsigned = f"{LABEL}.{code.device_id}.{code.user_id.hex}.{code.nonce}.{code.expires_at}"
    return f"{unsigned}.{_signature(key, unsigned)}"


def read_qr(key: bytes, text: str) -> QrCode:
    """A code that was signed with `key`; whether it is of this device, late or spent is for the caller to say.

    Raises ProtocolError for one that was not, or has not the form.
    """
    unsigned, _, signature = text.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(key, unsigned).encode()):
        raise ProtocolError("is not signed by this house for this lock")
    label, device_id, user, nonce, expiry = unsigned.split(".")  # signed by us: it has the form
    if label != LABEL:
        raise ProtocolError(f"is not of the form {LABEL}")
    return QrCode(device_id, UUID(hex=user), nonce, int(expiry))


def _signature(key: bytes, unsigned: str) -> str:
    return as_text(hmac.digest(key, unsigned.encode(), "sha256")[:SIGNATURE_BYTES])
