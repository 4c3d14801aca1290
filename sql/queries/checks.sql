-- name: read_tracks
-- purpose: where the endpoints stand whose checks are about to be stored; one that is gone gives no row. Their places in
--   the schedule are locked by then, which keeps other writers away.
-- params: endpoint_ids bigint[]
SELECT e.id, e.name, t.track::text
FROM endpoints AS e
LEFT JOIN endpoint_states AS t ON t.endpoint_id = e.id
WHERE e.id = ANY (:endpoint_ids);

-- name: store_checks
-- purpose: many results at once. A slot that has a record keeps it.
-- params: checks jsonb
INSERT INTO checks (endpoint_id, slot, slots, outcome, reason, detail, started_at, duration_ms, dns_ms, connect_ms, tls_ms,
    wait_ms, transfer_ms, status_code, body_bytes, attempts, address, certificate_expires_at, assertions, collector, is_asked)
SELECT endpoint_id, slot, slots, outcome, reason, detail, started_at, duration_ms, dns_ms, connect_ms, tls_ms,
    wait_ms, transfer_ms, status_code, body_bytes, attempts, address, certificate_expires_at, assertions, collector, is_asked
FROM jsonb_to_recordset(:checks) AS c (endpoint_id bigint, slot timestamptz, slots int, outcome text, reason text, detail text,
    started_at timestamptz, duration_ms float8, dns_ms float8, connect_ms float8, tls_ms float8, wait_ms float8, transfer_ms float8,
    status_code int, body_bytes int, attempts int, address text, certificate_expires_at timestamptz, assertions jsonb, collector text,
    is_asked boolean)
ON CONFLICT (endpoint_id, slot) DO NOTHING;

-- name: store_states
-- purpose: where the endpoints stand after their checks. No index holds what changes here, so that an update touches
--   one page. A certificate that a check did not see is remembered.
-- params: states jsonb
INSERT INTO endpoint_states AS t (endpoint_id, state, since, valid_until, last_checked_at, last_outcome, last_reason,
    last_duration_ms, certificate_expires_at, track, updated_at)
SELECT endpoint_id, state, since, valid_until, last_checked_at, last_outcome, last_reason, last_duration_ms,
    certificate_expires_at, track, now()
FROM jsonb_to_recordset(:states) AS s (endpoint_id bigint, state text, since timestamptz, valid_until timestamptz,
    last_checked_at timestamptz, last_outcome text, last_reason text, last_duration_ms float8,
    certificate_expires_at timestamptz, track jsonb)
ON CONFLICT (endpoint_id) DO UPDATE
SET state = excluded.state, since = excluded.since, valid_until = excluded.valid_until,
    last_checked_at = excluded.last_checked_at, last_outcome = excluded.last_outcome, last_reason = excluded.last_reason,
    last_duration_ms = excluded.last_duration_ms,
    certificate_expires_at = coalesce(excluded.certificate_expires_at, t.certificate_expires_at),
    track = excluded.track, updated_at = excluded.updated_at;

-- name: store_intervals
-- purpose: what takes the place of open intervals; the first of each endpoint begins where its open one did, and takes
--   its row. In their order, so that never two are open.
-- params: intervals jsonb
INSERT INTO state_intervals (endpoint_id, state, began_at, ended_at)
SELECT endpoint_id, state, began_at, ended_at
FROM jsonb_to_recordset(:intervals) AS i (endpoint_id bigint, state text, began_at timestamptz, ended_at timestamptz)
ORDER BY endpoint_id, began_at
ON CONFLICT (endpoint_id, began_at) DO UPDATE SET state = excluded.state, ended_at = excluded.ended_at;

-- name: read_asked_endpoints
-- purpose: what a check that somebody asked for needs to know: of the endpoints with these ids or names, or of all that
--   are enabled where both are null. The columns are those of claim_slots.
-- params: endpoint_ids bigint[], names text[]
SELECT NULL::timestamptz, e.id, e.name, e.url, e.method, e.headers::text, e.body, e.interval_seconds, e.timeout_seconds, e.retries,
    e.expected_status, e.assertions::text, e.degraded_after_ms, coalesce(t.state = 'major_outage', false), false, 0
FROM endpoints AS e
LEFT JOIN endpoint_states AS t ON t.endpoint_id = e.id
WHERE CASE
    WHEN :endpoint_ids IS NOT NULL THEN e.id = ANY (:endpoint_ids)
    WHEN :names IS NOT NULL THEN e.name = ANY (:names)
    ELSE e.is_enabled
END
ORDER BY e.position, e.id;

-- name: claim_check_requests
-- purpose: take the requests that are open and that no living collector has.
-- params: claimed_by text, lease interval
UPDATE check_requests
SET claimed_by = :claimed_by, claimed_until = now() + :lease
WHERE id IN (
    SELECT id
    FROM check_requests
    WHERE finished_at IS NULL AND expires_at > now() AND (claimed_until IS NULL OR claimed_until < now())
    ORDER BY created_at
    FOR UPDATE SKIP LOCKED
)
RETURNING id, endpoint_ids;

-- name: renew_check_requests
-- purpose: a request whose checks take long stays with its collector while that lives.
-- params: ids bigint[], lease interval
UPDATE check_requests SET claimed_until = now() + :lease WHERE id = ANY (:ids) AND finished_at IS NULL;

-- name: finish_check_request
-- purpose: the answer that somebody waits for.
-- params: id bigint, results jsonb
UPDATE check_requests SET results = :results, finished_at = now() WHERE id = :id AND finished_at IS NULL;

-- name: expire_check_requests
-- purpose: nobody answered these in time, and whoever asked is told so. Returns how many there were.
WITH expired AS (
    UPDATE check_requests AS r
    SET finished_at = now(), results = coalesce((
        SELECT jsonb_agg(jsonb_build_object('endpoint_id', e.id, 'name', e.name, 'outcome', 'missed', 'reason', 'expired',
            'detail', 'not checked in time', 'status_code', NULL, 'duration_ms', NULL, 'started_at', NULL, 'assertions', NULL)
            ORDER BY e.position, e.id)
        FROM endpoints AS e
        WHERE CASE WHEN r.endpoint_ids IS NULL THEN e.is_enabled ELSE e.id = ANY (r.endpoint_ids) END
    ), '[]')
    WHERE r.finished_at IS NULL AND r.expires_at <= now()
    RETURNING 1
)
SELECT count(*) FROM expired;

-- name: delete_old_check_requests
-- purpose: requests of yesterday. Returns how many were deleted, at most `most`.
-- params: most int
WITH gone AS (
    DELETE FROM check_requests
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM check_requests WHERE created_at < now() - interval '1 day' LIMIT :most))
    RETURNING 1
)
SELECT count(*) FROM gone;
