-- name: make_own_endpoints
-- purpose: this house's own paths, watched from the start; those whose name is taken are left as they are. With
--   `only_first` none is made where any endpoint is. Made and noted for the audit log in one statement.
-- params: only_first boolean
WITH made AS (
    INSERT INTO endpoints (name, url, method, headers, body, interval_seconds, expected_status, group_name, position)
    SELECT name, url, method, headers::jsonb, body, interval_seconds, expected_status::text[], 'Watchhouse', position
    FROM (VALUES
        ('API Root', '/', 'GET', '{}', NULL, 120, '{2xx}', 1),
        ('Health Check', '/health/', 'GET', '{}', NULL, 60, '{2xx}', 2),
        ('User Registration', '/api/v1/auth/register/', 'POST', '{"Content-Type": "application/json"}', '{}', 300, '{422}', 3),
        ('User Login', '/api/v1/auth/login/', 'POST', '{"Content-Type": "application/json"}', '{}', 300, '{422}', 4),
        ('API Docs', '/docs', 'GET', '{}', NULL, 600, '{2xx}', 5),
        ('Health Overview API', '/health/api/overview/', 'GET', '{}', NULL, 300, '{2xx}', 6),
        ('Status Page', '/health/status-page/', 'GET', '{}', NULL, 300, '{2xx}', 7),
        ('Admin Panel', '/admin/', 'GET', '{}', NULL, 600, '{302,303}', 8)
    ) AS own (name, url, method, headers, body, interval_seconds, expected_status, position)
    WHERE NOT (:only_first AND EXISTS (SELECT FROM endpoints))
    ON CONFLICT (name) DO NOTHING
    RETURNING id, name, url
), noted AS (
    INSERT INTO audit_log (action, subject_type, subject_id, changes)
    SELECT 'endpoint.created', 'endpoint', id::text,
        jsonb_build_object('name', jsonb_build_array(NULL, name), 'url', jsonb_build_array(NULL, url))
    FROM made
    ORDER BY id
)
SELECT id, name, pg_notify('endpoints', '') FROM made ORDER BY id;

-- name: read_probe_key
-- purpose: the key by which our own probes are marked.
SELECT key FROM house_keys WHERE name = 'probe';

-- name: plan_slots
-- purpose: each enabled endpoint has its place in the schedule, and no other one has. A new one is due at once, as one
--   that is late; one whose interval changed, or whose next slot lies too far ahead since a clock was wrong, gets a slot
--   of its interval. Rows that somebody holds wait for the next time. Returns the endpoints, and how many checks a second
--   they come to.
-- params: moment timestamptz
WITH wanted AS MATERIALIZED (
    SELECT id, slot_after(id, interval_seconds, :moment) AS slot, make_interval(secs => interval_seconds) AS span, interval_seconds
    FROM endpoints
    WHERE is_enabled
), moved AS (
    UPDATE endpoint_schedule AS s
    SET next_slot = w.slot
    FROM wanted AS w
    WHERE s.endpoint_id IN (
        SELECT p.endpoint_id
        FROM endpoint_schedule AS p
        JOIN wanted AS v ON v.id = p.endpoint_id
        WHERE p.next_slot > v.slot + v.span
            OR p.next_slot <> slot_after(v.id, v.interval_seconds, p.next_slot - interval '1 millisecond')
        ORDER BY p.endpoint_id
        FOR UPDATE OF p SKIP LOCKED
    ) AND w.id = s.endpoint_id
), gone AS (
    DELETE FROM endpoint_schedule
    WHERE endpoint_id IN (
        SELECT s.endpoint_id
        FROM endpoint_schedule AS s
        WHERE s.claimed_slot IS NULL AND NOT EXISTS (SELECT FROM wanted WHERE id = s.endpoint_id)
        ORDER BY s.endpoint_id
        FOR UPDATE OF s SKIP LOCKED
    )
), made AS (
    INSERT INTO endpoint_schedule (endpoint_id, next_slot)
    SELECT w.id, CASE WHEN EXISTS (SELECT FROM endpoint_states AS e WHERE e.endpoint_id = w.id) THEN w.slot ELSE w.slot - w.span END
    FROM wanted AS w
    WHERE NOT EXISTS (SELECT FROM endpoint_schedule AS s WHERE s.endpoint_id = w.id)
    ON CONFLICT (endpoint_id) DO NOTHING
)
SELECT coalesce(array_agg(id), '{}'), coalesce(sum(1.0 / interval_seconds), 0)::float8 FROM wanted;

-- name: claim_slots
-- purpose: take the slots that are due before `horizon` and that nobody has, without waiting for those another collector
--   takes just now. The latest slot of an endpoint counts; those before it passed unwatched, and are noted as missed
--   here, so that each has a record since the endpoint was made. A slot from before `fresh_from` is late: the longest
--   intervals first, `most_late` of them, so that a restart brings no herd, and a check once an hour need not wait for
--   the next hour. With `gaps` false nothing is taken that would be late or missed: held results of others may still
--   come. After so long an absence that a day was never made, or is dropped by now, records begin with yesterday.
-- params: claimed_by text, horizon timestamptz, fresh_from timestamptz, moment timestamptz, lease interval, most int, most_late int, gaps boolean
WITH due AS MATERIALIZED (
    SELECT s.endpoint_id, s.next_slot, e.interval_seconds, make_interval(secs => e.interval_seconds) AS span,
        e.created_at, slot_after(s.endpoint_id, e.interval_seconds, :horizon) - make_interval(secs => e.interval_seconds) AS slot
    FROM endpoint_schedule AS s
    JOIN endpoints AS e ON e.id = s.endpoint_id
    WHERE s.claimed_slot IS NULL AND s.next_slot <= :horizon AND (:gaps OR s.next_slot >= :fresh_from) AND e.is_enabled
), chosen AS MATERIALIZED (
    (SELECT * FROM due WHERE slot >= greatest(next_slot, :fresh_from) ORDER BY slot LIMIT :most)
    UNION ALL
    (SELECT * FROM due WHERE slot >= next_slot AND slot < :fresh_from ORDER BY interval_seconds DESC, endpoint_id LIMIT :most_late)
), free AS MATERIALIZED (
    SELECT s.endpoint_id, c.slot, c.span, c.interval_seconds,
        CASE
            WHEN c.next_slot = c.slot THEN c.slot
            WHEN to_regclass('checks_' || to_char(c.next_slot, 'YYYYMMDD')) IS NULL
            THEN slot_after(c.endpoint_id, c.interval_seconds, date_trunc('day', :moment) - interval '1 day')
            ELSE greatest(c.next_slot, slot_after(c.endpoint_id, c.interval_seconds, c.created_at))
        END AS first_missed
    FROM endpoint_schedule AS s
    JOIN chosen AS c ON c.endpoint_id = s.endpoint_id
    WHERE s.claimed_slot IS NULL AND s.next_slot = c.next_slot
    ORDER BY s.endpoint_id
    FOR UPDATE OF s SKIP LOCKED
), claimed AS (
    UPDATE endpoint_schedule AS s
    SET claimed_slot = f.slot, claimed_by = :claimed_by, claimed_until = greatest(f.slot, :moment) + :lease, next_slot = f.slot + f.span
    FROM free AS f
    WHERE s.endpoint_id = f.endpoint_id
    RETURNING f.endpoint_id, f.slot, ceil(greatest(0, extract(epoch FROM f.slot - f.first_missed)) / f.interval_seconds)::int AS missed,
        f.first_missed
), missed AS (
    INSERT INTO checks (endpoint_id, slot, slots, outcome, reason, collector)
    SELECT endpoint_id, first_missed, missed, 'missed', 'no_collector', :claimed_by
    FROM claimed
    WHERE missed > 0
    ON CONFLICT (endpoint_id, slot) DO NOTHING
)
SELECT c.slot, e.id, e.name, e.url, e.method, e.headers::text, e.body, e.interval_seconds, e.timeout_seconds, e.retries,
    e.expected_status, e.assertions::text, e.degraded_after_ms, coalesce(t.state = 'major_outage', false),
    c.slot < :fresh_from, c.missed
FROM claimed AS c
JOIN endpoints AS e ON e.id = c.endpoint_id
LEFT JOIN endpoint_states AS t ON t.endpoint_id = c.endpoint_id
ORDER BY c.slot, e.id;

-- name: renew_claims
-- purpose: a check that takes long keeps its slot while its collector lives.
-- params: claimed_by text, endpoint_ids bigint[], until timestamptz
UPDATE endpoint_schedule
SET claimed_until = :until
WHERE endpoint_id IN (
    SELECT endpoint_id
    FROM endpoint_schedule
    WHERE endpoint_id = ANY (:endpoint_ids) AND claimed_by = :claimed_by
    FOR UPDATE SKIP LOCKED
);

-- name: expire_claims
-- purpose: whoever held these slots is gone: they are missed, and the endpoints free for others. Those of `claimed_by`
--   count at once, when that collector starts anew. A slot whose day is dropped by now needs no record. Returns how many
--   there were.
-- params: moment timestamptz, claimed_by text
WITH dead AS MATERIALIZED (
    SELECT endpoint_id, claimed_slot, claimed_by
    FROM endpoint_schedule
    WHERE claimed_slot IS NOT NULL AND (claimed_until < :moment OR claimed_by = :claimed_by)
    ORDER BY endpoint_id
    FOR UPDATE SKIP LOCKED
), freed AS (
    UPDATE endpoint_schedule AS s
    SET claimed_slot = NULL, claimed_by = NULL, claimed_until = NULL
    FROM dead
    WHERE s.endpoint_id = dead.endpoint_id
), missed AS (
    INSERT INTO checks (endpoint_id, slot, outcome, reason, collector)
    SELECT endpoint_id, claimed_slot, 'missed', 'collector_died', claimed_by
    FROM dead
    WHERE to_regclass('checks_' || to_char(claimed_slot, 'YYYYMMDD')) IS NOT NULL
    ON CONFLICT (endpoint_id, slot) DO NOTHING
)
SELECT count(*) FROM dead;

-- name: release_claims
-- purpose: a collector that stops gives back the slots that are still to come; those whose check it cuts off are missed.
-- params: claimed_by text, moment timestamptz
WITH held AS MATERIALIZED (
    SELECT endpoint_id, claimed_slot
    FROM endpoint_schedule
    WHERE claimed_by = :claimed_by
    ORDER BY endpoint_id
    FOR UPDATE
), freed AS (
    UPDATE endpoint_schedule AS s
    SET claimed_slot = NULL, claimed_by = NULL, claimed_until = NULL,
        next_slot = CASE WHEN held.claimed_slot > :moment THEN held.claimed_slot ELSE s.next_slot END
    FROM held
    WHERE s.endpoint_id = held.endpoint_id
), missed AS (
    INSERT INTO checks (endpoint_id, slot, outcome, reason, collector)
    SELECT endpoint_id, claimed_slot, 'missed', 'collector_stopped', :claimed_by FROM held WHERE claimed_slot <= :moment
    ON CONFLICT (endpoint_id, slot) DO NOTHING
)
SELECT count(*) FROM held;

-- name: lock_schedule
-- purpose: the places of endpoints whose checks are about to be stored: held, so that each slot is decided upon once, and
--   in one order, so that two that store never wait for one another.
-- params: endpoint_ids bigint[]
SELECT endpoint_id, next_slot, claimed_slot, claimed_by
FROM endpoint_schedule
WHERE endpoint_id = ANY (:endpoint_ids)
ORDER BY endpoint_id
FOR UPDATE;

-- name: move_schedule
-- purpose: what is stored is not held any more, and the next slot is one that is still to come.
-- params: places jsonb
UPDATE endpoint_schedule AS s
SET next_slot = p.next_slot,
    claimed_slot = CASE WHEN p.is_held THEN s.claimed_slot END,
    claimed_by = CASE WHEN p.is_held THEN s.claimed_by END,
    claimed_until = CASE WHEN p.is_held THEN s.claimed_until END
FROM jsonb_to_recordset(:places) AS p (endpoint_id bigint, next_slot timestamptz, is_held boolean)
WHERE s.endpoint_id = p.endpoint_id;
