"""Secrets nobody gave: made once, kept in the data folder for the next start, readable by their owner only."""

import os
import secrets
from pathlib import Path

from standalone.errors import StandaloneError

BYTES = 32


def keep_secret(folder: Path, name: str, given: str) -> str:
    """`given`, or when that is empty the secret kept as `name` in `folder`, made now if there is none."""
    if given:
        return given
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        _write_whole(path, secrets.token_urlsafe(BYTES))
    kept = path.read_text().strip()
    if not kept:
        raise StandaloneError(f"{path} is empty; write the secret into it")
    return kept


def _write_whole(path: Path, content: str) -> None:
    """Under another name first: a half-written secret would lock us out of what it was given to."""
    unfinished = path.with_name(f"{path.name}.new")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    unfinished.rename(path)
