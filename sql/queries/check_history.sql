-- name: list_check_history
-- purpose: a page of an endpoint's checks as JSON, newest first, by checks' primary key from the newest partition on;
--   the cursor is the last slot that was shown, in microseconds. One row more than `page` tells whether there is more.
-- params: page int, cursor bigint, endpoint_id bigint, outcome text, since timestamptz, until timestamptz
SELECT to_jsonb(c) - 'endpoint_id'
FROM checks c
WHERE c.endpoint_id = :endpoint_id
  AND (:cursor = 0 OR c.slot < timestamptz 'epoch' + :cursor * interval '1 microsecond')
  AND (:outcome IS NULL OR c.outcome = :outcome)
  AND (:since IS NULL OR c.slot >= :since)
  AND (:until IS NULL OR c.slot < :until)
ORDER BY c.slot DESC
LIMIT :page + 1;

-- name: list_troubles
-- purpose: the newest spans in which an endpoint was not simply operational; served by state_intervals_of_endpoint.
-- params: endpoint_id bigint, most int
SELECT state, began_at, ended_at, extract(epoch FROM greatest(coalesce(ended_at, now()), began_at) - began_at)::float8
FROM state_intervals
WHERE endpoint_id = :endpoint_id AND state <> 'operational'
ORDER BY began_at DESC
LIMIT :most;
