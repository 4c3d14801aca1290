"""Frees the threads that a silent database holds.

A server that is gone refuses or closes. One that is frozen (a paused container, a network that swallows) takes a
statement and says nothing, and its own statement timeout is frozen with it: every thread would wait for as long. So
when a connection has been out for a while and a new one cannot be made either, those that are out are cut and new ones
are refused at once, until one can be made again. Threads then answer 503, and go on to what needs no database.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from time import monotonic, sleep
from typing import Any

import psycopg2
import structlog
from sqlalchemy import Engine, event

from sql.engine import CONNECT_SECONDS

OUT_SECONDS = 3.0
LOOK_SECONDS = 0.5
SLACK_SECONDS = 0.2
log = structlog.get_logger()


class SilenceWatch:
    """Looks after the connections of a process's engine, in a thread of its own: to be made after the fork."""

    def __init__(self, engine: Engine) -> None:
        self._url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._out: dict[Any, float] = {}
        self._is_silent = False
        event.listen(engine, "do_connect", self._refuse)
        event.listen(engine, "checkout", self._note)
        for over in ("checkin", "invalidate", "close"):
            event.listen(engine, over, self._forget)
        Thread(target=self._watch, name="silence", daemon=True).start()

    def _refuse(self, *_: Any) -> None:
        if self._is_silent:
            raise psycopg2.OperationalError("the database says nothing")

    def _note(self, driver: Any, *_: Any) -> None:
        self._out[driver] = monotonic()

    def _forget(self, driver: Any, *_: Any) -> None:
        self._out.pop(driver, None)

    def _watch(self) -> None:
        while True:
            sleep(LOOK_SECONDS)
            since = monotonic() - OUT_SECONDS
            held = [driver for driver, at in self._out.copy().items() if at < since]
            if held or self._is_silent:
                self._judge(held, is_silent=not answers(self._connect))

    def _connect(self) -> Any:
        return psycopg2.connect(self._url, connect_timeout=CONNECT_SECONDS)

    def _judge(self, held: list[Any], *, is_silent: bool) -> None:
        if is_silent != self._is_silent:
            log.warning("database_silent" if is_silent else "database_answers_again", held=len(held))
        self._is_silent = is_silent
        if is_silent:
            for driver in held:
                cut(driver)


def answers(connect: Callable[[], Any]) -> bool:
    """Whether the server says anything at all: that it has no place for more is an answer, too."""
    started = monotonic()
    try:
        connect().close()
    except psycopg2.OperationalError:
        return monotonic() - started < CONNECT_SECONDS - SLACK_SECONDS
    return True


def cut(driver: Any) -> None:
    """End a connection under whoever waits for it, who then sees that it was lost."""
    # it may have come back meanwhile, and be closed
    with suppress(psycopg2.Error, OSError), socket.socket(fileno=os.dup(driver.fileno())) as held:
        held.shutdown(socket.SHUT_RDWR)
