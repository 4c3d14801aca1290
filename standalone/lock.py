"""One copy at a time on a data folder, and whether the copy before ended by itself."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from standalone.errors import StandaloneError

NAME = "lock"


class FolderLock:
    """Held from enter to exit. The kernel gives it back when its process is gone, however that went."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle = -1
        self.was_killed = False

    def __enter__(self) -> Self:
        """Take it, or raise StandaloneError naming the process that has it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._handle = os.open(self._folder / NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = self._read()
            os.close(self._handle)
            raise StandaloneError(
                f"WATCHHOUSE_DATA: {self._folder} is in use by another copy (process {holder}); "
                "stop it, or name another folder"
            ) from None
        self.was_killed = self._read() != ""  # a clean end leaves the file empty
        self._write(str(os.getpid()))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._write("")
        os.close(self._handle)

    def _read(self) -> str:
        return os.pread(self._handle, 64, 0).decode()

    def _write(self, text: str) -> None:
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, text.encode(), 0)
