"""Locks in a process of their own that have much to tell: `python -m tests.support.busy_locks`, a plan on stdin.

They are the generator's: real firmware, memory and connections. Each look they print how far they are. At SIGTERM they
write their ledger: all that they wrote down to be told, what of it nobody said to be stored, and each command that
they took.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import click
import orjson

from generator.fleet.connection import Broker, Login
from generator.fleet.faults import Faults
from generator.fleet.keeper import Keeper
from generator.fleet.lock import Change, Lock, entry_type
from generator.fleet.memory import Memory
from generator.fleet.mounted import MountedLock
from generator.fleet.obeying import Taken
from generator.fleet.record import Keys, Record

TELL_SECONDS = 0.1
BURST = 10
AHEAD = 300  # so much untold, and a lock has nothing to tell for a while: its memory is small
OUTAGE_SECONDS = 0.3
EVENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("tamper", {}),
    ("manual", {"action": "lock"}),
    ("denied", {"method": "pin", "reason": "unknown"}),
    ("denied", {"method": "qr", "reason": "expired"}),
    ("low_battery", {"battery": 12}),
)

Row = list[Any]


class Bookkeeper(Memory):
    """A memory that keeps in mind what was ever written into it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.told: dict[str, list[Row]] = {}

    def write(self, changes: Iterable[Change]) -> None:
        """Write it; then it counts."""
        changes = list(changes)
        super().write(changes)
        for change in changes:
            rows = self.told.setdefault(change.device_id, [])
            rows += [
                [message.boot, message.seq, message.kind, _name_in(message.payload)] for message in change.messages
            ]


class BusyLock:
    """One lock, and how many things are to happen to it."""

    def __init__(self, mounted: MountedLock, plan: dict[str, Any], luck: Random) -> None:
        self.mounted = mounted
        self.left: int = plan["events"]
        self.taken: list[Row] = []
        self._luck, self._pause, self._restarts = luck, plan["pause"], plan["restarts"]
        mounted.on_taken = self._note

    async def live(self) -> None:
        """Until all has happened."""
        mounted, luck = self.mounted, self._luck
        lock = mounted.lock
        while self.left > 0:
            await asyncio.sleep(luck.uniform(0, 2 * self._pause))
            if mounted.is_running and len(lock.outbox) < AHEAD:
                for _ in range(min(BURST, self.left)):
                    self._happen()
                mounted.changed()
            if mounted.is_online and luck.random() < self._restarts:
                await self._fail()

    async def _fail(self) -> None:
        """Now and then it loses power, as often only the network."""
        if self._luck.random() < 0.5:
            await self.mounted.lose_power(OUTAGE_SECONDS)
        else:
            self.mounted.lose_network(OUTAGE_SECONDS)

    def _happen(self) -> None:
        self.left -= 1
        lock, now, luck = self.mounted.lock, self.mounted.now, self._luck.random()
        if luck < 0.2:
            lock.tell_telemetry(now, rssi=-60, temperature=21.5)
        elif luck < 0.25:
            lock.turn("unlock" if lock.record.is_locked else "lock", now)
        else:
            name, data = self._luck.choice(EVENTS)
            lock.tell_event(name, now, **data)

    def _note(self, taken: Taken) -> None:
        command, lock = taken.command, self.mounted.lock
        late = self.mounted.now - command.expires_at if command else 0
        self.taken.append([command and command.command_id, taken.verdict, taken.reason, late, lock.record.is_locked])


async def live(plan: dict[str, Any], ledger: Path) -> None:
    """All of them, until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    memory = Bookkeeper(Path(plan["memory"]))
    keeper = Keeper(memory)
    locks = [_mount(plan, number, one, keeper) for number, one in enumerate(plan["locks"])]
    works = (keeper.run(), _tell(locks), *(one.mounted.run() for one in locks), *(one.live() for one in locks))
    tasks = [asyncio.create_task(work) for work in works]
    await stop.wait()
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    await keeper.flush()
    ledger.write_bytes(orjson.dumps([_page_of(one, memory) for one in locks]))
    faults = [one for one in ended if isinstance(one, Exception)]
    if faults:
        raise faults[0]


def _mount(plan: dict[str, Any], number: int, one: dict[str, str], keeper: Keeper) -> BusyLock:
    luck = Random(f"{plan['seed']}:{number}")
    key = bytes.fromhex(one["command_key"])
    lock = Lock(one["device_id"], Keys(key, key, key), Record())
    login = Login(Broker.at(plan["url"]), one["device_id"], one["device_id"], one["password"])
    faults = Faults(doubled=plan["doubled"], delayed=plan["delayed"], longest=plan["longest"], luck=luck)
    return BusyLock(MountedLock(lock, login, keeper, faults, luck), plan, luck)


async def _tell(locks: list[BusyLock]) -> None:
    while True:
        standing = {
            "online": sum(one.mounted.is_online for one in locks),
            "left": sum(one.left for one in locks),
            "untold": sum(len(one.mounted.lock.outbox) for one in locks),
            "taken": sum(len(one.taken) for one in locks),
        }
        click.echo(json.dumps(standing))
        await asyncio.sleep(TELL_SECONDS)


def _page_of(one: BusyLock, memory: Bookkeeper) -> dict[str, Any]:
    lock = one.mounted.lock
    return {
        "device_id": lock.device_id,
        "told": memory.told.get(lock.device_id, []),
        "untold": [[message.boot, message.seq] for message in lock.outbox],
        "taken": one.taken,
        "is_locked": lock.record.is_locked,
        "counter": lock.record.counter,
        "forgotten": lock.outbox.forgotten,
    }


def _name_in(payload: bytes) -> str:
    """What the message is called; an event, as the house's log calls it."""
    content = orjson.loads(payload)
    return entry_type(content["type"], content["data"].get("method"))


if __name__ == "__main__":
    asyncio.run(live(json.load(sys.stdin), Path(sys.argv[1])))
