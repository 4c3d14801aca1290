-- name: count_fleet
-- purpose: how the fleet stands, in one walk over what its locks last said.
SELECT count(*), count(*) FILTER (WHERE is_online), count(*) FILTER (WHERE NOT is_online), count(*) FILTER (WHERE is_locked),
    count(*) FILTER (WHERE NOT is_locked), count(*) FILTER (WHERE is_battery_low), count(*) FILTER (WHERE is_jammed),
    count(*) FILTER (WHERE status = 'INACTIVE')
FROM (
    SELECT is_online_now(s.is_online, s.last_seen_at) AS is_online, s.is_locked, s.is_battery_low, s.is_jammed, d.status
    FROM devices d
    JOIN device_states s ON s.device_id = d.id
    WHERE d.deleted_at IS NULL
) AS lock;

-- name: list_fleet
-- purpose: a page of the fleet in the order in which it was claimed, of one state and with a part of a name when they are given
--   (empty means any). One row more than `page` tells whether there is more.
-- params: state text, part text, moment timestamptz, after_id uuid, page int
SELECT d.id, d.device_id, d.name, o.email, d.status, s.is_locked, s.is_jammed, is_online_now(s.is_online, s.last_seen_at),
    s.battery_level, s.is_battery_low, s.firmware_version, s.last_seen_at, d.created_at, d.deleted_at
FROM devices d
JOIN device_states s ON s.device_id = d.id
JOIN app_users o ON o.id = d.owner_id
WHERE d.deleted_at IS NULL AND (d.created_at, d.id) > (:moment, :after_id)
    AND CASE :state
        WHEN 'online' THEN is_online_now(s.is_online, s.last_seen_at)
        WHEN 'offline' THEN NOT is_online_now(s.is_online, s.last_seen_at)
        WHEN 'locked' THEN s.is_locked
        WHEN 'unlocked' THEN NOT s.is_locked
        WHEN 'battery_low' THEN s.is_battery_low
        WHEN 'jammed' THEN s.is_jammed
        WHEN 'inactive' THEN d.status = 'INACTIVE'
        ELSE true
    END
    AND (:part = '' OR d.device_id ILIKE :part OR d.name ILIKE :part OR o.email ILIKE :part)
ORDER BY d.created_at, d.id
LIMIT :page + 1;

-- name: read_fleet_lock
-- purpose: one of the fleet, also after it was deleted: its log stays.
-- params: id uuid
SELECT d.id, d.device_id, d.name, o.email, d.status, s.is_locked, s.is_jammed, is_online_now(s.is_online, s.last_seen_at),
    s.battery_level, s.is_battery_low, s.firmware_version, s.last_seen_at, d.created_at, d.deleted_at
FROM devices d
JOIN device_states s ON s.device_id = d.id
JOIN app_users o ON o.id = d.owner_id
WHERE d.id = :id;
