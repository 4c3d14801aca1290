"""Requests as collectors store them, for tests: one by one, by the minute, with their hours marked; and rolled up."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from common.journal import WRITERS
from sql.statements import Statement, load
from tests.support.client import Api

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
PLACE = re.compile(r"\$(\d+)")
KEEP_ROWS = """
INSERT INTO request_log (id, at, endpoint, method, status, duration_us, is_probe, user_id, request_bytes,
    response_bytes, ip_address, user_agent, request_id)
SELECT made.*, 10, 200, '192.0.2.7', 'curl/8', 'request-' || made.id
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::int[], %s::bigint[], %s::boolean[],
    %s::uuid[]) AS made (id, at, endpoint, method, status, duration_us, is_probe, user_id)
"""
MAKE_PARTITIONS = "SELECT make_late_partition(%s, day) FROM unnest(%s::timestamptz[]) day"
KEEP_MINUTES = """
WITH rows AS (
    SELECT date_trunc('minute', at) AS minute, grouped.endpoint, grouped.method, status, duration_us,
        sketch_bin(duration_us / 1000.0) AS bin
    FROM request_log r
    CROSS JOIN LATERAL (VALUES (r.endpoint, r.method), ('', '')) AS grouped (endpoint, method)
    WHERE id = ANY (%s::bigint[]) AND NOT is_probe AND at > now() - interval '6 days'
), binned AS (
    SELECT minute, endpoint, method, bin, count(*)::int AS amount FROM rows GROUP BY minute, endpoint, method, bin
), sketches AS (
    SELECT minute, endpoint, method, array_agg(bin) AS bins, array_agg(amount) AS counts
    FROM binned GROUP BY minute, endpoint, method
)
INSERT INTO request_minutes (minute, host, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx,
    request_bytes, response_bytes, duration_us, bins, counts)
SELECT minute, %s, endpoint, method, count(*), count(*) FILTER (WHERE status / 100 = 2),
    count(*) FILTER (WHERE status / 100 = 3), count(*) FILTER (WHERE status / 100 = 4),
    count(*) FILTER (WHERE status / 100 = 5), 10 * count(*), 200 * count(*), sum(duration_us), bins, counts
FROM rows JOIN sketches USING (minute, endpoint, method)
GROUP BY minute, endpoint, method, bins, counts
"""
MARK = """
INSERT INTO request_dirty_hours (hour, host)
SELECT DISTINCT date_trunc('hour', at), %s FROM request_log WHERE id = ANY (%s::bigint[])
ON CONFLICT (hour, host) DO UPDATE SET marked_at = excluded.marked_at
"""

rollups = load("request_rollups")
_numbers = count(1)


@dataclass(frozen=True)
class Request:
    """A request that somebody made."""

    at: datetime
    endpoint: str = "/verify"
    method: str = "GET"
    status: int = 200
    milliseconds: float = 1.0
    is_probe: bool = False
    user_id: str | None = None


def store(api: Api, requests: Iterable[Request]) -> list[int]:
    """Store requests as one batch of a host of its own; their ids."""
    made = list(requests)
    host = f"host-{next(_numbers)}"
    ids = [(request.at - EPOCH) // MICROSECOND * WRITERS + next(_numbers) % WRITERS for request in made]
    for table in ("request_log", "request_minutes"):
        api.collect(MAKE_PARTITIONS, table, sorted({request.at.replace(hour=0, minute=0) for request in made}))
    api.collect(
        KEEP_ROWS,
        ids,
        [request.at for request in made],
        [request.endpoint for request in made],
        [request.method for request in made],
        [request.status for request in made],
        [round(request.milliseconds * 1000) for request in made],
        [request.is_probe for request in made],
        [request.user_id for request in made],
    )
    api.collect(KEEP_MINUTES, ids, host)
    api.collect(MARK, host, ids)
    return ids


def roll_up(api: Api, hours: Iterable[datetime], *, from_rows: bool = False) -> None:
    """Roll hours up as the collector does."""
    for hour in hours:
        for statement in (rollups.take_dirty_marks, rollups.roll_up_hour):
            _run(api, statement, {"hour": hour, "from_rows": from_rows})


def _run(api: Api, statement: Statement, values: dict[str, Any]) -> None:
    """A named statement with the collector's rights, in the driver's style."""
    text = PLACE.sub(lambda found: f"%s::{statement.types[int(found[1]) - 1]}", statement.text)
    api.collect(text, *(values[statement.names[int(number) - 1]] for number in PLACE.findall(statement.text)))
