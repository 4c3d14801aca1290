-- name: read_house_key
-- purpose: a key that only this house's processes know.
-- params: name text
SELECT key FROM house_keys WHERE name = :name;

-- name: announce_endpoints
-- purpose: tells collectors that what is watched has changed, once the change is committed.
SELECT pg_notify('endpoints', '');

-- name: hold_parents
-- purpose: of two requests that give parents at once the second waits for the first: each alone could be right, and
--   both together a circle. A lock of its own, taken before the look, which therefore sees what the first one did, and
--   before the endpoint's row: the parent's is needed too, and two would wait on one another.
SELECT pg_advisory_xact_lock(hashtext('endpoints.parent_id'));

-- name: leads_back
-- purpose: whether an endpoint is among the parents of its parent to be; UNION ends on a circle, too.
-- params: endpoint_id bigint, parent_id bigint
WITH RECURSIVE ancestors AS (
    SELECT :parent_id AS id
    UNION
    SELECT e.parent_id FROM endpoints e JOIN ancestors a ON e.id = a.id WHERE e.parent_id IS NOT NULL
)
SELECT EXISTS (SELECT FROM ancestors WHERE id = :endpoint_id);

-- name: list_recent_checks
-- purpose: an endpoint's newest checks as JSON, from the newest day's partition on; served by checks' primary key.
-- params: endpoint_id bigint, most int
SELECT to_jsonb(c) - 'endpoint_id'
FROM (SELECT * FROM checks WHERE endpoint_id = :endpoint_id ORDER BY slot DESC LIMIT :most) c
ORDER BY c.slot DESC;

-- name: count_open_incidents
-- purpose: how many incidents stand open that everybody may know of.
SELECT count(*) FROM visible_incidents(false) i WHERE i.resolved_at IS NULL;
