"""A lock on a door: its firmware, its memory and its connection under one clock, for as long as the fleet runs.

What is sent was written down before; what is not known to be stored is sent again. Nothing that the broker, the house
or a disk does ends it.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from time import time

from common.lock_protocol import topics
from common.lock_protocol.envelope import read_ingest_ack
from common.lock_protocol.errors import ProtocolError
from common.lock_protocol.topics import topic_of
from generator.fleet.connection import Connection, Login
from generator.fleet.faults import Faults
from generator.fleet.keeper import Keeper
from generator.fleet.lock import Lock
from generator.fleet.obeying import Taken, take_command
from generator.fleet.outbox import Message

HEARTBEAT_SECONDS = 30.0
TEND_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
FIRST_RESEND, LONGEST_RESEND = 20.0, 300.0
REBOOT_SECONDS = 2.0


@dataclass
class Body:
    """What a lock feels; telemetry tells it."""

    rssi: int = -60
    temperature: float = 21.0


class MountedLock:
    """A lock that lives. `run` it in a task; what happens to it is told to `lock`, then `changed()` is called."""

    def __init__(self, lock: Lock, login: Login, keeper: Keeper, faults: Faults, luck: Random) -> None:
        self.lock = lock
        self.body = Body(rssi=-45 - luck.randrange(35), temperature=round(luck.uniform(17, 25), 1))
        self.on_taken: Callable[[Taken], None] = _ignore
        self.is_online = False
        self.is_quiet = False
        self._login, self._keeper, self._faults, self._luck = login, keeper, faults, luck
        self._loop = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._away_until = 0.0
        self._rested = asyncio.Event()
        self._pause = FIRST_PAUSE
        self._resend_seconds = FIRST_RESEND
        self._resend_at = 0.0
        self._is_going_down = False

    @property
    def now(self) -> int:
        """The lock's clock."""
        return int(time() * 1000)

    @property
    def is_running(self) -> bool:
        """Whether it has power and is not just starting."""
        return not self._is_going_down

    def changed(self) -> None:
        """Something was told to the lock: write it down, then send it."""
        self._keeper.note(self.lock, self._send_due)

    async def run(self) -> None:
        """Power on, connect, and connect again, for ever."""
        self.lock.start(self.now)
        self.changed()
        beating = asyncio.create_task(self._beat())
        try:
            while True:
                await self._stay_away()
                await self._stay_connected()
                await asyncio.sleep(self._pause * self._luck.uniform(0.5, 1.0))
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
        finally:
            beating.cancel()
            self.leave()

    def rest(self) -> None:
        """Tell how it is once more, over a network that is back, and then nothing that nobody asks: it is compared."""
        self.is_quiet = True
        self._away_until = 0.0
        self._rested.set()
        self.lock.tell_state(self.now)
        self.changed()

    def leave(self) -> None:
        """Go offline in good order."""
        if self._connection and self.is_online:
            self._connection.publish(self._topic(topics.STATUS), self._farewell, is_retained=True)
            self._connection.close()
        self.is_online = False

    def lose_network(self, seconds: float) -> None:
        """Nothing goes in or out for some seconds."""
        self._away_until = self._loop.time() + seconds
        if self._connection:
            self._connection.cut()

    async def _stay_away(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._rested.wait(), max(0.0, self._away_until - self._loop.time()))

    async def lose_power(self, seconds: float) -> None:
        """Dark at once; back with a new boot."""
        if self._is_going_down:
            return
        self._is_going_down = True
        self.lose_network(seconds + REBOOT_SECONDS)
        await asyncio.sleep(seconds)
        self._start_again()

    async def _stay_connected(self) -> None:
        will, online = self.lock.begin_connection()
        self._farewell = will
        await self._keeper.keep(self.lock)
        connection = Connection(self._login, self._topic(topics.STATUS), will, self._receive)
        try:
            await connection.open([self._topic(kind) for kind in (topics.COMMANDS, topics.INGEST_ACK)])
        except OSError:
            return
        if self._away_until > self._loop.time():
            connection.cut()
            return
        self._connection, self.is_online, self._pause = connection, True, FIRST_PAUSE
        connection.publish(self._topic(topics.STATUS), online, is_retained=True)
        self._send_all_again()
        await self._tend_until_closed(connection)
        self.is_online = False

    async def _tend_until_closed(self, connection: Connection) -> None:
        while not connection.closed.is_set():
            connection.tend()
            if self._resend_at <= self._loop.time() and len(self.lock.outbox):
                self._resend_seconds = min(2 * self._resend_seconds, LONGEST_RESEND)
                self._send_all_again()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(connection.closed.wait(), TEND_SECONDS)

    def _send_all_again(self) -> None:
        self.lock.outbox.restart()
        self._resend_at = self._loop.time() + self._resend_seconds
        self._send_due()

    def _send_due(self) -> None:
        if self._connection is None or not self.is_online:
            return
        for message in self.lock.outbox.due():
            for delay in self._faults.delays():
                if delay:
                    self._loop.call_later(delay, self._publish, self._connection, message)
                else:
                    self._publish(self._connection, message)

    def _publish(self, connection: Connection, message: Message) -> None:
        is_retained = self.lock.is_newest_state(message)
        connection.publish(self._topic(message.kind), message.payload, is_retained=is_retained)

    def _receive(self, topic: str, payload: bytes, is_retained: bool) -> None:
        for delay in self._faults.delays():
            if delay:
                self._loop.call_later(delay, self._take, topic, payload, is_retained)
            else:
                self._take(topic, payload, is_retained)

    def _take(self, topic: str, payload: bytes, is_retained: bool) -> None:
        if self._is_going_down:
            return
        if topic == self._topic(topics.COMMANDS):
            self._take_command(payload, is_retained=is_retained)
        else:
            self._take_ingest_ack(payload)

    def _take_command(self, payload: bytes, *, is_retained: bool) -> None:
        taken = take_command(self.lock, payload, self.now, is_retained=is_retained)
        self.on_taken(taken)
        self.changed()
        if taken.is_executed and self.lock.record.rebooting:
            self._is_going_down = True
            self._loop.call_later(0.1, self._reboot)

    def _take_ingest_ack(self, payload: bytes) -> None:
        with contextlib.suppress(ProtocolError):
            if self.lock.outbox.acknowledge(read_ingest_ack(payload)):
                self._resend_seconds = FIRST_RESEND
                self._resend_at = self._loop.time() + FIRST_RESEND
                self.changed()

    def _reboot(self) -> None:
        self.leave()
        self._away_until = self._loop.time() + REBOOT_SECONDS
        self._loop.call_later(REBOOT_SECONDS / 2, self._start_again)

    def _start_again(self) -> None:
        self.lock.start(self.now)
        self._is_going_down = False
        self.changed()

    async def _beat(self) -> None:
        """Not all at the same second."""
        await asyncio.sleep(self._luck.uniform(0, HEARTBEAT_SECONDS))
        while True:
            if self.is_running and not self.is_quiet:
                self.lock.tell_telemetry(self.now, rssi=self.body.rssi, temperature=self.body.temperature)
                self.changed()
            await asyncio.sleep(HEARTBEAT_SECONDS)

    def _topic(self, kind: str) -> str:
        return topic_of(self.lock.device_id, kind)


def _ignore(_: Taken) -> None:
    """Nobody asked what becomes of commands."""
