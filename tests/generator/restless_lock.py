"""A lock that tells and tells, in a process to be killed: `python -m tests.generator.restless_lock FILE`.

What it prints is what it would publish: only what is written down.
"""

import sys
from pathlib import Path

import click

from generator.fleet.lock import Lock
from generator.fleet.memory import Memory
from generator.fleet.outbox import Outbox
from generator.fleet.record import Record
from tests.generator.locks import DEVICE, KEYS, NOW


def main(path: str) -> None:
    """Until it is killed."""
    memory = Memory(Path(path))
    kept = memory.read_record(DEVICE)
    lock = Lock(DEVICE, KEYS, Record.from_bytes(kept) if kept else Record(), Outbox(memory.read_outbox(DEVICE)))
    lock.start(NOW)
    while True:
        lock.tell_event("tamper", NOW)
        lock.tell_state(NOW)
        change = lock.take_change()
        memory.write([change])
        lock.outbox.release(change.messages)
        for message in lock.outbox.due(window=20):
            click.echo(f"sent {message.boot} {message.seq} {message.payload.hex()}")
        if lock.record.seq % 40 == 0:
            newest = {message.boot: message.seq for message in lock.outbox} | {lock.record.boot: lock.record.seq - 25}
            for upto in newest.items():
                lock.outbox.acknowledge(upto)
                click.echo(f"stored {upto[0]} {upto[1]}")


if __name__ == "__main__":
    main(sys.argv[1])
