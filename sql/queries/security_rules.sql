-- name: read_low_batteries
-- purpose: devices whose battery is low, and those that have an alert of it; only those, of a fleet of any size.
SELECT d.id, d.name, s.battery_level, s.is_battery_low AND d.deleted_at IS NULL AND d.status = 'ACTIVE'
FROM device_states s
JOIN devices d ON d.id = s.device_id
WHERE (s.is_battery_low AND d.deleted_at IS NULL AND d.status = 'ACTIVE') OR s.device_id IN (
    SELECT a.device_id FROM alerts a WHERE a.rule = 'low_battery' AND a.device_id IS NOT NULL AND a.resolved_at IS NULL
);

-- name: read_silent_locks
-- purpose: devices that the sweep found offline and that are silent since a moment, unless that was told already; and those
--   with an alert of it that are heard again, or not missed any more. None while our own link hears nobody. One whose last
--   word says online and is old stays as it is: nobody has judged it yet. So there is little to do while very many are silent.
-- params: heard_before timestamptz, moment timestamptz
SELECT d.id, d.name, s.last_seen_at, d.deleted_at IS NULL AND d.status = 'ACTIVE' AS is_missed, a.id IS NULL AS is_silent
FROM device_states s
JOIN devices d ON d.id = s.device_id
LEFT JOIN alerts a ON a.rule = 'offline' AND a.device_id = s.device_id AND a.resolved_at IS NULL
WHERE EXISTS (
        SELECT FROM service_states f
        WHERE f.service = 'fleet' AND f.is_up AND f.checked_at > :moment - interval '1 minute'
    )
    AND CASE
        WHEN a.id IS NULL THEN NOT s.is_online AND s.last_seen_at <= :heard_before AND d.deleted_at IS NULL AND d.status = 'ACTIVE'
        ELSE d.deleted_at IS NOT NULL OR d.status <> 'ACTIVE' OR (s.is_online AND s.last_seen_at > :heard_before)
    END;

-- name: read_jammed_locks
-- purpose: devices that are jammed, and those that have an alert of it for a while.
-- params: opened_before timestamptz
SELECT d.id, d.name, s.is_jammed AND d.deleted_at IS NULL
FROM device_states s
JOIN devices d ON d.id = s.device_id
WHERE (s.is_jammed AND d.deleted_at IS NULL) OR s.device_id IN (
    SELECT a.device_id
    FROM alerts a
    WHERE a.rule = 'jam' AND a.device_id IS NOT NULL AND a.resolved_at IS NULL AND a.opened_at <= :opened_before
);

-- name: read_lockouts
-- purpose: lockouts that last and of which no alert was opened since they began, be it that somebody resolved one.
-- params: moment timestamptz
SELECT d.id, d.name, b.locked_at, b.locked_until, b.lockouts
FROM code_brakes b
JOIN devices d ON d.id = b.device_id AND d.deleted_at IS NULL
WHERE b.locked_until > :moment AND b.locked_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM alerts a WHERE a.device_id = b.device_id AND a.rule = 'failed_attempts' AND a.opened_at >= b.locked_at
);

-- name: read_login_brakes
-- purpose: what accounts owe for attempts to sign in, over all networks, in seconds, and from how many networks attempts are
--   refused; also of accounts that have an alert. Null for one that owes nothing any more.
-- params: moment timestamptz
WITH owing AS (
    SELECT left(encode(account, 'hex'), 12) AS account, max(extract(epoch FROM paid_until - :moment))::float8 AS owed,
        count(*) FILTER (WHERE NOT is_admitted) AS refusing
    FROM login_throttle
    WHERE paid_until > :moment
    GROUP BY 1
), alerting AS (
    SELECT substr(subject, 9) AS account FROM alerts WHERE rule = 'login_brute_force' AND resolved_at IS NULL
)
SELECT coalesce(owing.account, alerting.account), owing.owed, coalesce(owing.refusing, 0)
FROM owing
FULL JOIN alerting ON alerting.account = owing.account
WHERE owing.refusing > 0 OR alerting.account IS NOT NULL;
