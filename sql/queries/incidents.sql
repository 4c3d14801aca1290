-- name: read_incidents
-- purpose: incidents as JSON with the endpoints they affect, newest first, and for one incident its timeline, in one
--   round trip. Who does not see all sees no endpoint that is not public, and no incident that is only of such ones.
--   One row more than `page` tells whether there is a next page.
-- params: page int, cursor bigint, id bigint, is_open boolean, sees_all boolean
SELECT i.id, json_build_object('id', i.id, 'title', i.title, 'status', i.status, 'impact', i.impact,
    'is_by_rule', i.opened_by IS NULL, 'opened_by', i.opened_by,
    'started_at', i.started_at, 'resolved_at', i.resolved_at,
    'acknowledged_at', i.acknowledged_at, 'acknowledged_by', i.acknowledged_by,
    'created_at', i.created_at, 'updated_at', i.updated_at,
    'endpoints', (
        SELECT coalesce(json_agg(json_build_object('id', e.id, 'name', e.name) ORDER BY e.id), '[]')
        FROM incident_endpoints ie
        JOIN endpoints e ON e.id = ie.endpoint_id
        WHERE ie.incident_id = i.id AND (:sees_all OR e.is_public)),
    'updates', CASE WHEN :id IS NOT NULL THEN (
        SELECT coalesce(json_agg(json_build_object('id', u.id, 'status', u.status, 'message', u.message,
            'written_by', u.written_by, 'created_at', u.created_at) ORDER BY u.id), '[]')
        FROM incident_updates u
        WHERE u.incident_id = i.id) END)
FROM visible_incidents(:sees_all) i
WHERE (:id IS NULL OR i.id = :id)
  AND (:cursor = 0 OR i.id < :cursor)
  AND (:is_open IS NULL OR (i.resolved_at IS NULL) = :is_open)
ORDER BY i.id DESC
LIMIT :page + 1;

-- name: set_incident_endpoints
-- purpose: the endpoints that an incident affects become these and no others, in one statement.
-- params: incident_id bigint, endpoint_ids bigint[]
WITH gone AS (
    DELETE FROM incident_endpoints WHERE incident_id = :incident_id AND endpoint_id <> ALL (:endpoint_ids)
)
INSERT INTO incident_endpoints (incident_id, endpoint_id)
SELECT DISTINCT :incident_id, unnest(:endpoint_ids)
ON CONFLICT DO NOTHING;

-- name: list_incident_endpoints
-- purpose: the ids of the endpoints that an incident affects, to say in the audit log what they were.
-- params: incident_id bigint
SELECT coalesce(array_agg(endpoint_id ORDER BY endpoint_id), '{}') FROM incident_endpoints WHERE incident_id = :incident_id;

-- name: resolve_incidents_of_endpoint
-- purpose: an endpoint that goes takes the incident opened for it by rule with it: nothing would ever resolve it.
-- params: endpoint_id bigint, message text
WITH resolved AS (
    UPDATE incidents
    SET status = 'resolved', resolved_at = greatest(now(), started_at), updated_at = now()
    WHERE endpoint_id = :endpoint_id AND resolved_at IS NULL
    RETURNING id
)
INSERT INTO incident_updates (incident_id, status, message) SELECT id, 'resolved', :message FROM resolved;
