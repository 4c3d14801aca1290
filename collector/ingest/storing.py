"""Stores pieces of segments: rows, minutes, counted lines, what is no line and positions, all in one transaction.

So a line is stored once, whoever is killed when. It must not know files.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg2
import psycopg2.errors
from sqlalchemy import Engine
from sqlalchemy.pool import PoolProxiedConnection

from collector.errors import CollectorError
from collector.ingest.batch import Piece, halves, moves_of
from collector.ingest.counting import array_of, count_minutes
from collector.ingest.fold import HOUR, MINUTE, Fold, moment_of
from common.clock import Clock
from common.journal import COLUMNS
from sql import statements
from sql.engine import run_once, transaction

COPY = f"COPY request_log ({', '.join(COLUMNS)}) FROM STDIN"
CHUNK = 64 * 1024  # what is folded while the server writes what came before

REFUSALS = (psycopg2.DataError, psycopg2.IntegrityError, psycopg2.errors.ProgramLimitExceeded)

sql = statements.load("journal")


class PositionDiffers(CollectorError):
    """A segment is not stored up to where we believed it to be: somebody else has read it."""


class LineRefused(CollectorError):
    """PostgreSQL does not take one of the lines, or takes several for one."""


class NoPartition(LineRefused):
    """There is no partition for one of the lines."""


@dataclass(frozen=True)
class Stored:
    """How much was stored, and how many lines were none."""

    lines: int = 0
    bad_lines: int = 0


@dataclass(frozen=True)
class Store:
    """Where the lines of a host go."""

    engine: Engine
    host: str
    clock: Clock

    def store(self, pieces: Sequence[Piece]) -> Stored:
        """Store all at once or, where a line is refused, by halves down to that line, which is kept aside.

        Raises PositionDiffers, with nothing stored of what it concerns, and the driver's errors.
        """
        try:
            return self._store_with_room(pieces)
        except LineRefused as refusal:
            parts = halves(pieces)
            if parts is None:
                return self._store_at_once([replace(pieces[0], fault=str(refusal))])
        first, second = (self.store(part) for part in parts)
        return Stored(first.lines + second.lines, first.bad_lines + second.bad_lines)

    def _store_with_room(self, pieces: Sequence[Piece]) -> Stored:
        """Days without a partition get one when a line needs it: that is seldom, and looking at each day is not."""
        try:
            return self._store_at_once(pieces)
        except NoPartition:
            run_once(self.engine, sql.make_late_partitions, days=self._days_of(pieces), moment=self.clock())
        return self._store_at_once(pieces)

    def _store_at_once(self, pieces: Sequence[Piece]) -> Stored:
        with transaction(self.engine) as connection:
            statements.run(connection, sql.lock_erasures_shared)
            fold = Fold(self.clock(), dict(statements.run(connection, sql.read_erased_people)))
            self._move(connection, pieces)
            _copy(connection, pieces, fold)
            self._add(connection, fold)
        return Stored(fold.lines, sum(bad.lines for bad in fold.bad))

    def _move(self, connection: PoolProxiedConnection, pieces: Sequence[Piece]) -> None:
        moves = moves_of(pieces)
        [(moved,)] = statements.run(
            connection,
            sql.move_positions,
            host=self.host,
            names=[move.segment for move in moves],
            befores=[move.before for move in moves],
            afters=[move.after for move in moves],
        )
        if moved != len(moves):
            raise PositionDiffers("segments are not stored up to where they were believed to be")

    def _add(self, connection: PoolProxiedConnection, fold: Fold) -> None:
        """What follows from the lines. Marks of hours come last: whoever rolls up waits for them least."""
        if fold.bad:
            self._quarantine(connection, fold)
        if fold.requests:
            self._add_minutes(connection, fold)
        hours = sorted(fold.lines_of_hour)
        if hours:
            statements.run(
                connection,
                sql.count_lines,
                host=self.host,
                hours=[moment_of(hour, HOUR) for hour in hours],
                lines=[fold.lines_of_hour[hour] for hour in hours],
                probes=[fold.probes_of_hour[hour] for hour in hours],
            )

    def _add_minutes(self, connection: PoolProxiedConnection, fold: Fold) -> None:
        minutes = count_minutes(fold.requests)
        counts = list(minutes.values())
        classes: dict[str, Any] = {
            f"status_{first}xx": [each.classes[first] for each in counts] for first in range(2, 6)
        }
        statements.run(
            connection,
            sql.add_minutes,
            host=self.host,
            minutes=[moment_of(number, MINUTE) for number, _, _ in minutes],
            endpoints=[endpoint for _, endpoint, _ in minutes],
            methods=[method for _, _, method in minutes],
            requests=[each.requests for each in counts],
            request_bytes=[each.request_bytes for each in counts],
            response_bytes=[each.response_bytes for each in counts],
            duration_us=[each.duration_us for each in counts],
            bins=[array_of(sorted(each.bins)) for each in counts],
            counts=[array_of(each.bins[place] for place in sorted(each.bins)) for each in counts],
            **classes,
        )

    def _quarantine(self, connection: PoolProxiedConnection, fold: Fold) -> None:
        statements.run(
            connection,
            sql.quarantine_lines,
            host=self.host,
            segments=[bad.segment for bad in fold.bad],
            positions=[bad.position for bad in fold.bad],
            sizes=[bad.size for bad in fold.bad],
            contents=[fold.without_people(bad.content) for bad in fold.bad],
            reasons=[bad.reason for bad in fold.bad],
        )

    def _days_of(self, pieces: Sequence[Piece]) -> list[datetime]:
        fold = Fold(self.clock(), {})
        for _ in _chunks(pieces, fold):
            pass
        return sorted({moment_of(hour, HOUR).replace(hour=0) for hour in fold.lines_of_hour})


class Feed:
    """What COPY reads from."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, _: int) -> bytes:
        """The next of it; nothing at its end."""
        return next(self._chunks, b"")


def _copy(connection: PoolProxiedConnection, pieces: Sequence[Piece], fold: Fold) -> None:
    """Send lines and fold the next ones while the server writes them."""
    with closing(connection.cursor()) as cursor:
        try:
            cursor.copy_expert(COPY, Feed(_chunks(pieces, fold)))
        except REFUSALS as error:
            is_homeless = isinstance(error, psycopg2.errors.CheckViolation)
            raise (NoPartition if is_homeless else LineRefused)(str(error).partition("\n")[0]) from None
        if cursor.rowcount != fold.lines:  # a backslash before the end of a line, say
            raise LineRefused(f"{fold.lines} lines are {cursor.rowcount} rows to PostgreSQL")


def _chunks(pieces: Sequence[Piece], fold: Fold) -> Iterator[bytes]:
    """What is to be stored of the pieces, folded."""
    for piece in pieces:
        if piece.fault:
            fold.refuse(piece)
            continue
        begin = 0
        while begin < len(piece.content):
            end = piece.content.rfind(b"\n", begin, begin + CHUNK) + 1 or piece.content.index(b"\n", begin) + 1
            stored = fold.take(Piece(piece.segment, piece.position + begin, piece.content[begin:end]))
            if stored:  # COPY would take nothing for the end
                yield stored
            begin = end
