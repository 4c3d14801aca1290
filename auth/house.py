"""What the views of one app share and is made once: its settings, hashes, waiting room, status page, journal, cache."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from auth.access.pins import Pins
from auth.accounts.hashing import Passwords
from auth.cache import SharedCache
from auth.journal.journal import Journal
from auth.settings import Settings
from auth.status.keeper import Keeper
from common.asking import WaitingRoom

KEY = "house"


@dataclass(frozen=True)
class Parts:
    """The parts of a running auth. `started_at` is on the monotonic clock, which all its workers share."""

    settings: Settings
    passwords: Passwords
    pins: Pins
    waiting_room: WaitingRoom
    status: Keeper
    journal: Journal
    cache: SharedCache
    started_at: float


def house() -> Parts:
    """The parts of the app that serves this request."""
    return cast(Parts, current_app.extensions[KEY])
