-- name: list_chains
-- purpose: the devices that have a log, deleted ones too, in order and page by page; all, or the one that is named by its id,
--   or by the name under which it is claimed now.
-- params: id uuid, name text, after uuid, most int
SELECT c.device_id, d.device_id, d.name
FROM device_chains c
JOIN devices d ON d.id = c.device_id
WHERE (:after IS NULL OR c.device_id > :after)
    AND ((:id IS NULL AND :name IS NULL) OR d.id = :id OR (d.device_id = :name AND d.deleted_at IS NULL))
ORDER BY c.device_id
LIMIT :most;

-- name: read_chains
-- purpose: the ends of some devices' logs, and since when rows are kept: the start of the oldest partition.
-- params: device_ids uuid[]
SELECT c.device_id, c.length, c.head, (
    SELECT min((regexp_match(pg_get_expr(child.relpartbound, child.oid), 'FROM \(''([^'']+)''\)'))[1]::timestamptz)
    FROM pg_inherits
    JOIN pg_class child ON child.oid = pg_inherits.inhrelid
    WHERE pg_inherits.inhparent = 'public.device_logs'::regclass
)
FROM device_chains c
WHERE c.device_id = ANY (:device_ids);

-- name: read_checkpoints
-- purpose: all that was signed of some devices' logs.
-- params: device_ids uuid[]
SELECT device_id, position, hash, signature, created_at FROM device_checkpoints WHERE device_id = ANY (:device_ids) ORDER BY device_id, position;

-- name: list_unsigned_chains
-- purpose: the devices whose logs do not end where they were signed last, with what was signed then: nulls for never; in
--   order and page by page.
-- params: after uuid, most int
SELECT c.device_id, d.name, c.length, c.head, k.position, k.hash, k.signature, k.created_at
FROM device_chains c
JOIN devices d ON d.id = c.device_id
LEFT JOIN LATERAL (
    SELECT position, hash, signature, created_at
    FROM device_checkpoints
    WHERE device_id = c.device_id
    ORDER BY position DESC
    LIMIT 1
) AS k ON true
WHERE (:after IS NULL OR c.device_id > :after) AND c.length <> coalesce(k.position, 0)
ORDER BY c.device_id
LIMIT :most;

-- name: find_tails
-- purpose: for each of some devices, the number of the row before its last `rows` rows: what is to be read begins after it.
--   Counted from the end along the index, since positions are in none; 0 where there are no more.
-- params: device_ids uuid[], rows bigint[]
SELECT wanted.device_id, coalesce((
    SELECT l.id FROM device_logs l WHERE l.device_id = wanted.device_id ORDER BY l.id DESC OFFSET greatest(wanted.rows, 0) LIMIT 1
), 0)
FROM unnest(:device_ids, :rows) AS wanted (device_id, rows);

-- name: read_entries
-- purpose: the next rows of some devices' logs in order, each at most `most` after its own place, with the length of the chain
--   in the same snapshot: what is appended meanwhile is no fault.
-- params: device_ids uuid[], after_ids bigint[], most int
SELECT l.id, l.device_id, l.position, l.event_type, l.description, l.success, l.happened_at, l.created_at, l.boot, l.seq,
    l.user_id, l.ip_address, l.personal_salt, l.personal_hash, l.hash, c.length
FROM unnest(:device_ids, :after_ids) AS wanted (device_id, after_id)
JOIN device_chains c ON c.device_id = wanted.device_id
CROSS JOIN LATERAL (
    SELECT * FROM device_logs e WHERE e.device_id = wanted.device_id AND e.id > wanted.after_id ORDER BY e.id LIMIT :most
) AS l
ORDER BY l.device_id, l.id;

-- name: store_checkpoints
-- purpose: signed words, a JSON array. Who comes second finds the first one's.
-- params: checkpoints jsonb
INSERT INTO device_checkpoints (device_id, position, hash, signature, created_at)
SELECT device_id, position, decode(hash, 'hex'), decode(signature, 'hex'), created_at
FROM jsonb_to_recordset(:checkpoints) AS (device_id uuid, position bigint, hash text, signature text, created_at timestamptz)
ORDER BY device_id, position
ON CONFLICT DO NOTHING;

-- name: delete_old_checkpoints
-- purpose: of each device's checkpoints that are old, all but the first and the last of a day: each speaks for all rows before
--   it, and the last of a month, which stands where a partition is cut, is one of these. Returns how many, at most `most`.
-- params: most int
WITH gone AS (
    DELETE FROM device_checkpoints
    WHERE ctid = ANY (ARRAY(
        SELECT k.ctid
        FROM device_checkpoints k
        WHERE k.created_at < date_trunc('day', now(), 'UTC') - interval '40 days'
            AND EXISTS (
                SELECT FROM device_checkpoints before
                WHERE before.device_id = k.device_id AND before.position < k.position
                    AND before.created_at >= date_trunc('day', k.created_at, 'UTC')
            )
            AND EXISTS (
                SELECT FROM device_checkpoints later
                WHERE later.device_id = k.device_id AND later.position > k.position
                    AND later.created_at < date_trunc('day', k.created_at, 'UTC') + interval '1 day'
            )
        LIMIT :most
    ))
    RETURNING 1
)
SELECT count(*) FROM gone;
