-- name: read_measured
-- purpose: the next endpoints by id, with what was measured of them last; in bites, so that memory does not grow with them.
-- params: after bigint, most int
SELECT e.id, e.created_at, f.measured_at, f.days
FROM endpoints e
LEFT JOIN endpoint_figures f ON f.endpoint_id = e.id
WHERE e.id > :after
ORDER BY e.id
LIMIT :most;

-- name: read_known_time
-- purpose: the intervals that reach past `since` of many endpoints at once; an open one ends where its evidence does.
--   Unknown time is left out: what no interval covers is unknown.
-- params: endpoint_ids bigint[], since timestamptz
SELECT i.endpoint_id, i.state, i.began_at, coalesce(i.ended_at, s.valid_until) AS ended_at
FROM state_intervals i
JOIN endpoint_states s ON s.endpoint_id = i.endpoint_id
WHERE i.endpoint_id = ANY (:endpoint_ids)
  AND i.state <> 'unknown'
  AND coalesce(i.ended_at, s.valid_until) > greatest(:since, i.began_at)
ORDER BY i.endpoint_id, i.began_at;

-- name: read_endpoint_days
-- purpose: the days that are stored of many endpoints, to write only those that turn out otherwise.
-- params: endpoint_ids bigint[], first date
SELECT endpoint_id, day, operational_seconds, degraded_seconds, down_seconds, maintenance_seconds, unknown_seconds
FROM endpoint_days
WHERE endpoint_id = ANY (:endpoint_ids) AND day >= :first;

-- name: store_endpoint_days
-- purpose: many days of many endpoints in one statement, but for endpoints deleted meanwhile.
-- params: endpoint_ids bigint[], days date[], operational double precision[], degraded double precision[], down double precision[], maintenance double precision[], unknown double precision[]
INSERT INTO endpoint_days AS d (endpoint_id, day, operational_seconds, degraded_seconds, down_seconds, maintenance_seconds,
    unknown_seconds)
SELECT m.*
FROM unnest(:endpoint_ids, :days, :operational, :degraded, :down, :maintenance, :unknown) AS m (endpoint_id)
JOIN endpoints e ON e.id = m.endpoint_id
ON CONFLICT (endpoint_id, day) DO UPDATE
SET operational_seconds = excluded.operational_seconds, degraded_seconds = excluded.degraded_seconds,
    down_seconds = excluded.down_seconds, maintenance_seconds = excluded.maintenance_seconds,
    unknown_seconds = excluded.unknown_seconds
WHERE (d.operational_seconds, d.degraded_seconds, d.down_seconds, d.maintenance_seconds, d.unknown_seconds)
    IS DISTINCT FROM (excluded.operational_seconds, excluded.degraded_seconds, excluded.down_seconds,
        excluded.maintenance_seconds, excluded.unknown_seconds);

-- name: store_uptime
-- purpose: the figures of many endpoints in one statement, but for endpoints deleted meanwhile. Response times are
--   another job's: they stay as they are.
-- params: endpoint_ids bigint[], uptime_24h double precision[], uptime_7d double precision[], uptime_30d double precision[], uptime_90d double precision[], coverage_24h double precision[], coverage_7d double precision[], coverage_30d double precision[], coverage_90d double precision[], days text[], measured_at timestamptz
INSERT INTO endpoint_figures (endpoint_id, uptime_24h, uptime_7d, uptime_30d, uptime_90d, coverage_24h, coverage_7d,
    coverage_30d, coverage_90d, days, measured_at)
SELECT m.*, :measured_at
FROM unnest(:endpoint_ids, :uptime_24h, :uptime_7d, :uptime_30d, :uptime_90d, :coverage_24h, :coverage_7d, :coverage_30d,
    :coverage_90d, :days) AS m (endpoint_id)
JOIN endpoints e ON e.id = m.endpoint_id
ON CONFLICT (endpoint_id) DO UPDATE
SET uptime_24h = excluded.uptime_24h, uptime_7d = excluded.uptime_7d, uptime_30d = excluded.uptime_30d,
    uptime_90d = excluded.uptime_90d, coverage_24h = excluded.coverage_24h, coverage_7d = excluded.coverage_7d,
    coverage_30d = excluded.coverage_30d, coverage_90d = excluded.coverage_90d, days = excluded.days,
    measured_at = excluded.measured_at;
