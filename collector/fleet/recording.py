"""Messages into the database, whatever they are: read, stored in one transaction, and by halves where one is refused.

A message that PostgreSQL does not take, or that we fail at, ends as a dead letter: it would come again for ever. Those
of a lock of which somebody holds a row wait apart.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import psycopg2
import psycopg2.errors
import structlog

from collector.fleet.batch import Said
from collector.fleet.blocked import Blocked
from collector.fleet.command_metrics import CommandMetrics
from collector.fleet.inbox import Portion
from collector.fleet.lease import Lease
from collector.fleet.letters import Letters
from collector.fleet.metrics import FleetMetrics
from collector.fleet.packets import Heard
from collector.fleet.reading import read
from collector.fleet.roster import Roster
from collector.fleet.seen_memory import SeenMemory
from collector.fleet.storing import Stored, store
from collector.fleet.words import (
    CanaryWord,
    Device,
    Happening,
    Letter,
    Result,
    Spoken,
    State,
    StatusWord,
    Telemetry,
    Topics,
    Word,
)
from common.clock import Clock
from common.lock_protocol.topics import COMMANDS_ACK, EVENTS, STATE, STATUS, TELEMETRY
from sql import statements
from sql.device_log import Run
from sql.errors import LockTimeout, RuleBroken, ValueRefused, driver_error, translate

RETRY_SECONDS = 0.5
KINDS: dict[type, str] = {
    Telemetry: TELEMETRY,
    State: STATE,
    Happening: EVENTS,
    Result: COMMANDS_ACK,
}

Found = TypeVar("Found")

log = structlog.get_logger()


@dataclass
class Recorded:
    """What was committed: which messages, which boots of which locks, and which canaries came by; and of which topics
    the broker is to keep nothing, since their lock is gone."""

    mids: list[bytes] = field(default_factory=list)
    touched: dict[Device, set[int]] = field(default_factory=dict)
    canaries: list[bytes] = field(default_factory=list)
    ownerless: set[str] = field(default_factory=set)


class Recording:
    """For the writer's thread, while it holds the lease."""

    def __init__(
        self, lease: Lease, roster: Roster, metrics: FleetMetrics, commands: CommandMetrics, clock: Clock
    ) -> None:
        self.seen = SeenMemory()
        self.blocked = Blocked()
        self._lease = lease
        self._roster = roster
        self._metrics = metrics
        self._commands = commands
        self._clock = clock
        self._topics = Topics()
        self._letters = Letters(self._topics, metrics)

    def begin(self) -> None:
        """The lease is new: what was known may not be so."""
        self.seen.forget()
        self.blocked.forget()
        self._roster.forget()

    def record(self, portions: Sequence[Portion], may_wait: Callable[[float], bool]) -> Recorded:
        """Store all of it that need not wait apart, and what no longer need. While the database cannot, `may_wait` is
        asked for some seconds' patience.

        Raises the driver's errors when the lease is lost, or there is no patience left.
        """
        recorded = Recorded()
        mids = [*self.blocked.mids(), *(heard.mid for portion in portions for heard in portion.heard)]
        self._store_freed(recorded, may_wait)
        self._record(portions, recorded, may_wait)
        waiting = self.blocked.mids()
        recorded.mids = [mid for mid in mids if mid not in waiting]
        self._metrics.blocked.set(len(self.blocked))
        return recorded

    def _record(self, portions: Sequence[Portion], recorded: Recorded, may_wait: Callable[[float], bool]) -> None:
        said: list[Said] = []
        for one in self._read(portions):
            if isinstance(one, CanaryWord):
                recorded.canaries.append(one.token)
            elif type(one) is not Letter or not self._letters.is_echo(one):
                said.append(one)
        recorded.ownerless = self._letters.ownerless(said, self._roster.take_gone())
        self._count(said)
        self._store(self._letters.choose(said, time.monotonic()), recorded, may_wait)

    def _read(self, portions: Sequence[Portion]) -> list[Spoken]:
        if self._roster.is_stale:
            self._look(self._roster.read)
        spoken = [one for portion in portions for one in self._read_portion(portion)]
        unknown = [one for one in spoken if type(one) is Letter and one.kind == "unknown_device"]
        strangers = self._roster.strangers(map(self._letters.name_in, unknown))
        if strangers:
            self._look(partial(self._roster.find, names=strangers))
            spoken = [one for portion in portions for one in self._read_portion(portion)]
        return spoken

    def _look(self, look: Callable[[Run], Found]) -> Found:
        with self._lease.transaction() as connection:
            return look(partial(statements.run, connection))

    def _read_portion(self, portion: Portion) -> list[Spoken]:
        if portion.fault:
            return [Letter(heard, "failed", f"a fault of ours: {portion.fault}") for heard in portion.heard]
        topics, devices = self._topics, self._roster.devices
        try:
            return [read(heard, topics, devices) for heard in portion.heard]
        except Exception:
            log.exception("messages_not_read")
            return [self._read_alone(heard) for heard in portion.heard]

    def _read_alone(self, heard: Heard) -> Spoken:
        try:
            return read(heard, self._topics, self._roster.devices)
        except Exception as error:  # noqa: BLE001  told of above; the others must be read
            return Letter(heard, "failed", f"a fault of ours: {type(error).__name__}")

    def _store(self, said: Sequence[Said], recorded: Recorded, may_wait: Callable[[float], bool]) -> None:
        if not said:
            return
        try:
            stored = self._store_patiently(said, may_wait)
        except Exception as error:
            kind = judge(error)
            if kind is None or not self._lease.is_held:
                raise
            self._store_apart(said, recorded, may_wait, kind, error)
        else:
            self._note(stored, recorded)
            self.blocked.keep(said)

    def _store_patiently(self, said: Sequence[Said], may_wait: Callable[[float], bool]) -> Stored:
        while True:
            try:
                with self._lease.transaction() as connection:
                    return store(connection, self.seen, self.blocked.spare(said), self._clock())
            except psycopg2.Error as error:
                if judge(error) is not None or not self._lease.is_held:
                    raise
                if not self._is_blocked(error, said) and not may_wait(RETRY_SECONDS):
                    raise
                self._metrics.retries.inc()
                log.warning("fleet_batch_not_stored", error=repr(translate(error) or error), messages=len(said))

    def _is_blocked(self, error: psycopg2.Error, said: Sequence[Said]) -> bool:
        """Whether all can be stored at once but what is of some locks, which is known by then."""
        is_timeout = isinstance(translate(error), LockTimeout)
        return is_timeout and bool(self._look_patiently(partial(self.blocked.add_held, said=said)))

    def _store_freed(self, recorded: Recorded, may_wait: Callable[[float], bool]) -> None:
        if self.blocked.is_due:
            self._store(self._look_patiently(self.blocked.take_freed) or [], recorded, may_wait)

    def _look_patiently(self, look: Callable[[Run], Found]) -> Found | None:
        """None when a whole table is locked."""
        try:
            return self._look(look)
        except psycopg2.Error as error:
            if not isinstance(translate(error), LockTimeout):
                raise
            return None

    def _store_apart(
        self, said: Sequence[Said], recorded: Recorded, may_wait: Callable[[float], bool], kind: str, error: Exception
    ) -> None:
        """By halves down to the message that is to blame, which is kept aside."""
        half = len(said) // 2
        if half:
            self._store(said[:half], recorded, may_wait)
            self._store(said[half:], recorded, may_wait)
            return
        log.error(
            "message_refused", kind=kind, error=type(error).__name__, exc_info=error if kind == "failed" else None
        )
        [one] = said
        if type(one) is not Letter:
            place = (one.device, one.boot, one.seq) if type(one) is Word else None
            letter = Letter(one.heard, kind, f"not storable: {type(driver_error(error)).__name__}", place)
            self._metrics.dead_letters.labels(kind).inc()
            self._store([letter], recorded, may_wait)
        elif one.place is not None:  # it may be its lock that is gone
            self._store([one._replace(place=None)], recorded, may_wait)

    def _count(self, said: Iterable[Said]) -> None:
        kinds: Counter[str] = Counter()
        for one in said:
            if type(one) is Word:
                kinds[KINDS[type(one.body)]] += 1
            elif type(one) is StatusWord:
                kinds[STATUS] += 1
            elif type(one) is Letter:
                self._metrics.dead_letters.labels(one.kind).inc()
        for kind, count in kinds.items():
            self._metrics.messages.labels(kind).inc(count)

    def _note(self, stored: Stored, recorded: Recorded) -> None:
        """It is committed: now it counts."""
        stored.stage.keep()
        for device, boots in stored.batch.touched.items():
            recorded.touched.setdefault(device, set()).update(boots)
        self._metrics.duplicates.inc(stored.batch.duplicates)
        entries = Counter(draft.event_type for draft in (*stored.batch.drafts, *stored.ended.drafts))
        for event_type, count in entries.items():
            self._metrics.entries.labels(event_type).inc(count)
        for kind in stored.alarms:
            self._metrics.alarms.labels(kind).inc()
        self._commands.note(stored.ended.outcomes, stored.ended.ignored)


def judge(error: BaseException) -> str | None:
    """Whether a message is to blame: `refused` by the database, `failed` at by us; None when the database is."""
    inner = driver_error(error)
    if not isinstance(inner, psycopg2.Error):
        return "failed"
    is_refusal = isinstance(translate(inner), RuleBroken | ValueRefused)
    return "refused" if is_refusal or isinstance(inner, psycopg2.errors.ProgramLimitExceeded) else None
