"""What the gate tells of an answer, as a line in the journal. Nothing that goes wrong here may reach the request.

Only what is listed in `_line` leaves the request: never its path, query, body or headers other than the user agent.
"""

import os
from platform import node
from zlib import crc32

import structlog
from flask import Request

from auth.answers import Environ
from auth.gate import CLIENT_ADDRESS, IS_PROBE, PROBLEM, REQUEST_ID, USER_ID
from auth.journal.addresses import Show
from auth.journal.journal import Journal
from auth.journal.line import DETAIL_LETTERS, USER_AGENT_LETTERS, make_line, size_of, user_agent_of
from auth.metrics.exporter import UNMATCHED, url_rule
from common.journal import WRITERS

UNLOGGED = frozenset({"static", "/metrics"})
LONGEST_HEADER = 4 * USER_AGENT_LETTERS  # what is beyond cannot show
NO_PROBLEM = (None, None)

log = structlog.get_logger()


class Recorder:
    """Writes down every answer but static files and scrapes."""

    def __init__(self, journal: Journal, show: Show) -> None:
        self._journal, self._show = journal, show
        self._host = crc32(node().encode())  # workers of a host differ by process id, hosts by this

    def record(
        self, environ: Environ, request: Request | None, status: int, response_bytes: int, seconds: float
    ) -> None:
        """Write down that the request of `environ` was answered so, and took auth so long."""
        try:
            endpoint = url_rule(request) if request is not None else UNMATCHED
            if endpoint not in UNLOGGED:
                self._journal.append(self._line(environ, endpoint, status, response_bytes, seconds))
        except Exception as fault:
            self._journal.lose(type(fault).__name__)
            log.exception("request_not_recorded", request_id=environ[REQUEST_ID])

    def _line(self, environ: Environ, endpoint: str, status: int, response_bytes: int, seconds: float) -> bytes:
        user_agent = environ.get("HTTP_USER_AGENT")
        title, detail = environ.get(PROBLEM, NO_PROBLEM)
        return make_line(
            self._journal.take_moment(),
            (self._host + os.getpid()) % WRITERS,
            endpoint=endpoint,
            method=environ["REQUEST_METHOD"],
            status=status,
            duration_us=round(seconds * 1e6),
            request_bytes=size_of(environ.get("CONTENT_LENGTH", "")),
            response_bytes=response_bytes,
            is_probe=IS_PROBE in environ,
            user_id=environ.get(USER_ID),
            ip_address=self._show(environ[CLIENT_ADDRESS]),
            user_agent=None if user_agent is None else user_agent_of(user_agent[:LONGEST_HEADER]),
            request_id=environ[REQUEST_ID],
            problem_title=title,
            problem_detail=detail and detail[:DETAIL_LETTERS],
        )
