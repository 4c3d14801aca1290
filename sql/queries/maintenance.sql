-- name: read_maintenance
-- purpose: plans as JSON with the endpoints they cover, newest first, in one round trip. Who does not see all sees no
--   endpoint that is not public, and no plan that is only of such ones. One row more than `page` tells whether there
--   is a next page.
-- params: page int, cursor bigint, id bigint, sees_all boolean
SELECT m.id, json_build_object('id', m.id, 'title', m.title, 'description', m.description,
    'starts_at', m.starts_at, 'ends_at', m.ends_at, 'rrule', m.rrule, 'timezone', m.timezone,
    'repeats_until', m.repeats_until, 'is_for_all', m.is_for_all, 'created_at', m.created_at, 'updated_at', m.updated_at,
    'endpoints', (
        SELECT coalesce(json_agg(json_build_object('id', e.id, 'name', e.name) ORDER BY e.id), '[]')
        FROM maintenance_endpoints me
        JOIN endpoints e ON e.id = me.endpoint_id
        WHERE me.maintenance_id = m.id AND (:sees_all OR e.is_public)))
FROM maintenance m
WHERE (:id IS NULL OR m.id = :id)
  AND (:cursor = 0 OR m.id < :cursor)
  AND (:sees_all OR m.is_for_all
       OR EXISTS (SELECT FROM maintenance_endpoints me JOIN endpoints e ON e.id = me.endpoint_id
                  WHERE me.maintenance_id = m.id AND e.is_public))
ORDER BY m.id DESC
LIMIT :page + 1;

-- name: list_plans
-- purpose: every plan that may cover a moment not before `since`, with the ids it covers, to be expanded into occurrences.
-- params: since timestamptz
SELECT m.id, m.starts_at, m.ends_at, m.rrule, m.timezone, m.repeats_until, m.is_for_all,
    coalesce((SELECT array_agg(me.endpoint_id) FROM maintenance_endpoints me WHERE me.maintenance_id = m.id), '{}')
FROM maintenance m
WHERE CASE WHEN m.rrule IS NULL THEN m.ends_at > :since ELSE m.repeats_until IS NULL OR m.repeats_until > :since END
ORDER BY m.id;

-- name: set_maintenance_endpoints
-- purpose: the endpoints that a plan covers become these and no others, in one statement.
-- params: maintenance_id bigint, endpoint_ids bigint[]
WITH gone AS (
    DELETE FROM maintenance_endpoints WHERE maintenance_id = :maintenance_id AND endpoint_id <> ALL (:endpoint_ids)
)
INSERT INTO maintenance_endpoints (maintenance_id, endpoint_id)
SELECT DISTINCT :maintenance_id, unnest(:endpoint_ids)
ON CONFLICT DO NOTHING;

-- name: list_maintenance_endpoints
-- purpose: the ids of the endpoints that a plan covers, to judge a change of it and to say what they were.
-- params: maintenance_id bigint
SELECT coalesce(array_agg(endpoint_id ORDER BY endpoint_id), '{}')
FROM maintenance_endpoints
WHERE maintenance_id = :maintenance_id;
