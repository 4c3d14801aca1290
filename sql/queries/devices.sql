-- name: list_devices
-- purpose: a page of devices as the API shows them: of one person, own and shared with them now; for staff all; or the one
--   that is asked for, to whom it is shown. A branch that is not wanted costs nothing; what is shared is picked first, since
--   it is little: a planner that hopes to meet it on a walk through all devices takes fifty times as long. One row more than
--   `page` tells whether there is more.
-- params: caller_id uuid, whose text, only_id uuid, moment timestamptz, after_id uuid, page int
WITH shared AS MATERIALIZED (
    SELECT d.id, d.created_at
    FROM device_shares s
    JOIN devices d ON d.id = s.device_id AND d.deleted_at IS NULL
    WHERE s.user_id = :caller_id AND s.is_active AND s.valid_from <= now() AND (s.valid_until IS NULL OR s.valid_until > now())
), picked AS (
    (SELECT id, created_at
    FROM devices
    WHERE :whose = 'mine' AND owner_id = :caller_id AND deleted_at IS NULL AND (created_at, id) > (:moment, :after_id)
    ORDER BY created_at, id
    LIMIT :page + 1)
    UNION ALL
    (SELECT id, created_at FROM shared WHERE :whose = 'mine' AND (created_at, id) > (:moment, :after_id))
    UNION ALL
    (SELECT id, created_at
    FROM devices
    WHERE :whose = 'all' AND deleted_at IS NULL AND (created_at, id) > (:moment, :after_id)
    ORDER BY created_at, id
    LIMIT :page + 1)
    UNION ALL
    (SELECT id, created_at
    FROM devices
    WHERE id = :only_id AND deleted_at IS NULL
        AND (owner_id = :caller_id OR EXISTS (SELECT FROM shared WHERE shared.id = devices.id)))
    ORDER BY created_at, id
    LIMIT :page + 1
)
SELECT json_build_object('id', d.id, 'device_id', d.device_id, 'name', d.name, 'owner', o.email,
    'access', CASE
        WHEN d.owner_id = :caller_id THEN 'owner'
        WHEN EXISTS (SELECT FROM shared WHERE shared.id = d.id) THEN 'shared'
    END,
    'status', d.status, 'is_locked', s.is_locked, 'is_online', is_online_now(s.is_online, s.last_seen_at),
    'battery_level', s.battery_level, 'firmware_version', s.firmware_version, 'rssi', s.rssi, 'timezone', d.timezone,
    'last_seen_at', s.last_seen_at, 'created_at', d.created_at, 'updated_at', d.updated_at)
FROM picked
JOIN devices d ON d.id = picked.id
JOIN device_states s ON s.device_id = d.id
JOIN app_users o ON o.id = d.owner_id
ORDER BY picked.created_at, picked.id;

-- name: claim_device
-- purpose: a new device with all rows that every device has, so that whoever comes later only changes them; and the broker's
--   accounts follow. The constraint tells who comes second. Returns its id.
-- params: device_id text, name text, owner_id uuid, timezone text, genesis bytea
WITH claimed AS (
    INSERT INTO devices (device_id, name, owner_id, timezone)
    VALUES (:device_id, :name, :owner_id, :timezone)
    RETURNING id
), state AS (
    INSERT INTO device_states (device_id) SELECT id FROM claimed
), chain AS (
    INSERT INTO device_chains (device_id, head) SELECT id, :genesis FROM claimed
), brake AS (
    INSERT INTO code_brakes (device_id) SELECT id FROM claimed
)
SELECT id, pg_notify('devices', '') FROM claimed;

-- name: raise_codes_version
-- purpose: a device's codes are others now; whoever brings them to the lock hears of it.
-- params: id uuid
WITH raised AS (
    UPDATE devices SET codes_version = codes_version + 1 WHERE id = :id RETURNING id
)
SELECT pg_notify('devices', '') FROM raised;

-- name: notify_devices
-- purpose: whoever keeps the broker's accounts and the locks' codes looks again, once this transaction is committed.
SELECT pg_notify('devices', '');

-- name: clear_access
-- purpose: all that lets anybody but the owner through a device's door is taken away, when it changes hands or is deleted.
-- params: device_id uuid
WITH shares AS (
    DELETE FROM device_shares WHERE device_id = :device_id
)
DELETE FROM access_pins WHERE device_id = :device_id;

-- name: end_commands_of_device
-- purpose: what was asked of a device and is not done will not be: all of it, or what one person asked, of the commands that
--   are named. The oldest first, as all who hold several do. Returns what the log has to tell.
-- params: device_id uuid, user_id uuid, commands text[], reason text
WITH held AS MATERIALIZED (
    SELECT id
    FROM device_commands
    WHERE device_id = :device_id AND finished_at IS NULL AND command = ANY (:commands)
        AND (:user_id IS NULL OR user_id = :user_id)
    ORDER BY number
    FOR UPDATE
)
UPDATE device_commands AS c
SET status = 'expired', reason = :reason, finished_at = now(), params = CASE WHEN c.command = 'CODES' THEN '{}' ELSE c.params END
FROM held
WHERE c.id = held.id
RETURNING c.command, c.user_id, c.ip_address;

-- name: ask_command
-- purpose: a command, asked for by somebody who may, of a device that is there, active and online: all of it judged in the
--   statement that writes it. The locks on the device and the share make whoever takes a right back wait for what was asked
--   before, and show what was asked after that it is gone; the device's comes first for all. Returns why not, or the command.
-- params: device_id uuid, caller_id uuid, ip_address text, command text, life interval
WITH device AS MATERIALIZED (
    SELECT id, owner_id, status FROM devices WHERE id = :device_id AND deleted_at IS NULL FOR SHARE
), share AS MATERIALIZED (
    SELECT CASE :command WHEN 'UNLOCK' THEN s.can_unlock WHEN 'LOCK' THEN s.can_lock ELSE false END AS is_enough
    FROM device
    JOIN device_shares s ON s.device_id = device.id AND s.user_id = :caller_id
    WHERE s.is_active AND s.valid_from <= now() AND (s.valid_until IS NULL OR s.valid_until > now())
    FOR SHARE OF s
), judged AS MATERIALIZED (
    SELECT device.id, CASE
        WHEN device.owner_id <> :caller_id AND NOT EXISTS (SELECT FROM share) THEN 'unknown'
        WHEN device.owner_id <> :caller_id AND NOT (SELECT is_enough FROM share) THEN 'forbidden'
        WHEN device.status <> 'ACTIVE' THEN 'inactive'
        WHEN NOT is_online_now(s.is_online, s.last_seen_at) THEN 'offline'
    END AS refusal
    FROM device
    JOIN device_states s ON s.device_id = device.id
), asked AS (
    INSERT INTO device_commands (device_id, user_id, ip_address, command, expires_at)
    SELECT id, :caller_id, :ip_address, :command, now() + :life
    FROM judged
    WHERE refusal IS NULL
    RETURNING id, command, status, reason, created_at, sent_at, finished_at
), woken AS MATERIALIZED (
    SELECT asked.*, pg_notify('device_commands', '') FROM asked
)
SELECT judged.refusal, woken.id, woken.command, woken.status, woken.reason, woken.created_at, woken.sent_at, woken.finished_at
FROM judged
LEFT JOIN woken ON true;

-- name: read_command
-- purpose: how far a command has come, for whoever asked for it or waits for it.
-- params: id uuid
SELECT id, command, status, reason, created_at, sent_at, finished_at, device_id, user_id FROM device_commands WHERE id = :id;

-- name: resolve_device_alerts
-- purpose: nobody minds any more what was wrong with a device.
-- params: device_id uuid, resolved_by uuid
UPDATE alerts
SET resolved_at = greatest(now(), opened_at), resolved_by = :resolved_by
WHERE device_id = :device_id AND resolved_at IS NULL;

-- name: list_device_log
-- purpose: a page of a device's log, newest first, by device_logs_of_device; the bound on the time leaves out the months
--   before it was its owner's. One row more than `page` tells whether there is more.
-- params: device_id uuid, since timestamptz, cursor bigint, page int
SELECT id, device_id, user_id, event_type, description, success, ip_address, created_at, happened_at, encode(hash, 'hex')
FROM device_logs
WHERE device_id = :device_id AND created_at >= :since AND id < :cursor
ORDER BY id DESC
LIMIT :page + 1;
