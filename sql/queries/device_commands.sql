-- name: claim_commands
-- purpose: what is to be published now: of each device the oldest that is queued, which gets its counter, and what was sent and
--   not answered. Committed before it is published, so that a counter is never given twice. Whether its asker still may is asked
--   here again, since a right can end, or an account be disabled, while a command waits. Rows that somebody holds are left for
--   the next time, a device's state first as everybody takes it: so this waits for nobody. A command that is due and was not
--   claimed comes without a counter. Counters follow the time: so a lock that knows one which we do not, since the database is
--   of an older backup or the device was claimed anew, takes the next command all the same.
-- params: pause interval, most int
WITH due AS MATERIALIZED (
    SELECT c.id, c.device_id, c.number, c.status
    FROM device_commands c
    JOIN devices d ON d.id = c.device_id
    WHERE c.finished_at IS NULL AND c.expires_at > now()
        AND (c.status = 'queued' OR (c.received_at IS NULL AND c.retry_at <= now()))
        AND d.deleted_at IS NULL
        AND (d.status = 'ACTIVE' OR c.command IN ('CODES', 'BACKFILL'))
        AND (c.user_id IS NULL OR EXISTS (SELECT FROM app_users u WHERE u.id = c.user_id AND u.is_active))
        AND (c.user_id IS NULL OR c.user_id = d.owner_id OR EXISTS (
            SELECT FROM device_shares s
            WHERE s.device_id = d.id AND s.user_id = c.user_id
                AND s.is_active AND s.valid_from <= now() AND (s.valid_until IS NULL OR s.valid_until > now())
                AND CASE c.command WHEN 'UNLOCK' THEN s.can_unlock WHEN 'LOCK' THEN s.can_lock ELSE false END
        ))
), oldest AS MATERIALIZED (
    SELECT DISTINCT ON (device_id) id, device_id FROM due WHERE status = 'queued' ORDER BY device_id, number LIMIT :most
), held AS MATERIALIZED (
    SELECT s.device_id
    FROM device_states s
    WHERE s.device_id IN (SELECT device_id FROM oldest)
    ORDER BY s.device_id
    FOR UPDATE SKIP LOCKED
), counted AS (
    UPDATE device_states s
    SET command_counter = greatest(s.command_counter + 1, (extract(epoch FROM now()) * 1000)::bigint)
    FROM held
    WHERE s.device_id = held.device_id
    RETURNING s.device_id, s.command_counter
), unanswered AS MATERIALIZED (
    SELECT c.id
    FROM device_commands c
    WHERE c.id IN (SELECT id FROM due WHERE status = 'sent' ORDER BY number LIMIT :most)
        AND c.finished_at IS NULL AND c.received_at IS NULL AND c.retry_at <= now()
    FOR UPDATE SKIP LOCKED
), chosen AS (
    SELECT oldest.id, counted.command_counter FROM oldest JOIN counted ON counted.device_id = oldest.device_id
    UNION ALL
    SELECT unanswered.id, NULL FROM unanswered
), claimed AS (
    UPDATE device_commands c
    SET status = 'sent',
        counter = coalesce(c.counter, chosen.command_counter),
        tries = c.tries + 1,
        sent_at = coalesce(c.sent_at, now()),
        retry_at = now() + :pause
    FROM chosen
    WHERE c.id = chosen.id AND c.status IN ('queued', 'sent')
    RETURNING c.id, c.device_id, c.command, c.user_id, c.counter, c.params, c.tries, c.created_at, c.sent_at, c.expires_at
)
SELECT claimed.counter, claimed.id::text, d.id::text, d.device_id, d.key_version, claimed.command, claimed.user_id::text,
    claimed.params, claimed.tries, claimed.created_at, claimed.sent_at, claimed.expires_at
FROM due
LEFT JOIN claimed ON claimed.id = due.id
LEFT JOIN devices d ON d.id = claimed.device_id
ORDER BY due.number;

-- name: end_commands
-- purpose: the locks' word on commands, in the transaction that stores their messages; how each stood before, so that who calls
--   knows what has changed. Only a command that this very lock was sent: what a lock says of another's, or of one that nobody
--   sent, is nothing. What came too late is noted in the reason, and the status stays. Of a code table
--   nothing is kept once it has ended: a deleted code's verifier is not to outlive it.
-- params: device_ids uuid[], command_ids uuid[], ends text[], reasons text[], too_late text
WITH given AS (
    SELECT * FROM unnest(:device_ids, :command_ids, :ends, :reasons) AS answer (device_id, command_id, ends_as, reason)
), stood AS MATERIALIZED (
    SELECT c.id, c.device_id, c.status, c.reason AS known_reason, given.ends_as, given.reason
    FROM given
    JOIN device_commands c ON c.id = given.command_id AND c.device_id = given.device_id
    WHERE c.counter IS NOT NULL
    ORDER BY c.id
    FOR UPDATE OF c
), moved AS (
    UPDATE device_commands c
    SET received_at = coalesce(c.received_at, now()),
        status = CASE WHEN stood.status = 'sent' THEN coalesce(stood.ends_as, 'sent') ELSE c.status END,
        finished_at = CASE WHEN stood.status = 'sent' AND stood.ends_as IS NOT NULL THEN now() ELSE c.finished_at END,
        reason = CASE
            WHEN stood.status = 'sent' AND stood.ends_as IS NOT NULL THEN stood.reason
            WHEN stood.status = 'expired' AND stood.ends_as = 'acknowledged' THEN :too_late
            ELSE c.reason
        END,
        params = CASE WHEN c.command = 'CODES' AND stood.ends_as IS NOT NULL THEN '{}' ELSE c.params END
    FROM stood
    WHERE c.id = stood.id
    RETURNING c.id, c.command, c.user_id, c.ip_address, c.params, c.created_at, now() AS at
)
SELECT moved.id::text, stood.device_id::text, moved.command, moved.user_id::text, moved.ip_address, moved.params,
    stood.status, stood.known_reason, extract(epoch FROM moved.at - moved.created_at)::float8
FROM moved
JOIN stood ON stood.id = moved.id;

-- name: find_lost_ranges
-- purpose: which of some BACKFILLs, answered just now that not all is there any more, say so for the second time of the same
--   numbers: what the lock still had was on its way at the first answer, and may have been overtaken by it.
-- params: ids uuid[], pause interval
SELECT c.id::text
FROM device_commands c
WHERE c.id = ANY (:ids) AND EXISTS (
    SELECT FROM device_commands e
    WHERE e.device_id = c.device_id AND e.number < c.number
        AND e.command = 'BACKFILL' AND e.status = 'failed' AND e.reason = c.reason
        AND e.finished_at <= now() - :pause
        AND e.params -> 'boot' = c.params -> 'boot'
        AND (e.params ->> 'from')::bigint <= (c.params ->> 'from')::bigint
        AND (e.params ->> 'to')::bigint >= (c.params ->> 'to')::bigint
);

-- name: expire_commands
-- purpose: ends what nobody answered in time, or could be sent; each once, however many sweep.
-- params: most int
WITH late AS MATERIALIZED (
    SELECT id
    FROM device_commands
    WHERE finished_at IS NULL AND expires_at <= now()
    ORDER BY number
    LIMIT :most
    FOR UPDATE SKIP LOCKED
)
UPDATE device_commands c
SET status = 'expired',
    finished_at = now(),
    params = CASE WHEN c.command = 'CODES' THEN '{}' ELSE c.params END,
    reason = CASE
        WHEN c.status = 'queued' THEN 'it was not sent'
        WHEN c.received_at IS NULL THEN 'the lock did not answer'
        ELSE 'the lock did not finish'
    END
FROM late
WHERE c.id = late.id
RETURNING c.device_id::text, c.command, c.user_id::text, c.ip_address, c.reason,
    extract(epoch FROM c.finished_at - c.created_at)::float8;

-- name: count_open_commands
-- purpose: how many commands wait to be sent, and how many to be answered.
SELECT count(*) FILTER (WHERE status = 'queued'), count(*) FILTER (WHERE status = 'sent')
FROM device_commands
WHERE finished_at IS NULL;

-- name: read_told_tables
-- purpose: of each lock that is online and has said so, which code table it has, and which version it should have. One that is
--   being told a table is left out.
SELECT d.id::text, d.codes_version, d.status, s.codes_version, coalesce(s.codes_hash, '')
FROM device_states s
JOIN devices d ON d.id = s.device_id
WHERE s.is_online AND is_online_now(s.is_online, s.last_seen_at) AND s.codes_version IS NOT NULL
    AND d.deleted_at IS NULL
    AND NOT EXISTS (
        SELECT FROM device_commands c WHERE c.device_id = d.id AND c.finished_at IS NULL AND c.command = 'CODES'
    );

-- name: read_tables
-- purpose: the code tables of some devices, version and codes from one moment. Of a device that is not in use: none, since its
--   lock is to refuse all. Uses are told where they are limited; else each would make the table another.
-- params: device_ids uuid[]
SELECT d.id::text, d.codes_version, d.timezone, coalesce(codes.list, '[]')
FROM devices d
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object(
        'id', p.id,
        'verifier', p.verifier,
        'starts_at', floor(extract(epoch FROM p.starts_at) * 1000)::bigint,
        'expires_at', floor(extract(epoch FROM p.expires_at) * 1000)::bigint,
        'schedule', p.schedule,
        'max_uses', p.max_uses,
        'uses', CASE WHEN p.max_uses IS NULL THEN 0 ELSE p.uses END
    ) ORDER BY p.id) AS list
    FROM access_pins p
    WHERE p.device_id = d.id AND p.is_active AND d.status = 'ACTIVE'
) AS codes ON true
WHERE d.id = ANY (:device_ids);

-- name: ask_commands
-- purpose: commands of the house itself, an array of device_id, command and params; of each kind at most one is open on a device.
-- params: asked jsonb, life interval
WITH made AS (
    INSERT INTO device_commands (device_id, command, params, expires_at)
    SELECT a.device_id, a.command, a.params, now() + :life
    FROM jsonb_to_recordset(:asked) AS a (device_id uuid, command text, params jsonb)
    WHERE NOT EXISTS (
        SELECT FROM device_commands c
        WHERE c.device_id = a.device_id AND c.finished_at IS NULL AND c.command = a.command
    )
    RETURNING device_id
)
SELECT device_id::text, pg_notify('device_commands', '') FROM made;

-- name: read_gaps
-- purpose: the first numbers missing of each boot of a lock that is online and can be asked for them; not those asked for
--   a while ago, and one gap of a boot at a time. Each time that a gap is asked for in vain doubles the pause, up to the longest:
--   a day's commands tell how often that was. A gap that begins elsewhere is another: the lock has sent something.
-- params: pause interval, longest interval
SELECT b.device_id::text, b.boot, lower(gap.numbers), upper(gap.numbers) - 1
FROM device_boots b
JOIN device_states s ON s.device_id = b.device_id AND s.is_online
JOIN devices d ON d.id = b.device_id AND d.deleted_at IS NULL
CROSS JOIN LATERAL (
    SELECT numbers FROM unnest(int8multirange(int8range(1, upper(b.seen))) - b.seen) AS numbers ORDER BY numbers LIMIT 1
) AS gap
CROSS JOIN LATERAL (
    SELECT count(*) AS times, coalesce(max(c.finished_at), '-infinity') AS last_at
    FROM device_commands c
    WHERE c.device_id = b.device_id AND c.command = 'BACKFILL' AND c.finished_at > now() - interval '1 day'
        AND c.params -> 'boot' = to_jsonb(b.boot) AND c.params -> 'from' = to_jsonb(lower(gap.numbers))
) AS tried
WHERE is_online_now(s.is_online, s.last_seen_at)
    AND b.seen <> int8multirange(int8range(1, upper(b.seen)))
    AND (b.asked_at IS NULL OR b.asked_at <= now() - :pause)
    AND tried.last_at <= now() - least(:pause * power(2, least(tried.times, 20) - 1), :longest)
    AND NOT EXISTS (
        SELECT FROM device_commands c
        WHERE c.device_id = b.device_id AND c.finished_at IS NULL AND c.command = 'BACKFILL'
    )
ORDER BY b.device_id, b.boot;

-- name: claim_gaps
-- purpose: marks boots as asked for what they miss, each by one collector only: the others find the mark, or the row held.
-- params: device_ids uuid[], boots bigint[], pause interval
WITH free AS MATERIALIZED (
    SELECT b.device_id, b.boot
    FROM device_boots b
    JOIN unnest(:device_ids, :boots) AS wanted (device_id, boot) ON b.device_id = wanted.device_id AND b.boot = wanted.boot
    WHERE b.asked_at IS NULL OR b.asked_at <= now() - :pause
    ORDER BY b.device_id, b.boot
    FOR UPDATE OF b SKIP LOCKED
)
UPDATE device_boots b
SET asked_at = now()
FROM free
WHERE b.device_id = free.device_id AND b.boot = free.boot
RETURNING b.device_id::text, b.boot;
