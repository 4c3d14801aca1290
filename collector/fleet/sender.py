"""Sends commands: claims what is due, signs it, publishes it once that is committed, and again until the lock has it.

Woken by the database within milliseconds. A sender killed between commit and publish loses nothing: the command is sent
and unanswered, so it is due again. It must not know what a lock does with a command, nor how the link is made.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any, Protocol
from uuid import UUID

import structlog
from prometheus_client import CollectorRegistry

from collector.fleet.command_metrics import CommandMetrics, command_metrics
from collector.settings import Settings
from common.asking import Listener
from common.lock_protocol.commands import MAX_BYTES, Command, write_command, write_params
from common.lock_protocol.keys import derive_key
from common.lock_protocol.topics import COMMANDS, topic_of
from sql import statements
from sql.engine import make_engine, run_once
from sql.errors import translate

CHANNEL = "device_commands"
LOOK_SECONDS = 0.5
AGAIN_SECONDS = 0.005  # the rows of what is due were in use: a batch holds them for some milliseconds
REPEAT_AFTER = timedelta(seconds=3)
MOST = 500
STOP_SECONDS = 2.0

sql = statements.load("device_commands")
log = structlog.get_logger()


class Outlet(Protocol):
    """What a sender needs of the link to the broker."""

    @property
    def is_connected(self) -> bool:
        """Whether it is worth trying."""

    def publish(self, topic: str, payload: bytes) -> bool:
        """Whether the connection took it."""


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed command, as `claim_commands` gives it."""

    counter: int
    id: str
    device: str
    device_id: str
    key_version: int
    command: str
    user_id: str | None
    params: dict[str, Any]
    tries: int
    created_at: datetime
    sent_at: datetime
    expires_at: datetime


def write_due(master: str, due: Due) -> bytes:
    """The payload of a command: from what is stored alone, so that it is the same to the byte when sent again."""
    command = Command(
        command=due.command,
        command_id=due.id,
        timestamp=_milliseconds(due.sent_at),
        expires_at=_milliseconds(due.expires_at),
        user_id=due.user_id,
        counter=due.counter,
        params=write_params(due.params),
    )
    return write_command(derive_key(master, "command", UUID(due.device), due.key_version), due.device_id, command)


class Sender:
    """Sends while its link is connected, in a thread of its own."""

    def __init__(self, settings: Settings, link: Outlet, registry: CollectorRegistry) -> None:
        self._master = settings.device_key
        self._link = link
        self._metrics: CommandMetrics = command_metrics(registry)
        self._engine = make_engine(settings.database_url, process="collector", pool_size=1)
        self._listener = Listener(settings.database_url, {CHANNEL}, process="collector")
        self._stopping = Event()
        self._failing = False
        self._thread = Thread(target=self._run, name="commands", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End within a limit; what is claimed and not published is repeated by whoever comes next."""
        self._stopping.set()
        self._listener.stop()
        self._thread.join(STOP_SECONDS)
        if not self._thread.is_alive():
            self._listener.close()
            self._engine.dispose()

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            self._listener.wait(pause)
            pause = self._attempt()

    def _attempt(self) -> float:
        """Send what is due; seconds until the next look, unless somebody calls. The rim: no failure ends the thread."""
        if not self._link.is_connected:
            return LOOK_SECONDS
        try:
            pause = self._send_due()
        except Exception as error:  # noqa: BLE001  whatever it is, the doors of others must open
            self._note_failure(error)
            return LOOK_SECONDS
        self._failing = False
        return pause

    def _send_due(self) -> float:
        """Claim, which commits, then publish."""
        rows = run_once(self._engine, sql.claim_commands, pause=REPEAT_AFTER, most=MOST)
        claimed = [Due(*row) for row in rows if row[0] is not None]
        for due in claimed:
            self._publish(due)
        if len(claimed) == len(rows):
            return LOOK_SECONDS
        return 0.0 if claimed else AGAIN_SECONDS

    def _publish(self, due: Due) -> None:
        payload = write_due(self._master, due)
        if len(payload) > MAX_BYTES:  # no lock takes it, and what is too long for the broker would cut us off
            log.error("command_too_long", command=due.command, bytes=len(payload))
            return
        is_taken = self._link.publish(topic_of(due.device_id, COMMANDS), payload)
        if not is_taken:
            self._metrics.unsent.inc()
        if due.tries > 1:
            self._metrics.repeats.labels(due.command).inc()
        else:
            waited = (due.sent_at - due.created_at).total_seconds()
            self._metrics.sending_seconds.labels(due.command).observe(waited)

    def _note_failure(self, error: Exception) -> None:
        """Logged when it begins, with its trace unless it is the database that is away."""
        if not self._failing:
            known = translate(error)
            log.error("commands_not_sent", error=repr(known or error), exc_info=error if known is None else None)
        self._failing = True


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
