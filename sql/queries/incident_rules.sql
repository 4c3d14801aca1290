-- name: lock_outages
-- purpose: all that is down or was told to be, with what there is about it. Its state stands still until the end of the
--   transaction: a recovery that is being recorded waits, or is seen. In the order of the recorder's own locks.
-- params: moment timestamptz
SELECT s.endpoint_id, e.name, s.state = 'major_outage' AND s.valid_until > :moment AS is_down, s.since, s.last_reason, e.is_enabled,
    coalesce((s.track #>> '{outages,is_flapping}')::boolean, false) AS is_flapping,
    EXISTS (
        SELECT FROM alerts a
        WHERE a.rule = 'down' AND a.subject = 'endpoint:' || s.endpoint_id AND a.resolved_at IS NULL
    ) AS has_alert,
    EXISTS (
        SELECT FROM incidents i
        WHERE i.endpoint_id = s.endpoint_id AND (i.resolved_at IS NULL OR i.started_at >= s.since)
    ) AS has_incident
FROM endpoint_states s
JOIN endpoints e ON e.id = s.endpoint_id
WHERE s.state = 'major_outage'
ORDER BY s.endpoint_id
FOR SHARE OF s;

-- name: open_incidents
-- purpose: an incident for each outage (a JSON array of `endpoint_id`, `title`, `message`, `started_at`) whose endpoint has
--   none that is open, with the first entry of its timeline. Returns what was opened: the constraint lets one in.
-- params: outages jsonb
WITH found AS (
    SELECT * FROM jsonb_to_recordset(:outages) AS (endpoint_id bigint, title text, message text, started_at timestamptz)
), opened AS (
    INSERT INTO incidents (title, status, impact, endpoint_id, started_at)
    SELECT title, 'investigating', 'major_outage', endpoint_id, started_at FROM found ORDER BY endpoint_id
    ON CONFLICT (endpoint_id) WHERE resolved_at IS NULL DO NOTHING
    RETURNING id, endpoint_id, title
), affected AS (
    INSERT INTO incident_endpoints (incident_id, endpoint_id) SELECT id, endpoint_id FROM opened
), told AS (
    INSERT INTO incident_updates (incident_id, status, message)
    SELECT opened.id, 'investigating', found.message FROM opened JOIN found USING (endpoint_id)
)
SELECT opened.endpoint_id, opened.title, found.message FROM opened JOIN found USING (endpoint_id) ORDER BY endpoint_id;

-- name: resolve_incidents
-- purpose: the incidents opened by rule whose endpoints (a JSON array of `endpoint_id`, `ended_at`, `message`) are well
--   again, whatever staff wrote meanwhile. Returns what was resolved.
-- params: recoveries jsonb
WITH found AS (
    SELECT * FROM jsonb_to_recordset(:recoveries) AS (endpoint_id bigint, ended_at timestamptz, message text)
), resolved AS (
    UPDATE incidents AS i
    SET status = 'resolved', resolved_at = greatest(found.ended_at, i.started_at), updated_at = now()
    FROM found
    WHERE i.endpoint_id = found.endpoint_id AND i.resolved_at IS NULL
    RETURNING i.id, i.title, i.started_at, i.resolved_at, found.message
), told AS (
    INSERT INTO incident_updates (incident_id, status, message) SELECT id, 'resolved', message FROM resolved
)
SELECT title, started_at, resolved_at, message FROM resolved ORDER BY id;
