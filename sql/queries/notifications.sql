-- name: queue_notifications
-- purpose: news for every channel that chose its kind, in the transaction of its cause; whoever sends is woken when that
--   commits. One statement, so that no channel is read and then gone.
-- params: kind text, subject text, body text
WITH queued AS (
    INSERT INTO outbox (channel, channel_id, recipient, kind, subject, body)
    SELECT 'notification', c.id, c.name, :kind, :subject, :body
    FROM channels c
    WHERE c.is_enabled AND :kind = ANY (c.kinds)
    ORDER BY c.id
    RETURNING id
)
SELECT count(*), pg_notify('notifications', '') FROM queued HAVING count(*) > 0;

-- name: queue_many_notifications
-- purpose: the same for a list of news in its order, a JSON array of `kinds`, `subject`, `body`. What is of several kinds
--   goes once to a channel that chose any of them; the first is what it is called.
-- params: news jsonb
WITH queued AS (
    INSERT INTO outbox (channel, channel_id, recipient, kind, subject, body)
    SELECT 'notification', c.id, c.name, n.kinds[1], n.subject, n.body
    FROM ROWS FROM (jsonb_to_recordset(:news) AS (kinds text[], subject text, body text)) WITH ORDINALITY
        AS n (kinds, subject, body, place)
    JOIN channels c ON c.is_enabled AND c.kinds && n.kinds
    ORDER BY n.place, c.id
    RETURNING id
)
SELECT count(*), pg_notify('notifications', '') FROM queued HAVING count(*) > 0;

-- name: queue_end_of_watch
-- purpose: whoever was told of an endpoint's alert is told that nobody watches it any more. To be said before the endpoint
--   goes, since its alerts go with it.
-- params: endpoint_id bigint, subject text, body text
WITH queued AS (
    INSERT INTO outbox (channel, channel_id, recipient, kind, subject, body)
    SELECT 'notification', c.id, c.name, CASE WHEN 'changes' = ANY (c.kinds) THEN 'changes' ELSE 'alerts' END, :subject, :body
    FROM channels c
    WHERE c.is_enabled AND EXISTS (
        SELECT FROM alerts a
        WHERE a.endpoint_id = :endpoint_id AND a.resolved_at IS NULL AND NOT a.is_silenced
            AND ('alerts' = ANY (c.kinds) OR (a.rule = 'down' AND 'changes' = ANY (c.kinds)))
    )
    ORDER BY c.id
    RETURNING id
)
SELECT count(*), pg_notify('notifications', '') FROM queued HAVING count(*) > 0;

-- name: queue_test_notification
-- purpose: a message by which an operator sees whether a channel works, also one that is switched off for the rest.
--   Returns its id; no row for a channel that is not there.
-- params: channel_id bigint
WITH queued AS (
    INSERT INTO outbox (channel, channel_id, recipient, kind, subject, body)
    SELECT 'notification', id, name, 'test', 'Watchhouse: a test', 'If you can read this, this channel works.'
    FROM channels
    WHERE id = :channel_id
    RETURNING id
)
SELECT id, pg_notify('notifications', '') FROM queued;

-- name: claim_notifications
-- purpose: the oldest message of each channel, where it is due. A channel whose message is being sent, or waits for another
--   try, has nothing to claim: messages go out in order, one at a time over all collectors. As with mails the next try is
--   set before the first is made. Webhooks and others are claimed apart, since they are sent by different ways.
-- params: is_webhook boolean, most int, retry interval
WITH heads AS MATERIALIZED (
    SELECT head.id
    FROM channels c
    CROSS JOIN LATERAL (
        SELECT o.id, o.kind
        FROM outbox o
        WHERE o.channel_id = c.id AND o.status = 'queued' AND o.expires_at > now() AND (c.is_enabled OR o.kind = 'test')
        ORDER BY o.id
        LIMIT 1
    ) AS head
    WHERE (c.url ~* '^https?://') = :is_webhook
        AND NOT EXISTS (
            SELECT FROM outbox busy
            WHERE busy.channel_id = c.id AND busy.status = 'queued' AND busy.due_at > now()
                AND (c.is_enabled OR busy.kind = 'test')
        )
), due AS MATERIALIZED (
    SELECT o.id
    FROM outbox o
    JOIN heads ON heads.id = o.id
    WHERE o.status = 'queued' AND o.due_at <= now()
    ORDER BY o.id
    LIMIT :most
    FOR UPDATE OF o SKIP LOCKED
)
UPDATE outbox AS o
SET attempts = o.attempts + 1, due_at = now() + :retry
FROM due, channels c
WHERE o.id = due.id AND c.id = o.channel_id
RETURNING o.id, o.idempotency_key, o.recipient, o.subject, o.body, o.attempts, o.created_at, o.expires_at, o.kind, c.name,
    c.url;

-- name: read_channel_states
-- purpose: how each channel's last try went, for the metrics; channels that are gone are not among them.
SELECT c.name, s.is_up
FROM channels c
JOIN service_states s ON s.service = 'channel:' || c.name
WHERE c.is_enabled;
