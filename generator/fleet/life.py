"""What befalls the fleet, at the moments of a scenario: each deed at its lock. It must not know how a deed is done."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from generator.fleet.deeds import Deed
from generator.fleet.household import Household

GUESSES = 6
DRAIN_EACH_SECONDS = 30.0
DRAIN_PERCENT = 0.15
REPLACED_BELOW = 8


Happening = Callable[[Household, Random], Awaitable[None]]


async def happen(deed: Deed, household: Household, luck: Random) -> None:
    """Let one deed happen at a lock; one that has no power does nothing."""
    if household.mounted.is_running:
        await _HAPPENINGS[deed](household, luck)


def _asked_by_owner(command: str) -> Happening:
    return lambda household, _: household.command(household.owner, command)


def _asked_by_guest(command: str) -> Happening:
    return lambda household, _: household.command(household.guest, command)


async def _enter_known_pin(household: Household, luck: Random) -> None:
    if household.claim.pins:
        await household.enter_pin(luck.choice(household.claim.pins)["pin"])


async def _enter_wrong_pin(household: Household, luck: Random) -> None:
    await household.enter_pin(f"{luck.randrange(10**7):07}")


async def _guess(household: Household, luck: Random) -> None:
    for _ in range(GUESSES):
        await _enter_wrong_pin(household, luck)


def _at_the_door(deed: Deed) -> Happening:
    """What nobody asks the house for."""

    async def happens(household: Household, luck: Random) -> None:
        _touch(deed, household, luck)

    return happens


def _touch(deed: Deed, household: Household, luck: Random) -> None:
    mounted = household.mounted
    lock, now = mounted.lock, mounted.now
    if deed is Deed.LOSE_NETWORK:
        mounted.lose_network(luck.choice((1.0, 3.0, 20.0)))
        return
    if deed is Deed.DOOR:
        lock.swing_door(now, is_open=not lock.record.is_door_open)
    elif deed is Deed.JAM:
        lock.jam(now)
    elif deed is Deed.TAMPER:
        lock.tamper(now)
    elif deed is Deed.FORCE:
        lock.force(now)
    else:
        lock.turn("unlock" if lock.record.is_locked else "lock", now)
    mounted.changed()


async def drain_batteries(households: list[Household]) -> None:
    """For ever: all drain, each at its own pace; who is nearly empty gets a new one."""
    while True:
        await asyncio.sleep(DRAIN_EACH_SECONDS)
        for household in (one for one in households if not one.mounted.is_quiet):
            lock = household.mounted.lock
            percent = lock.record.battery - DRAIN_PERCENT * household.luck.uniform(0.2, 2)
            lock.set_battery(100 if percent < REPLACED_BELOW else percent, household.mounted.now)
            household.mounted.changed()


_HAPPENINGS: dict[Deed, Happening] = {
    Deed.UNLOCK: _asked_by_owner("unlock"),
    Deed.LOCK: _asked_by_owner("lock"),
    Deed.REBOOT: _asked_by_owner("reboot"),
    Deed.GUEST_UNLOCK: _asked_by_guest("unlock"),
    Deed.GUEST_LOCK: _asked_by_guest("lock"),
    Deed.PIN: _enter_known_pin,
    Deed.WRONG_PIN: _enter_wrong_pin,
    Deed.GUESSING: _guess,
    Deed.NEW_PIN: lambda household, _: household.use_one_time_pin(),
    Deed.QR: lambda household, luck: household.hold_qr(luck.choice((household.owner, household.guest))),
    Deed.LOSE_POWER: lambda household, luck: household.mounted.lose_power(luck.uniform(1, 5)),
    **{
        deed: _at_the_door(deed)
        for deed in (Deed.TURN, Deed.DOOR, Deed.JAM, Deed.TAMPER, Deed.FORCE, Deed.LOSE_NETWORK)
    },
}
