-- name: audit_hours
-- purpose: what closed hours come to by each way of counting, taken in one snapshot; those never audited first, the newest of
--   them first. An hour that waits to be rolled up is left: it has to differ. A total may be stored up to a moment after
--   its `computed_at`, so what was computed shortly before an audit is audited again. Returns the hours.
-- params: since timestamptz, most int
WITH due AS MATERIALIZED (
    SELECT h.hour, h.requests
    FROM request_hours h
    LEFT JOIN request_audits a ON a.hour = h.hour
    WHERE h.endpoint = '' AND h.method = '' AND h.hour >= :since
        AND (a.hour IS NULL OR h.computed_at > a.audited_at - interval '1 minute')
        AND NOT EXISTS (SELECT FROM request_dirty_hours d WHERE d.hour = h.hour)
    ORDER BY a.hour IS NOT NULL, h.hour DESC
    LIMIT :most
), counted AS (
    SELECT due.hour, journal.lines, logged.rows, routes.requests AS route_requests, due.requests AS total_requests, counter.requests AS counter
    FROM due
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(j.lines - j.probes), 0)::bigint AS lines FROM journal_hours j WHERE j.hour = due.hour
    ) AS journal
    CROSS JOIN LATERAL (
        SELECT count(*) AS rows FROM request_log l WHERE l.at >= due.hour AND l.at < due.hour + interval '1 hour' AND NOT l.is_probe
    ) AS logged
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(r.requests), 0)::bigint AS requests
        FROM request_hours r
        WHERE r.hour = due.hour AND (r.endpoint, r.method) <> ('', '')
    ) AS routes
    CROSS JOIN LATERAL (
        SELECT sum(f.value)::bigint AS requests
        FROM figures f
        WHERE f.subject = 'counter' AND f.figure = 'requests' AND f.at >= due.hour AND f.at < due.hour + interval '1 hour'
    ) AS counter
)
INSERT INTO request_audits AS a (hour, journal_lines, raw_rows, route_requests, total_requests, counter, is_equal)
SELECT hour, lines, rows, route_requests, total_requests, counter,
    lines = rows AND rows = route_requests AND route_requests = total_requests
FROM counted
ORDER BY hour
ON CONFLICT (hour) DO UPDATE
SET journal_lines = excluded.journal_lines, raw_rows = excluded.raw_rows, route_requests = excluded.route_requests,
    total_requests = excluded.total_requests, counter = excluded.counter, is_equal = excluded.is_equal,
    audited_at = excluded.audited_at
RETURNING hour;

-- name: read_largest_difference
-- purpose: by how much an hour's counts differ at most, of the hours since a moment and those audited since then; and when
--   the last hour began that was audited.
-- params: since timestamptz
SELECT
    coalesce(max(
        greatest(journal_lines, raw_rows, route_requests, total_requests) - least(journal_lines, raw_rows, route_requests, total_requests)
    ) FILTER (WHERE hour >= :since OR audited_at >= :since), 0),
    extract(epoch FROM max(hour))::float8
FROM request_audits;
