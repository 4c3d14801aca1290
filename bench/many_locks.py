"""Many simulated locks in one process, for the benches: `python -m bench.many_locks URL MEMORY < locks.json`.

Each second it prints how many are online and what is untold, until its input ends or it is terminated.
"""

import asyncio
import json
import resource
import signal
import sys
from pathlib import Path
from random import Random

from generator.fleet.connection import Broker, Login
from generator.fleet.faults import Faults
from generator.fleet.keeper import Keeper
from generator.fleet.lock import Lock
from generator.fleet.memory import Memory
from generator.fleet.mounted import MountedLock
from generator.fleet.record import Keys, Record

TELL_SECONDS = 1.0


async def live(broker: Broker, memory: Memory, locks: list[dict[str, str]]) -> None:
    """Connect them all and stay, until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    keeper = Keeper(memory)
    mounted = [_mount(one, broker, keeper) for one in locks]
    tasks = [asyncio.create_task(work) for work in (keeper.run(), _tell(mounted), *(one.run() for one in mounted))]
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _mount(one: dict[str, str], broker: Broker, keeper: Keeper) -> MountedLock:
    key = bytes.fromhex(one["command_key"])
    lock = Lock(one["device_id"], Keys(key, key, key), Record())
    login = Login(broker, one["device_id"], one["device_id"], one["password"])
    return MountedLock(lock, login, keeper, Faults(), Random())


async def _tell(mounted: list[MountedLock]) -> None:
    while True:
        online = sum(one.is_online for one in mounted)
        print(json.dumps({"online": online, "untold": sum(len(one.lock.outbox) for one in mounted)}), flush=True)
        await asyncio.sleep(TELL_SECONDS)


def raise_file_limit(files: int) -> None:
    """A socket is a file. Raises ValueError where not so many are allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, max(files, hard)))


def main(url: str, memory: str) -> None:
    """What the command line asks."""
    locks = json.load(sys.stdin)
    raise_file_limit(len(locks) + 200)
    asyncio.run(live(Broker.at(url), Memory(Path(memory)), locks))


if __name__ == "__main__":
    main(*sys.argv[1:])
