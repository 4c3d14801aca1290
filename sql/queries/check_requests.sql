-- name: request_checks
-- purpose: a wish for checks now, of the named endpoints or of all: names become ids, the wish is written and collectors
--   are woken, in one round trip. Returns whether a collector is alive, the names that are no endpoint's, and the wish's
--   id; nothing is written unless somebody can answer and every name is known.
-- params: names text[], asked_by uuid
WITH named AS (
    SELECT n.name, e.id
    FROM unnest(:names) AS n (name)
    LEFT JOIN endpoints e ON e.name = n.name
), circumstances AS (
    SELECT
        EXISTS (SELECT FROM collectors WHERE seen_at > now() - interval '15 seconds') AS is_alive,
        coalesce((SELECT array_agg(DISTINCT name) FROM named WHERE id IS NULL), '{}') AS unknown
), asked AS (
    INSERT INTO check_requests (endpoint_ids, asked_by)
    SELECT CASE WHEN cardinality(:names) > 0 THEN (SELECT array_agg(DISTINCT id) FROM named) END, :asked_by
    FROM circumstances
    WHERE is_alive AND cardinality(unknown) = 0
    RETURNING id
), woken AS MATERIALIZED (
    SELECT id, pg_notify('check_requests', '') FROM asked
)
SELECT c.is_alive, c.unknown, w.id
FROM circumstances c
LEFT JOIN woken w ON true;

-- name: read_check_request
-- purpose: how far a wish for checks has come, for whoever waits for it.
-- params: id bigint
SELECT CASE
        WHEN finished_at IS NOT NULL THEN 'finished'
        WHEN expires_at <= now() THEN 'expired'
        WHEN claimed_until > now() THEN 'running'
        ELSE 'queued'
    END, results, created_at, finished_at
FROM check_requests
WHERE id = :id;
