"""Makes many checks at once, in one thread, each begun when it is due.

Nothing here waits for one check: names are looked up in other threads, and whoever is told of an Attempt must be quick.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from heapq import heappop, heappush
from itertools import count

import pycurl
import structlog

from collector.probing.exchange import Exchange
from collector.probing.guard import Guard
from collector.probing.handle import Room
from collector.probing.outcome import Attempt
from collector.probing.queue import Job, Queue
from collector.probing.resolver import Found, Lookup, Resolver, look_up
from collector.probing.target import Target
from collector.probing.transfers import Transfers
from common.clock import utc_now

MOST_BEGUN = 32  # in one turn, so that answers are read between
LONGEST_WAIT = 1.0
AFTER_STUMBLE_SECONDS = 1.0

log = structlog.get_logger()


class Engine:
    """Submit from any thread; `run` or `step` in one. Stopped, it forgets what it has not finished."""

    def __init__(
        self,
        guard: Guard,
        *,
        at_once: int,
        per_host: int,
        clock: Callable[[], datetime] = utc_now,
        look_up: Lookup = look_up,
        ca_file: str | None = None,
    ) -> None:
        self._room = Room()
        self._make_exchange = partial(Exchange, guard, self._room, clock=clock, ca_file=ca_file)
        self._queue = Queue(at_once=at_once, per_host=per_host)
        self._resolver = Resolver(look_up)
        self._transfers = Transfers()
        self._numbers = count()
        self._idle: list[Exchange] = []
        self._connected: dict[pycurl.Curl, Exchange] = {}
        self._deadlines: list[tuple[float, int, Exchange, int]] = []  # of lookups: when, order, whose, its serial
        self._is_stopped = False
        self.callback_failures = 0

    @property
    def running(self) -> int:
        """How many checks are being made."""
        return self._queue.running

    @property
    def waiting(self) -> int:
        """How many have not begun: not due yet, or without a place."""
        return self._queue.waiting

    def submit(
        self,
        target: Target,
        on_done: Callable[[Attempt], None],
        at: float | None = None,
        *,
        until: float | None = None,
        on_missed: Callable[[], None] | None = None,
    ) -> None:
        """Make a check at `at` (monotonic; now without it), and tell of it in the engine's thread.

        One that found no place by `until` is not made: `on_missed` is called instead, once a place is free.
        """
        due = time.monotonic() if at is None else at
        job = Job(due, next(self._numbers), target, on_done, until, on_missed)
        self._transfers.act_soon(lambda: self._queue.put(job))

    def run(self, stopping: threading.Event) -> None:
        """Work until `stopping` is set or `stop` is called."""
        while not stopping.is_set() and not self._is_stopped:
            try:
                self.step(LONGEST_WAIT)
            except Exception:  # the rim: a thread that ended would leave every check of this house unmade
                log.exception("probes_stumbled")
                stopping.wait(AFTER_STUMBLE_SECONDS)

    def stop(self) -> None:
        """End `run` now; from any thread."""
        self._is_stopped = True
        self._transfers.act_soon(lambda: None)

    def close(self) -> None:
        """Give everything back; after the last step. Checks under way are cut off untold."""
        for curl, exchange in self._connected.items():
            self._transfers.remove(curl)
            exchange.handle.close()
        for exchange in self._idle:
            exchange.handle.close()
        self._room.close_spares()
        self._resolver.close()
        self._transfers.close()

    def step(self, max_wait: float) -> None:
        """One turn: wait for something to do, at most `max_wait` seconds, and do it."""
        until = time.monotonic() + max_wait
        deadline = self._deadlines[0][0] if self._deadlines else until
        self._transfers.turn(min(until, deadline, self._queue.next_due or until))
        self._begin_due()
        self._give_up_lookups()
        self._transfers.keep_time()
        self._room.close_spares()
        for curl, number, message in self._transfers.ended():
            self._finish(curl, number, message)

    def _begin_due(self) -> None:
        now = time.monotonic()
        for _ in range(MOST_BEGUN):
            job = self._queue.take(now)
            if job is None:
                return
            if job.until is not None and now > job.until:
                self._queue.give_back(job)
                self._tell(job.on_missed)
            else:
                exchange = self._idle.pop() if self._idle else self._make_exchange()
                exchange.begin(job, time.monotonic())
                self._try(exchange, partial(self._begin_hop, exchange))

    def _begin_hop(self, exchange: Exchange) -> None:
        name, serial = exchange.name_to_look_up(), exchange.serial
        if name is None:
            self._connect(exchange, None)
            return
        heappush(self._deadlines, (exchange.deadline, next(self._numbers), exchange, serial))
        exchange.is_looking_up = True
        self._resolver.ask(
            name, lambda found: self._transfers.act_soon(lambda: self._looked_up(exchange, serial, found))
        )

    def _looked_up(self, exchange: Exchange, serial: int, found: Found) -> None:
        if exchange.serial == serial and exchange.is_looking_up:
            exchange.is_looking_up = False
            self._try(exchange, partial(self._connect, exchange, found))

    def _give_up_lookups(self) -> None:
        now = time.monotonic()
        while self._deadlines and self._deadlines[0][0] <= now:
            _, _, exchange, serial = heappop(self._deadlines)
            if exchange.serial == serial and exchange.is_looking_up:
                exchange.is_looking_up = False
                self._end(exchange, exchange.give_up(now))

    def _connect(self, exchange: Exchange, found: Found | None) -> None:
        attempt = exchange.aim(found, time.monotonic())
        if attempt is not None:
            self._end(exchange, attempt)
            return
        self._connected[exchange.handle.curl] = exchange
        self._transfers.add(exchange.handle.curl)

    def _try(self, exchange: Exchange, act: Callable[[], None]) -> None:
        """The rim: what a stranger's answer does to us ends this check, and no other."""
        try:
            act()
        except Exception:
            log.exception("probe_broke", endpoint=exchange.target.name)
            self._connected.pop(exchange.handle.curl, None)
            self._end(exchange, exchange.break_off(time.monotonic()))

    def _finish(self, curl: pycurl.Curl, number: int, message: str) -> None:
        exchange = self._connected.pop(curl)
        self._try(exchange, partial(self._go_on, exchange, number, message))

    def _go_on(self, exchange: Exchange, number: int, message: str) -> None:
        try:
            attempt = exchange.finish(number, message, time.monotonic())
        finally:
            self._transfers.remove(exchange.handle.curl)
            exchange.handle.rest()
        if attempt is None:
            self._begin_hop(exchange)
        else:
            self._end(exchange, attempt)

    def _end(self, exchange: Exchange, attempt: Attempt) -> None:
        job = exchange.job
        self._queue.give_back(job)
        if exchange.is_spent:
            exchange.handle.close()
        else:
            self._idle.append(exchange)
        self._tell(lambda: job.on_done(attempt))

    def _tell(self, callback: Callable[[], None] | None) -> None:
        try:
            if callback is not None:
                callback()
        except Exception:  # the rim: whatever a caller's function raises, the other checks go on
            self.callback_failures += 1
            log.exception("probe_callback_failed")
