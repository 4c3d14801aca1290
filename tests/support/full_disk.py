"""A disk for a journal that can be filled up: a file system of its own in memory, mounted in a namespace of its own.

Where namespaces are barred, a limit on the size of files does instead: the kernel then refuses every line by EFBIG.
"""

import shutil
import subprocess
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

import psutil

from common.journal import FOLDER

NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "--")
MOUNT = 'mount -t tmpfs -o size=1m,mode=0700 none "$0" && exec "$@"'
FILLER = "filler"
PAGE_BYTES = 4096
COUNT_BYTES = 16  # a file of losses fits, a line does not


class Disk(ABC):
    """Made before auth is started by the command `within` over the data folder `data`; its other duties come after."""

    kind: str
    within: tuple[str, ...] = ()

    def __init__(self, data: Path) -> None:
        self.journal = data / FOLDER

    @abstractmethod
    def beside(self, auth: int) -> tuple[str, ...]:
        """The command by which a process sees what the process `auth` sees."""

    @abstractmethod
    def fill(self, auth: int) -> None:
        """No line fits any more."""

    @abstractmethod
    def make_room(self, auth: int) -> None:
        """Lines fit again."""


class Mounted(Disk):
    """A real file system of 1 MiB, which others do not see."""

    kind = "a full disk"

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.journal.mkdir(parents=True)
        self.within = (*NAMESPACE, "sh", "-c", MOUNT, str(self.journal))

    def beside(self, auth: int) -> tuple[str, ...]:
        return ("nsenter", "--preserve-credentials", "--user", "--mount", f"--target={auth}", "--")

    def fill(self, auth: int) -> None:
        with self._filler(auth).open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"x" * PAGE_BYTES)
        assert shutil.disk_usage(self._filler(auth)).free == 0

    def make_room(self, auth: int) -> None:
        self._filler(auth).unlink()

    def _filler(self, auth: int) -> Path:
        return Path(f"/proc/{auth}/root") / self.journal.relative_to("/") / FILLER


class Limited(Disk):
    """No namespaces: workers may write no file beyond a few bytes."""

    kind = "a limit on files, since namespaces are barred"

    def beside(self, _: int) -> tuple[str, ...]:
        return ()

    def fill(self, auth: int) -> None:
        for worker in psutil.Process(auth).children():
            worker.rlimit(psutil.RLIMIT_FSIZE, (COUNT_BYTES, psutil.RLIM_INFINITY))

    def make_room(self, auth: int) -> None:
        for worker in psutil.Process(auth).children():
            worker.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))


def disk_for(data: Path) -> Disk:
    """The realest that this machine allows."""
    tried = subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "none", data], capture_output=True, check=False)
    return (Mounted if tried.returncode == 0 else Limited)(data)
