-- name: hold_fleet
-- purpose: the lease on the fleet: a lock of this session, so that it ends with the connection that writes, whatever befalls
--   its process. A holder whose host is gone is noticed by the server within half a minute. It waits for a row half as long as
--   others do: all locks wait with it, until it is known whose row it is.
SELECT pg_try_advisory_lock(hashtext('watchhouse fleet'))
FROM (SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '3', false), set_config('lock_timeout', '1s', false)) AS vigilance;

-- name: read_fleet
-- purpose: the locks there are, by the names under which they speak.
SELECT id::text, device_id, name FROM devices WHERE deleted_at IS NULL;

-- name: find_in_fleet
-- purpose: locks that spoke before it was heard that they were claimed.
-- params: names text[]
SELECT id::text, device_id, name FROM devices WHERE device_id = ANY (:names) AND deleted_at IS NULL;

-- name: read_seen
-- purpose: which numbers are stored of some boots, a device and a boot each; and of devices that are new in memory all boots
--   that have holes, since a lock may not be told to forget past one.
-- params: device_ids uuid[], boots bigint[], strangers uuid[]
SELECT b.device_id::text, b.boot, b.seen::text
FROM unnest(:device_ids, :boots) AS wanted (device_id, boot)
JOIN device_boots AS b ON b.device_id = wanted.device_id AND b.boot = wanted.boot
UNION
SELECT b.device_id::text, b.boot, b.seen::text
FROM device_boots AS b
WHERE b.device_id = ANY (:strangers) AND b.seen <> int8multirange(int8range(1, upper(b.seen)));

-- name: store_seen
-- purpose: which numbers are stored of some boots, whole: their only writer holds the lease, and knows what was there.
-- params: device_ids uuid[], boots bigint[], seen text[]
INSERT INTO device_boots (device_id, boot, seen, updated_at)
SELECT device_id, boot, seen::int8multirange, now()
FROM unnest(:device_ids, :boots, :seen) AS s (device_id, boot, seen)
ON CONFLICT (device_id, boot) DO UPDATE SET seen = excluded.seen, updated_at = excluded.updated_at;

-- name: project_states
-- purpose: what a batch says of each lock, a row each, against what is known. Later is who has the higher (boot, seq), for
--   `status` the higher (boot, conn) and at equal ones the offline: a will that comes late, a message sent again and one that was
--   overtaken change nothing. A retained `online` does not make a lock online. Battery is told by two kinds: the later counts.
--   Rows are locked in one order. Gives the locks that were offline and are online now. The time is the database's, by which
--   silence is judged, too.
-- params: states jsonb
WITH said AS (
    SELECT *
    FROM jsonb_to_recordset(:states) AS s (device_id uuid, is_heard boolean, status_boot bigint, status_conn bigint,
        is_online boolean, is_live boolean, telemetry_boot bigint, telemetry_seq bigint, rssi int, temperature float8,
        uptime_seconds bigint, state_boot bigint, state_seq bigint, is_locked boolean, is_door_open boolean, is_jammed boolean,
        firmware_version text, codes_version bigint, codes_hash text, battery_boot bigint, battery_seq bigint,
        battery_level smallint, is_battery_low boolean)
), held AS MATERIALIZED (
    SELECT d.device_id, d.is_online AS was_online,
        coalesce((s.status_boot, s.status_conn, NOT s.is_online) > (d.status_boot, d.status_conn, d.offline_since IS NOT NULL), false)
            AS has_status,
        coalesce((s.telemetry_boot, s.telemetry_seq) > (d.telemetry_boot, d.telemetry_seq), false) AS has_telemetry,
        coalesce((s.state_boot, s.state_seq) > (d.state_boot, d.state_seq), false) AS has_state,
        coalesce((s.battery_boot, s.battery_seq) > (d.telemetry_boot, d.telemetry_seq)
            AND (s.battery_boot, s.battery_seq) > (d.state_boot, d.state_seq), false) AS has_battery
    FROM device_states AS d
    JOIN said AS s ON s.device_id = d.device_id
    ORDER BY d.device_id
    FOR NO KEY UPDATE OF d
), changed AS (
    UPDATE device_states AS d
    SET last_seen_at = CASE WHEN s.is_heard THEN now() ELSE d.last_seen_at END,
        is_online = CASE WHEN h.has_status AND s.is_online AND s.is_live THEN true ELSE d.is_online END,
        offline_since = CASE WHEN NOT h.has_status THEN d.offline_since WHEN NOT s.is_online THEN coalesce(d.offline_since, now()) END,
        status_boot = CASE WHEN h.has_status THEN s.status_boot ELSE d.status_boot END,
        status_conn = CASE WHEN h.has_status THEN s.status_conn ELSE d.status_conn END,
        rssi = CASE WHEN h.has_telemetry THEN s.rssi ELSE d.rssi END,
        temperature = CASE WHEN h.has_telemetry THEN s.temperature ELSE d.temperature END,
        uptime_seconds = CASE WHEN h.has_telemetry THEN s.uptime_seconds ELSE d.uptime_seconds END,
        telemetry_boot = CASE WHEN h.has_telemetry THEN s.telemetry_boot ELSE d.telemetry_boot END,
        telemetry_seq = CASE WHEN h.has_telemetry THEN s.telemetry_seq ELSE d.telemetry_seq END,
        is_locked = CASE WHEN h.has_state THEN s.is_locked ELSE d.is_locked END,
        is_door_open = CASE WHEN h.has_state THEN s.is_door_open ELSE d.is_door_open END,
        is_jammed = CASE WHEN h.has_state THEN s.is_jammed ELSE d.is_jammed END,
        firmware_version = CASE WHEN h.has_state THEN s.firmware_version ELSE d.firmware_version END,
        codes_version = CASE WHEN h.has_state THEN s.codes_version ELSE d.codes_version END,
        codes_hash = CASE WHEN h.has_state THEN s.codes_hash ELSE d.codes_hash END,
        state_boot = CASE WHEN h.has_state THEN s.state_boot ELSE d.state_boot END,
        state_seq = CASE WHEN h.has_state THEN s.state_seq ELSE d.state_seq END,
        battery_level = CASE WHEN h.has_battery THEN s.battery_level ELSE d.battery_level END,
        is_battery_low = CASE WHEN h.has_battery THEN coalesce(s.is_battery_low, d.is_battery_low) ELSE d.is_battery_low END
    FROM said AS s, held AS h
    WHERE s.device_id = d.device_id AND h.device_id = d.device_id
    RETURNING d.device_id, d.is_online AND NOT h.was_online AS came_online
)
SELECT device_id::text FROM changed WHERE came_online;

-- name: find_held_devices
-- purpose: of some devices those of which somebody else holds a row that storing what their locks say has to wait for: its state,
--   the end of its log, a boot, a code, an open command or alert. Waits for nobody; what it could lock is let go with its
--   transaction, so it tells only what was so.
-- params: device_ids uuid[]
WITH states AS MATERIALIZED (
    SELECT device_id FROM device_states WHERE device_id = ANY (:device_ids) FOR NO KEY UPDATE SKIP LOCKED
), chains AS MATERIALIZED (
    SELECT device_id FROM device_chains WHERE device_id = ANY (:device_ids) FOR UPDATE SKIP LOCKED
), boots AS MATERIALIZED (
    SELECT device_id, boot FROM device_boots WHERE device_id = ANY (:device_ids) FOR NO KEY UPDATE SKIP LOCKED
), pins AS MATERIALIZED (
    SELECT id FROM access_pins WHERE device_id = ANY (:device_ids) FOR NO KEY UPDATE SKIP LOCKED
), commands AS MATERIALIZED (
    SELECT id FROM device_commands WHERE device_id = ANY (:device_ids) AND finished_at IS NULL FOR UPDATE SKIP LOCKED
), open_alerts AS MATERIALIZED (
    SELECT id FROM alerts WHERE device_id = ANY (:device_ids) AND resolved_at IS NULL FOR NO KEY UPDATE SKIP LOCKED
)
SELECT device_id::text
FROM device_states
WHERE device_id = ANY (:device_ids) AND device_id NOT IN (SELECT device_id FROM states)
UNION
SELECT device_id::text
FROM device_chains
WHERE device_id = ANY (:device_ids) AND device_id NOT IN (SELECT device_id FROM chains)
UNION
SELECT device_id::text
FROM device_boots
WHERE device_id = ANY (:device_ids) AND (device_id, boot) NOT IN (SELECT device_id, boot FROM boots)
UNION
SELECT device_id::text
FROM access_pins
WHERE device_id = ANY (:device_ids) AND id NOT IN (SELECT id FROM pins)
UNION
SELECT device_id::text
FROM device_commands
WHERE device_id = ANY (:device_ids) AND finished_at IS NULL AND id NOT IN (SELECT id FROM commands)
UNION
SELECT device_id::text
FROM alerts
WHERE device_id = ANY (:device_ids) AND resolved_at IS NULL AND id NOT IN (SELECT id FROM open_alerts);

-- name: count_code_uses
-- purpose: uses of PINs that locks granted by themselves; they may exceed the limit: the door is open by then.
-- params: device_ids uuid[], pin_ids bigint[], uses int[]
UPDATE access_pins AS p
SET uses = p.uses + u.uses
FROM (SELECT * FROM unnest(:device_ids, :pin_ids, :uses) AS u (device_id, pin_id, uses)) AS u
WHERE p.id = u.pin_id AND p.device_id = u.device_id;

-- name: spend_qr_codes
-- purpose: QR codes that locks granted by themselves. Gives those that nobody had spent before.
-- params: device_ids uuid[], nonces text[]
INSERT INTO qr_uses (device_id, nonce, verifier)
SELECT device_id, nonce, 'lock'
FROM unnest(:device_ids, :nonces) AS u (device_id, nonce)
ORDER BY device_id, nonce
ON CONFLICT (device_id, nonce) DO NOTHING
RETURNING device_id::text, nonce;

-- name: find_newly_signed
-- purpose: of commands that locks refused for their signature, those that were sent to them so: their device has had new keys
--   since its lock last answered a command, and nobody has brought them to the lock.
-- params: device_ids uuid[], command_ids uuid[]
SELECT c.device_id::text, c.id::text
FROM unnest(:device_ids, :command_ids) AS refused (device_id, command_id)
JOIN device_commands c ON c.id = refused.command_id AND c.device_id = refused.device_id AND c.counter IS NOT NULL
JOIN devices d ON d.id = c.device_id AND d.key_version > 1
WHERE EXISTS (
    SELECT FROM device_logs l
    WHERE l.device_id = c.device_id AND l.event_type IN ('ROTATED', 'TRANSFERRED') AND l.created_at > coalesce(
        (SELECT max(a.received_at) FROM device_commands a WHERE a.device_id = c.device_id), '-infinity'
    )
);

-- name: store_dead_letters
-- purpose: what could not be read, for people to look at.
-- params: letters jsonb, moment timestamptz
INSERT INTO dead_letters (received_at, topic, payload, payload_bytes, reason)
SELECT :moment, l.topic, decode(l.payload, 'hex'), l.payload_bytes, l.reason
FROM jsonb_to_recordset(:letters) AS l (topic text, payload text, payload_bytes int, reason text);
