"""Child processes that end with us, and waiting with a limit. Knows nothing of which programs there are.

Children must be started from a thread that lives as long as we do: the kernel sends the parent-death signal when the
thread that forked them ends, not when the process does.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from standalone.errors import NotReadyError

SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>
POLL_SECONDS = 0.02
LOG_TAIL_LINES = 8
LARGEST_LOG = 10 * 1024 * 1024

_libc = ctypes.CDLL(None, use_errno=True)


def ending_with(parent: int, sent: signal.Signals) -> Callable[[], None]:
    """What a forked child calls before exec so that it gets `sent` when `parent` is gone.

    A change of credentials clears the kernel's note, so it has to come after that; Popen's `user=` does come before.
    """

    def note_parent() -> None:
        _libc.prctl(SET_PARENT_DEATH_SIGNAL, sent.value, 0, 0, 0)
        if os.getppid() != parent:  # it went before the note was made
            os._exit(1)

    return note_parent


def wait_until(is_true: Callable[[], bool], *, limit: float, what: str) -> None:
    """Return once `is_true()`; raise NotReadyError that says `what` was awaited when `limit` seconds pass."""
    end = time.monotonic() + limit
    while not is_true():
        if time.monotonic() > end:
            raise NotReadyError(f"{what}: not within {limit:g} s")
        time.sleep(POLL_SECONDS)


def stop_child(child: subprocess.Popen[bytes], *, asks: tuple[signal.Signals, ...], limit: float) -> None:
    """Send each of `asks` in turn, giving it `limit` seconds, then SIGKILL; the child is reaped in any case."""
    for ask in (*asks, signal.SIGKILL):
        child.send_signal(ask)
        with suppress(subprocess.TimeoutExpired):
            child.wait(limit)
            return


def open_log(path: Path) -> BinaryIO:
    """A file that appends to `path`; a log that grew large becomes the previous one, and the one before that goes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_name(f"{path.name}.1"))
    return cast(BinaryIO, os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0))


def tail(log: Path) -> str:
    """The last lines of a log, to tell why its process ended."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
    except OSError:
        return ""
