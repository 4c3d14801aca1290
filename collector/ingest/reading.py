"""Reads the journal of a host on: window by window, each stored as a batch. Knows no metric and no schedule."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from collector.ingest.memory import JournalMemory
from collector.ingest.segments import Backlog, Found, backlog_of, read_on, remove
from collector.ingest.storing import PositionDiffers, Store, Stored, sql
from common.journal import segments_of
from sql.engine import run_once

log = structlog.get_logger()


@dataclass(frozen=True)
class Reading:
    """The journal in a folder, what is remembered of it, and where its lines go."""

    folder: Path
    memory: JournalMemory
    store: Store

    def is_ours(self) -> bool:
        """Whether there is a journal, and nobody else reads it."""
        if not self.folder.is_dir():
            return False
        is_ours = self.memory.hold(self.folder)
        if not is_ours and not self.memory.is_told_of_another:
            log.warning("journal_has_another_reader", folder=str(self.folder))
        self.memory.is_told_of_another = not is_ours
        return is_ours

    def store_next(self) -> tuple[Stored, bool]:
        """Store the next window and take away what is stored to its end; what was stored, and whether that was all.

        Nothing is read while the database is away: it is asked first where it may know more than we do.
        """
        paths = segments_of(self.folder)
        self._learn_positions(paths)
        found = read_on(paths, self.memory.positions)
        try:
            stored = self._store(found)
        except PositionDiffers:
            log.warning("journal_position_differs", segments=[piece.segment for piece in found.pieces])
            return Stored(), True
        self._take_away(found.finished)
        return stored, found.is_all

    def backlog(self) -> Backlog:
        """What waits to be stored."""
        return backlog_of(segments_of(self.folder), self.memory.positions)

    def _learn_positions(self, paths: Sequence[Path]) -> None:
        memory = self.memory
        unknown = [path.name for path in paths if not memory.is_sure or path.name not in memory.positions]
        if unknown:
            known: dict[str, int] = dict(run_once(self.store.engine, sql.read_positions, names=unknown))
            memory.positions.update({name: known.get(name, 0) for name in unknown})
        memory.is_sure = True

    def _store(self, found: Found) -> Stored:
        """Whatever fails, the outcome may be that it was stored: the database has to say."""
        if not found.pieces:
            return Stored()
        self.memory.is_sure = False
        stored = self.store.store(found.pieces)
        self.memory.positions.update({piece.segment: piece.end for piece in found.pieces})
        self.memory.is_sure = True
        return stored

    def _take_away(self, finished: Sequence[Path]) -> None:
        """First the files: a row without one is forgotten later, a file without its row would be stored again."""
        if not finished:
            return
        remove(finished)
        names = [path.name for path in finished]
        for name in names:
            self.memory.positions.pop(name, None)
        run_once(self.store.engine, sql.delete_segments, names=names)
