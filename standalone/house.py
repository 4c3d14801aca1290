"""Keeps services running: starts them in order, waits for them, restarts those that end, stops them in reverse.

Everything happens in the thread that made it, the main one: see children.py. Knows nothing of what the services are.
"""

import queue
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from standalone.children import POLL_SECONDS, tail
from standalone.errors import NotReadyError, StandaloneError
from standalone.program import Program, Service

READY_SECONDS = 60.0
STOP_SECONDS = 8.0  # for all; a fifth of it at least is kept for those started first, the database and the broker
SOLID_SECONDS = 60.0  # one that ran this long starts anew at the shortest pause
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
IDLE_SECONDS = 60.0

log = structlog.get_logger()


class StopAskedError(Exception):
    """A signal asked us to stop while something was being waited for."""


@dataclass
class Kept:
    """A service with what its restarts need."""

    service: Service
    launched_at: float
    ends: int = 0
    due_at: float | None = None


class House:
    """A context: what was started in it is stopped at its end."""

    def __init__(self) -> None:
        self._kept: list[Kept] = []
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()  # unlike an Event, safe to fill in a handler
        self._is_stopping = False

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_stop)
        signal.signal(signal.SIGCHLD, self._wake)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        end = time.monotonic() + STOP_SECONDS
        while self._kept:
            kept = self._kept.pop()
            left = max(end - time.monotonic(), 0)
            kept.service.stop(left * 0.8 if self._kept else left)
            log.debug("service_stopped", service=kept.service.name)

    def launch(self, service: Service) -> None:
        """Start `service` and keep it; await_ready() waits for it."""
        service.launch()
        self._kept.append(Kept(service, time.monotonic()))

    def await_ready(self, *services: Service) -> None:
        """Return once all of `services`, or of all that were launched, are ready; raise when one ends instead."""
        for service in services or [kept.service for kept in self._kept]:
            self._wait_for(lambda service=service: self._is_ready(service), f"{service.name} is ready")  # type: ignore[misc]

    def start(self, service: Service) -> None:
        """Launch `service` and wait for it."""
        self.launch(service)
        self.await_ready(service)

    def run(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        *,
        folder: Path,
        log: Path,
    ) -> None:
        """Run a command to its end; raise StandaloneError with its last words when it fails."""
        step = Program(name, command, environment, log, folder=folder)
        step.launch()
        try:
            self._wait_for(lambda: step.process.poll() is not None, f"{name} is done")
        finally:
            step.stop(1.0)
        if step.process.returncode != 0:
            raise StandaloneError(f"{name} failed:\n{tail(log)}")

    def wait(self) -> None:
        """Watch over all until a signal asks to stop; one that ends is started again, later each time."""
        while not self._is_stopping:
            with suppress(queue.Empty):
                self._wakes.get(timeout=self._next_pause())
            for kept in self._kept:
                if not self._is_stopping:
                    _look_after(kept)

    def _next_pause(self) -> float:
        due = [kept.due_at for kept in self._kept if kept.due_at is not None]
        return min([IDLE_SECONDS, *(max(at - time.monotonic(), 0) for at in due)])

    def _is_ready(self, service: Service) -> bool:
        code = service.process.poll()
        if code is not None:
            raise StandaloneError(f"{service.name} ended at its start ({code}):\n{tail_of(service)}")
        return service.is_ready()

    def _wait_for(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + READY_SECONDS
        while not condition():
            if self._is_stopping:
                raise StopAskedError
            if time.monotonic() > end:
                raise NotReadyError(f"{what}: not within {READY_SECONDS:g} s")
            time.sleep(POLL_SECONDS)

    def _ask_stop(self, *_: object) -> None:
        self._is_stopping = True
        self._wakes.put(None)

    def _wake(self, *_: object) -> None:
        self._wakes.put(None)


def _look_after(kept: Kept) -> None:
    """Notice an end, and start again what is due."""
    now = time.monotonic()
    if kept.due_at is None and kept.service.process.poll() is not None:
        kept.ends = 0 if now - kept.launched_at > SOLID_SECONDS else kept.ends
        pause = PAUSES[min(kept.ends, len(PAUSES) - 1)]
        kept.ends, kept.due_at = kept.ends + 1, now + pause
        log.error(
            "service_ended",
            service=kept.service.name,
            status=kept.service.process.returncode,
            restart_in_seconds=pause,
            last_words=tail_of(kept.service),
        )
    elif kept.due_at is not None and now >= kept.due_at:
        kept.service.stop(0)  # what it left behind may hold its port
        kept.due_at, kept.launched_at = None, now
        _launch_again(kept)


def _launch_again(kept: Kept) -> None:
    try:
        kept.service.launch()
        log.info("service_restarted", service=kept.service.name)
    except (OSError, subprocess.SubprocessError, StandaloneError) as error:
        kept.due_at = time.monotonic() + PAUSES[-1]
        log.warning("service_restart_failed", service=kept.service.name, error=str(error))


def tail_of(service: Service) -> str:
    """The last lines of its log, where it has one."""
    return tail(service.log) if service.log else ""
