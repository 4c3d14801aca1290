"""A published status page: every form of it in one file, which is whole or does not count.

Knows bytes and times only; what they say is made elsewhere.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

MAGIC = b"watchhouse status page 1\n"
CHECKSUM_LENGTH = 64
GZIP_LEVEL = 5


class NoSnapshot(Exception):
    """The bytes are no whole snapshot."""


@dataclass(frozen=True, slots=True)
class Form:
    """One form of the page, plain and compressed, and a tag that changes with it."""

    plain: bytes
    packed: bytes
    tag: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """When it was made (seconds of the epoch), when its facts last changed, its forms, and each service's badge."""

    made_at: float
    changed_at: str
    forms: Mapping[str, Form]
    badges: Mapping[str, tuple[str, str]]


def form_of(plain: bytes) -> Form:
    """A form of these bytes."""
    return Form(plain, gzip.compress(plain, GZIP_LEVEL, mtime=0), hashlib.sha256(plain).hexdigest()[:20])


def pack(snapshot: Snapshot) -> bytes:
    """The snapshot as a file's content."""
    head = orjson.dumps(
        {
            "made_at": snapshot.made_at,
            "changed_at": snapshot.changed_at,
            "badges": snapshot.badges,
            "forms": [(name, form.tag, len(form.plain), len(form.packed)) for name, form in snapshot.forms.items()],
        }
    )
    parts = [part for form in snapshot.forms.values() for part in (form.plain, form.packed)]
    content = b"".join([head, b"\n", *parts])
    return MAGIC + hashlib.sha256(content).hexdigest().encode() + content


def unpack(packed: bytes) -> Snapshot:
    """The snapshot from a file's content; raises NoSnapshot when it is torn, garbage or of another version."""
    checksum, content = packed[len(MAGIC) :][:CHECKSUM_LENGTH], packed[len(MAGIC) + CHECKSUM_LENGTH :]
    if not packed.startswith(MAGIC) or hashlib.sha256(content).hexdigest().encode() != checksum:
        raise NoSnapshot
    line, _, rest = content.partition(b"\n")
    head = orjson.loads(line)
    forms, at = {}, 0
    for name, tag, plain, packed_length in head["forms"]:
        middle, end = at + plain, at + plain + packed_length
        forms[name] = Form(rest[at:middle], rest[middle:end], tag)
        at = end
    badges = {key: (name, state) for key, (name, state) in head["badges"].items()}
    return Snapshot(head["made_at"], head["changed_at"], forms, badges)
