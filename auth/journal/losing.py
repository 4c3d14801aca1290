"""Lines that are lost: counted for all workers together, and told in the log when it begins and when it ends."""

from contextlib import suppress
from pathlib import Path

import structlog

from common.journal import LossCount, Losses, read_losses

log = structlog.get_logger()


class Losing:
    """Counts in the journal's own file; in memory what that cannot take, until it can. Made after a fork."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count: LossCount | None = None
        self._unwritten = Losses()
        self._lost = 0

    @property
    def is_going_on(self) -> bool:
        """Whether the last line was lost."""
        return self._lost > 0

    def prepare(self) -> None:
        """Take the room for the count while there is room; again, when somebody took its file away."""
        if self._count is not None and self._count.is_gone():
            self.close()
            self._count = None
        if self._count is None:
            with suppress(OSError):
                self._count = LossCount(self._folder)

    def add(self, reason: str, *, is_cap: bool, lines: int = 1) -> None:
        """Count lines."""
        if not self._lost:
            _tell("journal_loses_lines", reason=reason)
        self._lost += lines
        unwritten = self._unwritten
        self._unwritten = Losses(unwritten.to_errors + lines * (not is_cap), unwritten.to_cap + lines * is_cap)
        self._write()

    def end(self) -> None:
        """Lines are kept again."""
        _tell("journal_keeps_lines_again", lost=self._lost)
        self._lost = 0
        self._write()

    def total(self) -> Losses:
        """All that were ever lost, as far as this process can know."""
        written, unwritten = read_losses(self._folder), self._unwritten
        return Losses(written.to_errors + unwritten.to_errors, written.to_cap + unwritten.to_cap)

    def close(self) -> None:
        """Let go of the file."""
        if self._count is not None:
            self._count.close()

    def _write(self) -> None:
        self.prepare()
        if self._count is not None and self._unwritten != Losses():
            with suppress(OSError):
                self._count.add(to_errors=self._unwritten.to_errors, to_cap=self._unwritten.to_cap)
                self._unwritten = Losses()


def _tell(event: str, **fields: object) -> None:
    with suppress(OSError):  # the log may lie on the disk that is full
        log.warning(event, **fields)
