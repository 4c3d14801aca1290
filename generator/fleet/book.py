"""The fleet's side of the house's books: what each lock's log must hold of this run, and how each lock is now."""

from collections.abc import Sequence
from http import HTTPStatus

from generator.fleet.household import Household
from generator.ledger import Counts, Key, Ledger

COMPARED = (
    "UNLOCK",
    "LOCK",
    "REBOOT",
    "PIN_GRANTED",
    "PIN_DENIED",
    "QR_GRANTED",
    "QR_DENIED",
    "MANUAL",
    "JAM",
    "TAMPER",
    "FORCED",
    "LOW_BATTERY",
    "LOCKOUT",
    "COMMAND_REFUSED",
    "STARTED",
)
STATES = ("is_locked", "is_online", "battery_level")
PAGE = "100"


def keys_of_events(households: Sequence[Household]) -> list[Key]:
    """Every kind of entry, for each lock."""
    return [(household.claim.device_id, entry_type) for household in households for entry_type in COMPARED]


def keys_of_states(households: Sequence[Household]) -> list[Key]:
    """What is compared of each lock as it is now."""
    return [(household.claim.device_id, figure) for household in households for figure in STATES]


async def newest_entry(household: Household) -> int | None:
    """The newest entry of a lock's log, 0 when there is none; None when it cannot be told now."""
    told = await household.owner.ask("GET", f"{household.claim.path}logs/", None, {"limit": "1"})
    if told.status != HTTPStatus.OK:
        return None
    return max((int(entry["id"]) for entry in told.data["items"]), default=0)


async def read_events(households: Sequence[Household], since: dict[str, int]) -> Counts | None:
    """How many entries of each kind each log gained; None when that cannot be told now."""
    counts: dict[Key, int] = {}
    for household in households:
        found = await _entry_types(household, since[household.claim.device_id])
        if found is None:
            return None
        for entry_type in found:
            key = (household.claim.device_id, entry_type)
            counts[key] = counts.get(key, 0) + 1
    return counts


async def _entry_types(household: Household, since: int) -> list[str] | None:
    """The kinds of a log's entries after `since`."""
    found: list[str] = []
    query = {"limit": PAGE}
    while True:
        told = await household.owner.ask("GET", f"{household.claim.path}logs/", None, query)
        if told.status != HTTPStatus.OK:
            return None
        new = [entry["event_type"] for entry in told.data["items"] if int(entry["id"]) > since]
        found += new
        if len(new) < len(told.data["items"]) or told.data["next"] is None:
            return found
        query = {"limit": PAGE, "cursor": str(told.data["next"])}


async def read_states(households: Sequence[Household]) -> Counts | None:
    """How the house sees each lock now; None when that cannot be told."""
    counts: dict[Key, int] = {}
    for household in households:
        told = await household.owner.ask("GET", household.claim.path)
        if told.status != HTTPStatus.OK:
            return None
        for figure in STATES:
            counts[household.claim.device_id, figure] = int(told.data[figure] or 0)
    return counts


def events_told(households: Sequence[Household], asked: Ledger) -> Ledger:
    """What was asked for, and what the locks themselves told, in one ledger."""
    whole = Ledger()
    whole.counted.update(asked.counted)
    whole.uncertain.update(asked.uncertain)
    for household in households:
        for entry_type, number in household.mounted.lock.entries.items():
            whole.counted[household.claim.device_id, entry_type] += number
    return whole


def states_now(households: Sequence[Household]) -> Ledger:
    """How each lock is."""
    ledger = Ledger()
    for household in households:
        mounted = household.mounted
        own = (mounted.lock.record.is_locked, mounted.is_online, mounted.lock.battery)
        for figure, value in zip(STATES, own, strict=True):
            ledger.counted[household.claim.device_id, figure] = int(value)
    return ledger
