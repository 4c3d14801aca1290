"""Checks that somebody asked for by a row: made at once, beside the schedule, and answered in the row.

They are kept and count like any other check. Requests of a collector that died are taken over when its lease ends.
"""

from datetime import timedelta
from threading import Event, Lock
from typing import Any

import structlog
from sqlalchemy import Engine

from collector.probing.checks import Check, Checks, Finished
from collector.probing.rows import to_json
from collector.probing.targets import Definition, EndpointRow, Targets
from sql import statements
from sql.engine import run_once
from sql.errors import translate
from sql.statements import Row, Statement

LOOK_SECONDS = 5.0
LEASE = timedelta(seconds=20)
TOLD = ("outcome", "reason", "detail", "status_code", "duration_ms", "assertions")

sql = statements.load("checks")
log = structlog.get_logger()

Answer = dict[str, Any]


class Request:
    """One request: how many of its checks are still under way, and what the others found."""

    def __init__(self, id: int, checks: int) -> None:
        self.id = id
        self.answers: list[Answer] = []
        self._missing = checks
        self._lock = Lock()

    def add(self, answer: Answer) -> None:
        """One more has been answered."""
        with self._lock:
            self.answers.append(answer)

    def is_stored(self) -> bool:
        """One more is stored; whether that was the last."""
        with self._lock:
            self._missing -= 1
            return self._missing == 0


def read_asked(
    engine: Engine, targets: Targets, endpoint_ids: list[int] | None = None, names: list[str] | None = None
) -> list[tuple[Definition, bool]]:
    """The endpoints with these ids or names, else all that are enabled; each with whether it is known to be out."""
    rows = run_once(engine, sql.read_asked_endpoints, endpoint_ids=endpoint_ids, names=names)
    return [(targets.define(EndpointRow(*row[1:13])), row[13]) for row in rows]


def answer_of(finished: Finished) -> Answer:
    """What whoever asked is told of a check."""
    told: Answer = {"endpoint_id": finished.definition.endpoint_id, "name": finished.definition.name}
    told |= {name: getattr(finished.attempt, name, None) for name in TOLD}
    told["started_at"] = finished.started_at.isoformat()
    return told


class AskedChecks:
    """Looks for requests when it is called, and now and then besides."""

    def __init__(self, engine: Engine, collector: str, targets: Targets, checks: Checks) -> None:
        self._engine = engine
        self._collector = collector
        self._targets = targets
        self._checks = checks
        self._open: dict[int, Request] = {}
        self._called = Event()

    def call(self) -> None:
        """There may be requests; from any thread."""
        self._called.set()

    def run(self, stopping: Event) -> None:
        """Answer until `stopping` is set."""
        while not stopping.is_set():
            self._called.clear()
            self._look()
            self._called.wait(LOOK_SECONDS)

    def _look(self) -> None:
        try:
            self._query(sql.expire_check_requests)
            if self._open:
                self._query(sql.renew_check_requests, ids=list(self._open), lease=LEASE)
            for request in self._query(sql.claim_check_requests, claimed_by=self._collector, lease=LEASE):
                self._begin(*request)
        except Exception as error:  # noqa: BLE001  the rim: requests wait for the next look
            self._tell("requests_not_read", error)

    def _begin(self, id: int, endpoint_ids: list[int] | None) -> None:
        asked = read_asked(self._engine, self._targets, endpoint_ids)
        request = Request(id, len(asked))
        if not asked:
            self._answer(request)
            return
        self._open[id] = request
        for definition, is_down in asked:
            self._checks.begin(
                Check(
                    definition,
                    slot=None,
                    is_down=is_down,
                    on_finished=lambda finished: request.add(answer_of(finished)),
                    after_stored=lambda: self._note_stored(request),
                )
            )

    def _note_stored(self, request: Request) -> None:
        """Answered once all is stored, so that whoever asked finds what it was told in the tables, too."""
        if request.is_stored():
            self._open.pop(request.id, None)
            self._answer(request)

    def _answer(self, request: Request) -> None:
        try:
            self._query(sql.finish_check_request, id=request.id, results=to_json(request.answers))
        except Exception as error:  # noqa: BLE001  the rim: its lease ends, and somebody makes the checks again
            self._tell("request_not_answered", error)

    def _tell(self, event: str, error: Exception) -> None:
        known = translate(error)
        log.warning(event, error=repr(known or error), exc_info=None if known else error)

    def _query(self, statement: Statement, **values: Any) -> list[Row]:
        return run_once(self._engine, statement, **values)
