-- name: settle_fallen
-- purpose: who said, or had its will say, that it is gone and stayed so longer than a flap, or was not heard for three
--   heartbeats, is offline. For as long as nobody listened, nobody was silent. A fall keeps `offline_since` and silence has none:
--   so a lock that was only silent can be told from one that left. Rows in use are looked at in the next sweep.
-- params: listened interval, flap interval, silence interval
WITH gone AS MATERIALIZED (
    SELECT device_id
    FROM device_states
    WHERE is_online AND (
        (offline_since <= now() - :flap AND :listened >= :flap)
        OR (coalesce(last_seen_at, '-infinity') <= now() - :silence AND :listened >= :silence)
    )
    ORDER BY device_id
    FOR UPDATE SKIP LOCKED
)
UPDATE device_states s
SET is_online = false
FROM gone
JOIN devices d ON d.id = gone.device_id
WHERE s.device_id = gone.device_id
RETURNING s.device_id::text, s.offline_since, d.deleted_at IS NULL;

-- name: settle_heard
-- purpose: who was silent and is heard again is online: its last word on that had never been taken back.
-- params: silence interval
WITH heard AS MATERIALIZED (
    SELECT device_id
    FROM device_states
    WHERE NOT is_online AND offline_since IS NULL AND status_boot >= 0 AND last_seen_at > now() - :silence
    ORDER BY device_id
    FOR UPDATE SKIP LOCKED
)
UPDATE device_states s
SET is_online = true
FROM heard
JOIN devices d ON d.id = heard.device_id
WHERE s.device_id = heard.device_id
RETURNING s.device_id::text, d.deleted_at IS NULL;
