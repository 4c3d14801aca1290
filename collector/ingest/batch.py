"""What is stored at once: pieces of segments, in the order in which they stand there. Pure; knows no database."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

WINDOW = 4 * 1024 * 1024  # the most that is held of all segments at a time


@dataclass(frozen=True)
class Piece:
    """A part of a segment: whole lines, or with `fault` what stands there and is no line."""

    segment: str
    position: int
    content: bytes
    fault: str = ""

    @property
    def end(self) -> int:
        """The position behind it."""
        return self.position + len(self.content)


@dataclass(frozen=True)
class Move:
    """A segment whose position goes on from `before` to `after`."""

    segment: str
    before: int
    after: int


def moves_of(pieces: Sequence[Piece]) -> list[Move]:
    """How storing the pieces moves positions, one for each segment, in an order that is the same for everybody."""
    moves: dict[str, Move] = {}
    for piece in pieces:
        begun = moves.get(piece.segment, Move(piece.segment, piece.position, piece.position))
        moves[piece.segment] = replace(begun, after=piece.end)
    return sorted(moves.values(), key=lambda move: move.segment)


def halves(pieces: Sequence[Piece]) -> tuple[Sequence[Piece], Sequence[Piece]] | None:
    """The pieces in two parts of about the same size; None of a single line, or of what is none."""
    if len(pieces) > 1:
        return pieces[: len(pieces) // 2], pieces[len(pieces) // 2 :]
    [piece] = pieces
    last = len(piece.content) - 1
    cut = piece.content.find(b"\n", len(piece.content) // 2, last) + 1
    cut = cut or piece.content.rfind(b"\n", 0, last) + 1
    if piece.fault or not cut:
        return None
    first = replace(piece, content=piece.content[:cut])
    return [first], [replace(piece, position=first.end, content=piece.content[cut:])]
