"""PINs to verifiers and back, in a lane of their own: however many are tried at doors, nobody's sign-in waits.

It knows the master of the keys that PINs are hashed with, and no database.
"""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import UUID

from argon2.exceptions import InvalidHashError, VerifyMismatchError

from auth.accounts.hashing import Lane
from common.lock_protocol.codes import PIN_HASHER, code_material
from common.lock_protocol.keys import derive_key

DRAWN_DIGITS = 6
BUSY = "Too many codes are tried at this moment; try again shortly"


def pin_lane(data: Path, *, slots: int, waiters: int) -> Lane:
    """The lane in which PINs are tried."""
    return Lane(data / "locks" / "pins", slots=slots, waiters=waiters, busy=BUSY)


class Pins:
    """Makes and tries verifiers of PINs."""

    def __init__(self, pepper: str, lane: Lane) -> None:
        self._pepper = pepper
        self._lane = lane
        self._decoy = PIN_HASHER.hash("nobody's code")

    def make_verifier(self, device: UUID, key_version: int, pin: str) -> str:
        """What is kept of a PIN. Raises Problem 503."""
        material = self._material(device, key_version, pin)
        return self._lane.run(lambda: PIN_HASHER.hash(material))

    def matching(self, device: UUID, key_version: int, pin: str, verifiers: Mapping[int, str]) -> list[int]:
        """The ids of those that are of this PIN. All are tried, so that the time tells nothing. Raises Problem 503."""
        material = self._material(device, key_version, pin)
        return self._lane.run(self._try_all(material, verifiers))

    def _try_all(self, material: str, verifiers: Mapping[int, str]) -> Callable[[], list[int]]:
        def work() -> list[int]:
            if not verifiers:
                _is_of(material, self._decoy)
            return [pin_id for pin_id, verifier in verifiers.items() if _is_of(material, verifier)]

        return work

    def _material(self, device: UUID, key_version: int, pin: str) -> str:
        return code_material(derive_key(self._pepper, "code", device, key_version), pin)


def draw_pin() -> str:
    """Six digits of luck."""
    return f"{secrets.randbelow(10**DRAWN_DIGITS):0{DRAWN_DIGITS}}"


def _is_of(material: str, verifier: str) -> bool:
    try:
        return PIN_HASHER.verify(verifier, material)
    except (VerifyMismatchError, InvalidHashError):
        return False
