"""Knows this house's own probes by their mark. It runs only for requests that bring one; see common/probe_mark.py."""

from collections.abc import Callable
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import Engine

from auth.gate import PROBE_MARK
from common.clock import utc_now
from common.probe_mark import is_genuine
from sql.engine import run_once
from sql.errors import translate
from sql.statements import load

PAUSE_SECONDS = 5.0

statements = load("endpoints")
log = structlog.get_logger()


class ProbeMarks:
    """Says which requests are our own probes'. The key is read when the first mark comes, once in a worker."""

    def __init__(self, read_key: Callable[[], str | None]) -> None:
        self._read_key = read_key
        self._key: str | None = None
        self._next_read = 0.0

    def recognise(self, environ: dict[str, Any]) -> bool:
        """Whether the request's mark is genuine; one that is not is no offence, only a request like any other."""
        key = self._key or self._find_key()
        return key is not None and is_genuine(
            key, environ[PROBE_MARK], environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), utc_now()
        )

    def _find_key(self) -> str | None:
        """While the database is away it is not asked for every mark that anybody sends."""
        if monotonic() < self._next_read:
            return None
        self._next_read = monotonic() + PAUSE_SECONDS
        try:
            self._key = self._read_key()
        except Exception as error:
            if translate(error) is None:
                raise
            log.warning("probe_key_unread", reason=type(error).__name__)
        return self._key


def marks_of(engine: Engine) -> ProbeMarks:
    """Marks under the key that stands in the database."""

    def read_key() -> str | None:
        rows = run_once(engine, statements.read_house_key, name="probe")
        return str(rows[0][0]) if rows else None

    return ProbeMarks(read_key)
