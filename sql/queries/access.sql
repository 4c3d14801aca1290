-- name: read_asking_lock
-- purpose: the device whose row's id a bearer says, in one round trip outside the request's transaction: it is asked before each
--   code, and none may stay open while a code is looked at.
-- params: id uuid
SELECT id, device_id, name, status, timezone, key_version, code_key_version FROM devices WHERE id = :id AND deleted_at IS NULL;

-- name: reserve_attempt
-- purpose: write an attempt on a device's codes down before it is looked at, so that parallel guesses cannot share a place: it
--   may be when fewer than `most` were wrong of late or are being looked at. The row is held while it is judged, and the
--   time told once it is. Returns when, whether there was a place, and for how many seconds all codes are refused.
-- params: device_id uuid, most int, watched interval
WITH held AS MATERIALIZED (
    SELECT device_id, attempts, reserved, locked_until FROM code_brakes WHERE device_id = :device_id FOR UPDATE
), judged AS MATERIALIZED (
    SELECT h.device_id, told.at, coalesce(greatest(extract(epoch FROM h.locked_until - told.at), 0), 0)::float8 AS seconds,
        array(SELECT a FROM unnest(h.reserved) AS a WHERE a > told.at - :watched) AS reserved,
        (SELECT count(*) FROM unnest(h.attempts || h.reserved) AS a WHERE a > told.at - :watched) AS attempts
    FROM held h
    CROSS JOIN LATERAL (SELECT clock_timestamp() AS at WHERE h.device_id IS NOT NULL) AS told
), placed AS (
    UPDATE code_brakes AS b
    SET reserved = judged.reserved || judged.at
    FROM judged
    WHERE b.device_id = judged.device_id AND judged.seconds = 0 AND judged.attempts < :most
    RETURNING b.device_id
)
SELECT at, EXISTS (SELECT FROM placed), seconds FROM judged;

-- name: take_back_attempt
-- purpose: an attempt that was right, or never looked at, is none.
-- params: device_id uuid, moment timestamptz
UPDATE code_brakes SET reserved = array_remove(reserved, :moment) WHERE device_id = :device_id;

-- name: keep_attempt
-- purpose: an attempt was wrong: with `most` of them in the time that is watched a lockout begins, each twice as long as the
--   one before, up to the longest; after a calm time without one they are short again. Wakes whoever alerts. Returns the
--   seconds of a lockout that begins, else no row.
-- params: device_id uuid, moment timestamptz, most int, watched interval, shortest interval, longest interval, calm interval
WITH held AS MATERIALIZED (
    SELECT * FROM code_brakes WHERE device_id = :device_id FOR UPDATE
), judged AS MATERIALIZED (
    SELECT h.device_id, told.at, h.locked_until IS NULL OR h.locked_until <= told.at AS is_open,
        array(SELECT a FROM unnest(h.attempts) AS a WHERE a > told.at - :watched ORDER BY a) || :moment AS attempts,
        CASE WHEN h.locked_until > told.at - :calm THEN h.lockouts ELSE 0 END AS lockouts
    FROM held h
    CROSS JOIN LATERAL (SELECT clock_timestamp() AS at WHERE h.device_id IS NOT NULL) AS told
), kept AS (
    UPDATE code_brakes AS b
    SET attempts = judged.attempts, reserved = array_remove(b.reserved, :moment)
    FROM judged
    WHERE b.device_id = judged.device_id AND NOT (judged.is_open AND cardinality(judged.attempts) >= :most)
), locked AS (
    UPDATE code_brakes AS b
    SET attempts = judged.attempts, reserved = array_remove(b.reserved, :moment), lockouts = judged.lockouts + 1,
        locked_at = judged.at, locked_until = judged.at + least(:shortest * power(2, least(judged.lockouts, 20)), :longest)
    FROM judged
    WHERE b.device_id = judged.device_id AND judged.is_open AND cardinality(judged.attempts) >= :most
    RETURNING b.locked_until - b.locked_at AS life
)
SELECT extract(epoch FROM life)::float8, pg_notify('alerts', '') FROM locked;

-- name: list_verifiers
-- purpose: the PINs by which a device may be opened, with all that decides; outside a transaction, for they are tried next.
-- params: device_id uuid
SELECT id, verifier, name, starts_at, expires_at, schedule, max_uses, uses FROM access_pins WHERE device_id = :device_id AND is_active ORDER BY id;

-- name: use_pin
-- purpose: spend a use of a PIN, of one that has some left and is within its window, for as many at once as it has uses. The
--   device is held first, as by everybody who changes its codes: it may be switched off or deleted meanwhile. Tells whether
--   the uses are limited: then the lock has to hear of it.
-- params: device_id uuid, pin_id bigint
WITH held AS MATERIALIZED (
    SELECT id FROM devices WHERE id = :device_id AND deleted_at IS NULL AND status = 'ACTIVE' FOR NO KEY UPDATE
)
UPDATE access_pins AS p
SET uses = p.uses + 1
FROM held
WHERE p.device_id = held.id AND p.id = :pin_id AND p.is_active AND p.starts_at <= now()
    AND (p.expires_at IS NULL OR p.expires_at > now()) AND (p.max_uses IS NULL OR p.uses < p.max_uses)
RETURNING p.max_uses IS NOT NULL;

-- name: retire_pins
-- purpose: PINs that can open nothing any more make room for others. The `kept` latest of them stay known, so that who still
--   types one is told so and does not count as a guesser; but never so many that no place of `most` is left.
-- params: device_id uuid, kept int, most int
WITH active AS MATERIALIZED (
    SELECT id, coalesce(expires_at <= now(), false) OR coalesce(uses >= max_uses, false) AS is_over,
        greatest(created_at, starts_at, CASE WHEN expires_at <= now() THEN expires_at END) AS moment
    FROM access_pins
    WHERE device_id = :device_id AND is_active
), over AS (
    SELECT id, row_number() OVER (ORDER BY moment DESC, id DESC) AS place FROM active WHERE is_over
)
UPDATE access_pins AS p
SET is_active = false
FROM over AS o
WHERE p.id = o.id AND o.place > least(:kept, :most - 1 - (SELECT count(*) FROM active WHERE NOT is_over));

-- name: spend_qr
-- purpose: whether somebody may open a device at this moment, and when they may, their code's nonce spent: by the key of the
--   table only once, however many ask.
-- params: device_id uuid, user_id uuid, nonce text
WITH allowed AS MATERIALIZED (
    SELECT d.id
    FROM devices d
    JOIN app_users u ON u.id = :user_id AND u.is_active
    WHERE d.id = :device_id AND d.deleted_at IS NULL AND d.status = 'ACTIVE' AND (d.owner_id = u.id OR EXISTS (
        SELECT
        FROM device_shares s
        WHERE s.device_id = d.id AND s.user_id = u.id AND s.is_active AND s.can_unlock AND s.valid_from <= now()
            AND (s.valid_until IS NULL OR s.valid_until > now())
    ))
), spent AS (
    INSERT INTO qr_uses (device_id, nonce, verifier)
    SELECT id, :nonce, 'server' FROM allowed
    ON CONFLICT DO NOTHING
    RETURNING nonce
)
SELECT EXISTS (SELECT FROM allowed), EXISTS (SELECT FROM spent);

-- name: list_access
-- purpose: a page of what people and codes did at the doors of one owner, newest first: of each device as many as the page may
--   need, by device_logs_of_device; nothing from before it was theirs. One more row than `page` tells whether there is more.
-- params: owner_id uuid, device_id uuid, page int, cursor bigint, since timestamptz, until timestamptz
SELECT l.id, l.device_id, l.user_id, l.event_type, l.description, l.success, l.ip_address, l.created_at, l.happened_at,
    encode(l.hash, 'hex')
FROM devices d
CROSS JOIN LATERAL (
    SELECT *
    FROM device_logs e
    WHERE e.device_id = d.id AND e.created_at >= d.owned_since AND (:cursor = 0 OR e.id < :cursor)
        AND (:since IS NULL OR e.created_at >= :since) AND (:until IS NULL OR e.created_at < :until)
        AND e.event_type IN ('PIN_ADDED', 'PIN_DELETED', 'PIN_GRANTED', 'PIN_DENIED', 'QR_GRANTED', 'QR_DENIED', 'LOCKOUT', 'UNLOCK', 'LOCK',
            'MANUAL', 'FORCED')
    ORDER BY e.id DESC
    LIMIT :page + 1
) l
WHERE d.owner_id = :owner_id AND d.deleted_at IS NULL AND (:device_id IS NULL OR d.id = :device_id)
ORDER BY l.id DESC
LIMIT :page + 1;

-- name: list_failed_attempts
-- purpose: a page of the codes that were refused at any door, newest first, by device_logs_refused.
-- params: page int, cursor bigint
SELECT l.id, d.id, d.device_id, d.name, l.event_type, l.description, l.ip_address, l.created_at
FROM device_logs l
JOIN devices d ON d.id = l.device_id
WHERE l.event_type IN ('PIN_DENIED', 'QR_DENIED') AND (:cursor = 0 OR l.id < :cursor)
ORDER BY l.id DESC
LIMIT :page + 1;
