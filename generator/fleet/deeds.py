"""What may befall a lock, and how often. Names and shares only; how it comes about stands in life.py."""

from enum import StrEnum


class Deed(StrEnum):
    """One thing that happens at a lock."""

    UNLOCK = "unlock"
    LOCK = "lock"
    GUEST_UNLOCK = "guest_unlock"
    GUEST_LOCK = "guest_lock"
    TURN = "turn"
    DOOR = "door"
    PIN = "pin"
    WRONG_PIN = "wrong_pin"
    NEW_PIN = "new_pin"
    QR = "qr"
    GUESSING = "guessing"
    JAM = "jam"
    TAMPER = "tamper"
    FORCE = "force"
    REBOOT = "reboot"
    LOSE_NETWORK = "lose_network"
    LOSE_POWER = "lose_power"


WEIGHTS = {
    Deed.UNLOCK: 16.0,
    Deed.LOCK: 12.0,
    Deed.GUEST_UNLOCK: 6.0,
    Deed.GUEST_LOCK: 1.0,
    Deed.TURN: 18.0,
    Deed.DOOR: 14.0,
    Deed.PIN: 16.0,
    Deed.WRONG_PIN: 3.0,
    Deed.NEW_PIN: 1.5,
    Deed.QR: 6.0,
    Deed.GUESSING: 0.1,
    Deed.JAM: 0.6,
    Deed.TAMPER: 0.15,
    Deed.FORCE: 0.1,
    Deed.REBOOT: 0.6,
    Deed.LOSE_NETWORK: 3.0,
    Deed.LOSE_POWER: 0.6,
}
_WHOLE = sum(WEIGHTS.values())


def deed_at(luck: float) -> Deed:
    """What happens at `luck` (0 to 1)."""
    bound = 0.0
    for deed, weight in WEIGHTS.items():
        bound += weight / _WHOLE
        if luck < bound:
            return deed
    return Deed.TURN
