"""Requests as ingest stores them: raw rows, minutes, lines by hour and dirty marks, of the same requests in one go."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from tests.support.databases import Database

TABLES = (
    *("request_log", "request_minutes", "request_hours", "request_dirty_hours", "request_audits"),
    *("journal_hours", "journal_states"),
)
STORE = """
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::int[], %s::bigint[], %s::bigint[],
        %s::bigint[], %s::boolean[])
        AS given (at, host, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe)
), logged AS (
    INSERT INTO request_log (id, at, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe)
    SELECT row_number() OVER (), at, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe
    FROM given
), lines AS (
    INSERT INTO journal_hours AS j (hour, host, lines, probes)
    SELECT date_trunc('hour', at), host, count(*), count(*) FILTER (WHERE is_probe) FROM given GROUP BY 1, 2
    ON CONFLICT (hour, host) DO UPDATE SET lines = j.lines + excluded.lines, probes = j.probes + excluded.probes
), marked AS (
    INSERT INTO request_dirty_hours (hour, host) SELECT DISTINCT date_trunc('hour', at), host FROM given
    ON CONFLICT (hour, host) DO UPDATE SET marked_at = now()
), told AS (
    SELECT date_trunc('minute', at) AS minute, given.host, names.endpoint, names.method, status, duration_us,
        request_bytes, response_bytes, sketch_bin(duration_us / 1000.0) AS bin
    FROM given
    CROSS JOIN LATERAL (VALUES (given.endpoint, given.method), ('', '')) AS names (endpoint, method)
    WHERE NOT is_probe
), binned AS (
    SELECT minute, host, endpoint, method, bin, count(*)::int AS amounts FROM told GROUP BY 1, 2, 3, 4, 5
), sketches AS (
    SELECT minute, host, endpoint, method, array_agg(bin ORDER BY bin) AS bins,
        array_agg(amounts ORDER BY bin) AS counts
    FROM binned GROUP BY 1, 2, 3, 4
)
INSERT INTO request_minutes
SELECT minute, host, endpoint, method, count(*), count(*) FILTER (WHERE status / 100 = 2),
    count(*) FILTER (WHERE status / 100 = 3), count(*) FILTER (WHERE status / 100 = 4),
    count(*) FILTER (WHERE status / 100 = 5), sum(request_bytes), sum(response_bytes), sum(duration_us), bins, counts
FROM told JOIN sketches USING (minute, host, endpoint, method)
GROUP BY minute, host, endpoint, method, bins, counts
"""


@dataclass(frozen=True)
class Request:
    """A request that was answered."""

    at: datetime
    host: str = "anna"
    endpoint: str = "/"
    method: str = "GET"
    status: int = 200
    duration_us: int = 1000
    request_bytes: int = 0
    response_bytes: int = 10
    is_probe: bool = False


def store_requests(database: Database, requests: Sequence[Request]) -> None:
    """Store them, as one batch. The same minute, host and route must not have been stored before."""
    database.rows(STORE, *[list(column) for column in zip(*map(astuple, requests), strict=True)] or [[]] * 9)


def forget_requests(database: Database) -> None:
    """As if nobody had asked anything."""
    database.rows("; ".join(f"DELETE FROM {table}" for table in TABLES))
