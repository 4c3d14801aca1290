"""What may be told for a while without asking the database again: in files of the data folder, for all workers.

Whatever becomes of a file, nobody's answer fails for it: what is missing, torn or cannot be read is made anew, and
what cannot be written is made by whoever asks next. When a thing was made is kept with it, so that its age can be
told. Knows nothing of what it keeps.
"""

import hashlib
import os
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident
from time import perf_counter, time
from typing import Any

import orjson
import structlog
from flask import Flask
from flask_caching import Cache
from flask_caching.backends.filesystemcache import FileSystemCache

from auth.metrics.cache_counts import note_cache
from auth.turns import take_turn

PATIENCE_SECONDS = 3.0  # for what another makes
OLD_LIVES = 2  # an old thing may be told for as long again, while another makes the new one or cannot
CHECKSUM_BYTES = 16
EXPIRY = struct.Struct("I")  # where cachelib has it, so that its own calls know our files
PROBE = "probe"

log = structlog.get_logger()


class NothingKept(Exception):
    """Nothing is kept under a name, and somebody else has been busy making it for long."""


class Unreadable(Exception):
    """There is an entry, and it cannot be read or is not whole."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A value, when it was made (seconds of the epoch), and for how many seconds it is good."""

    value: Any
    made_at: float
    seconds: int

    def age(self, now: float) -> float:
        """Seconds since it was made; none by a clock that went back."""
        return max(0.0, now - self.made_at)

    def is_fresh(self, now: float) -> bool:
        """A clock that went back makes it due as well."""
        return 0 <= now - self.made_at < self.seconds


class Files(FileSystemCache):
    """Flask-Caching's cache of files, of bytes under a checksum instead of pickles, which run what they hold.

    cachelib's own tries for ten seconds to read what it may not, and leaves a file behind for each one that it cannot
    write.
    """

    def get(self, key: str) -> bytes | None:
        """The bytes under a key, None where there are none. Raises Unreadable."""
        try:
            content = Path(self._get_filename(key)).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unreadable(str(error)) from error
        head, value = content[: EXPIRY.size + CHECKSUM_BYTES], content[EXPIRY.size + CHECKSUM_BYTES :]
        if head[EXPIRY.size :] != _checksum(value):
            raise Unreadable("it is not whole")
        return value if EXPIRY.unpack(head[: EXPIRY.size])[0] >= time() else None

    def set(self, key: str, value: bytes, timeout: Any = None, mgmt_element: bool = False) -> bool:  # noqa: ARG002  # cachelib's
        """Keep bytes, by rename, so that no reader ever sees half of them; whether that was possible."""
        path = Path(self._get_filename(key))
        draft = path.with_name(f"{path.name}-{os.getpid()}-{get_ident()}{self._fs_transaction_suffix}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.touch(0o600)
            draft.write_bytes(EXPIRY.pack(self._normalize_timeout(timeout)) + _checksum(value) + value)
            draft.replace(path)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            log.warning("cache_not_written", error=str(error))
            return False
        return True

    def clear(self) -> bool:
        """Forget everything, drafts of processes that were killed too; whether that was possible."""
        try:
            for path in Path(self._path).iterdir():
                path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("cache_not_cleared", error=str(error))
            return False
        return True


class SharedCache:
    """The cache of an app. `clock` gives seconds of the epoch.

    Each start forgets what there was: another version may have kept it in another form.
    """

    def __init__(self, app: Flask, folder: Path, clock: Callable[[], float] = time) -> None:
        config = {"CACHE_TYPE": f"{__name__}.{Files.__name__}", "CACHE_DIR": str(folder), "CACHE_THRESHOLD": 0}
        self._entries = Cache(app, with_jinja2_ext=False, config=config)
        self._turns = folder.with_name(f"{folder.name}-turns")
        self.clock = clock
        with app.app_context():
            self.clear()

    def keep(self, name: str, seconds: int, make: Callable[[], Any], made_at: float | None = None) -> Kept:
        """What is kept under a name, made anew when it is older than `seconds`, by one caller while others wait for it.

        It is as JSON has it, also when it was made just now; and as old as what it is made of, where `made_at` tells
        when that was made. Raises what `make` does, and NothingKept.
        """
        kept = self._read(name, seconds)
        if kept is not None and kept.is_fresh(self.clock()):
            return kept
        with take_turn(self._turns / name, PATIENCE_SECONDS) as is_mine:
            found = self._look(name, seconds)
            if found is not None and found.is_fresh(self.clock()):
                return found
            if is_mine:
                began_at = self.clock()
                return self._write(name, Kept(make(), began_at if made_at is None else made_at, seconds))
        if found is None:
            raise NothingKept(name)
        return found

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def probe(self) -> float | None:
        """The seconds that a write and a read took; None when either failed. It is not counted as use of the cache."""
        started = perf_counter()
        is_stored = self._entries.set(PROBE, PROBE.encode())
        return perf_counter() - started if is_stored and self._is_kept(PROBE) else None

    def _read(self, name: str, seconds: int) -> Kept | None:
        """What is kept under a name, counted as a hit when it may be told."""
        started = perf_counter()
        try:
            kept = self._find(name, seconds)
        except Unreadable as fault:
            note_cache("read", "error", perf_counter() - started)
            log.warning("cache_entry_ignored", entry=name, reason=str(fault))
            return None
        is_hit = kept is not None and kept.is_fresh(self.clock())
        note_cache("read", "hit" if is_hit else "miss", perf_counter() - started)
        return kept

    def _look(self, name: str, seconds: int) -> Kept | None:
        """What is kept under a name, uncounted."""
        with suppress(Unreadable):
            return self._find(name, seconds)
        return None

    def _find(self, name: str, seconds: int) -> Kept | None:
        """What is kept under a name. Raises Unreadable."""
        content: bytes | None = self._entries.get(name)
        return None if content is None else _unpack(content, seconds)

    def _is_kept(self, name: str) -> bool:
        """Whether there is an entry that is whole."""
        with suppress(Unreadable):
            return self._entries.get(name) is not None
        return False

    def _write(self, name: str, kept: Kept) -> Kept:
        content = orjson.dumps([kept.made_at, kept.value])
        started = perf_counter()
        is_stored = self._entries.set(name, content, timeout=OLD_LIVES * kept.seconds)
        note_cache("write", "stored" if is_stored else "error", perf_counter() - started)
        return _unpack(content, kept.seconds)


def _unpack(content: bytes, seconds: int) -> Kept:
    """An entry as it was written: [made_at, value]. Raises Unreadable for any other shape."""
    try:
        entry = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Unreadable(str(error)) from error
    match entry:
        case [int() | float() as made_at, value]:
            return Kept(value, made_at, seconds)
    raise Unreadable("it has another shape")


def _checksum(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=CHECKSUM_BYTES).digest()
