"""The journal as anybody finds it on the disk, read by the manual of PostgreSQL's COPY."""

import fcntl
import re
from pathlib import Path

from flask.testing import FlaskClient

from auth.house import KEY
from common.journal import COLUMNS

ESCAPED = re.compile(r"\\(.)", re.DOTALL)
MEANT = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}

Line = dict[str, str | None]


def folder_of(client: FlaskClient) -> Path:
    """Where an app keeps its journal."""
    data: Path = client.application.extensions[KEY].settings.data
    return data / "journal"


def segments_in(folder: Path) -> list[Path]:
    """The segments, oldest first."""
    return sorted(folder.glob("v1-*.log"))


def bytes_in(folder: Path) -> bytes:
    """All that the segments hold."""
    return b"".join(segment.read_bytes() for segment in segments_in(folder))


def lines_in(folder: Path, request_id: str | None = None) -> list[Line]:
    """The lines of all segments, or those of one request."""
    found = [_read(line) for line in bytes_in(folder).decode().split("\n")[:-1]]
    return [line for line in found if request_id in (None, line["request_id"])]


def is_closed(segment: Path) -> bool:
    """Whether nobody writes there any more."""
    with segment.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _read(line: str) -> Line:
    fields = line.split("\t")
    assert len(fields) == len(COLUMNS), line
    return dict(zip(COLUMNS, map(_unescape, fields), strict=True))


def _unescape(field: str) -> str | None:
    return None if field == "\\N" else ESCAPED.sub(lambda found: MEANT[found[1]], field)
