"""What stands in a segment and is no line: kept in its beginning, with the reason. Pure."""

from dataclasses import dataclass, replace

from collector.ingest.batch import Piece

KEPT_BYTES = 4096


@dataclass(frozen=True)
class Quarantined:
    """What is kept of a bad line, or of several in a row that are bad for one reason."""

    segment: str
    position: int
    size: int
    content: bytes
    reason: str
    lines: int = 1


def refuse(bad: list[Quarantined], piece: Piece) -> None:
    """Add to `bad` what is no line: to the last of it where it goes on with the same fault."""
    if bad and _goes_on(bad[-1], piece):
        bad[-1] = replace(
            bad[-1],
            size=bad[-1].size + len(piece.content),
            content=(bad[-1].content + piece.content[:KEPT_BYTES])[:KEPT_BYTES],
            lines=bad[-1].lines + 1,
        )
    else:
        bad.append(
            Quarantined(piece.segment, piece.position, len(piece.content), piece.content[:KEPT_BYTES], piece.fault)
        )


def _goes_on(before: Quarantined, piece: Piece) -> bool:
    return (before.segment, before.position + before.size, before.reason) == (
        piece.segment,
        piece.position,
        piece.fault,
    )
