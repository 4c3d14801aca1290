-- name: lock_chains
-- purpose: the ends of some devices' logs, held until the transaction ends, in one order for all so that two who append never
--   wait for each other; and the time, told once all are held, so that it never falls along a chain.
-- params: device_ids uuid[]
WITH held AS MATERIALIZED (
    SELECT device_id, length, head FROM device_chains WHERE device_id = ANY (:device_ids) ORDER BY device_id FOR UPDATE
)
SELECT held.device_id, held.length, held.head, told.at
FROM held
CROSS JOIN (SELECT clock_timestamp() AS at FROM (SELECT count(*) AS chains FROM held) AS all_held WHERE chains >= 0) AS told;

-- name: append_entries
-- purpose: sealed entries, a JSON array in the order of their chains, so that numbers rise with positions; and the ends of the
--   chains that they make, a JSON object of devices. One statement for a row of one device and for a batch of thousands.
-- params: entries jsonb, ends jsonb
WITH moved AS (
    UPDATE device_chains AS c
    SET length = (e.value ->> 0)::bigint, head = decode(e.value ->> 1, 'hex')
    FROM jsonb_each(:ends) AS e
    WHERE c.device_id = e.key::uuid
)
INSERT INTO device_logs (id, device_id, position, event_type, description, success, user_id, ip_address, personal_salt,
    personal_hash, happened_at, created_at, boot, seq, hash)
SELECT nextval('device_logs_numbers'), e.device_id, e.position, e.event_type, e.description, e.success, e.user_id, e.ip_address,
    decode(e.personal_salt, 'hex'), decode(e.personal_hash, 'hex'), e.happened_at, e.created_at, e.boot, e.seq, decode(e.hash, 'hex')
FROM jsonb_to_recordset(:entries) AS e (place int, device_id uuid, position bigint, event_type text, description text,
    success boolean, user_id uuid, ip_address text, personal_salt text, personal_hash text, happened_at timestamptz,
    created_at timestamptz, boot bigint, seq bigint, hash text)
ORDER BY e.place;
