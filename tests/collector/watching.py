"""A site that is watched, endpoints that watch it, and what must hold of their records whatever happened."""

import json
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DENSE = "ALTER TABLE endpoints DROP CONSTRAINT endpoints_interval_bounded"  # a slot a second, to save the tests' time
FIELDS = {"headers": json.dumps, "assertions": json.dumps}

EACH_SLOT = """
    SELECT c.endpoint_id, c.slot + number * make_interval(secs => e.interval_seconds) AS slot, e.interval_seconds
    FROM checks c JOIN endpoints e ON e.id = c.endpoint_id, generate_series(0, c.slots - 1) number
    WHERE NOT c.is_asked
"""
UNEVEN = f"""
    SELECT endpoint_id, before, slot
    FROM (
        SELECT *, lag(slot) OVER (PARTITION BY endpoint_id ORDER BY slot) AS before FROM ({EACH_SLOT}) AS each
    ) AS pairs
    WHERE slot - before <> make_interval(secs => interval_seconds)
"""
OFF_SCHEDULE = f"""
    SELECT endpoint_id, slot FROM ({EACH_SLOT}) AS each
    WHERE slot <> slot_after(endpoint_id, interval_seconds, slot - interval '1 millisecond')
"""


class Site:
    """Answers 200 until told otherwise, by path; keeps who asked. Paths in `hanging` get no answer before its end."""

    def __init__(self) -> None:
        self.statuses: dict[str, int] = {}
        self.hanging: set[str] = set()
        self.asked: dict[str, list[dict[str, str]]] = defaultdict(list)  # headers of each request, by path
        self._is_over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> "Site":
        """Answer."""
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()
        return self

    def stop(self) -> None:
        """Let go of everybody."""
        self._is_over.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """One request."""
        path = handler.path
        self.asked[path].append({name.lower(): value for name, value in handler.headers.items()})
        if path in self.hanging:
            self._is_over.wait(60)
            return
        handler.send_response(self.statuses.get(path, 200))
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"ok")

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, *_: Any) -> None:
                """Requests are kept, not told."""

        return Handler


def watch(database: Any, name: str, url: str, **fields: Any) -> int:
    """Make an endpoint, checked every five seconds and without retries unless told otherwise; its id."""
    values = {"name": name, "url": url, "interval_seconds": 5, "retries": 0, "timeout_seconds": 1} | fields
    columns = ", ".join(values)
    cells = [FIELDS.get(column, lambda value: value)(value) for column, value in values.items()]
    made = database.one(
        f"INSERT INTO endpoints ({columns}) VALUES ({', '.join(['%s'] * len(cells))}) RETURNING id", *cells
    )
    database.rows("NOTIFY endpoints")
    return int(made)


def outcomes(database: Any, endpoint: int) -> list[tuple[Any, ...]]:
    """Outcome, reason and slots of each record of an endpoint, in order."""
    return database.rows("SELECT outcome, reason, slots FROM checks WHERE endpoint_id = %s ORDER BY slot", endpoint)


def state(database: Any, endpoint: int) -> str | None:
    """Its state, if it has one."""
    rows = database.rows("SELECT state FROM endpoint_states WHERE endpoint_id = %s", endpoint)
    return rows[0][0] if rows else None


def watch_densely(database: Any, name: str, url: str, **fields: Any) -> int:
    """The same, every second."""
    return watch(database, name, url, interval_seconds=1, **fields)


def checked(database: Any, endpoint: int) -> int:
    """How many results it has."""
    return int(database.one("SELECT count(*) FROM checks WHERE endpoint_id = %s AND outcome <> 'missed'", endpoint))


def assert_each_slot_once(database: Any) -> None:
    """From its first record to its last, each slot of each endpoint has exactly one."""
    assert database.one("SELECT count(*) FROM checks") > 0
    assert database.rows(OFF_SCHEDULE) == []
    assert database.rows(UNEVEN) == []
