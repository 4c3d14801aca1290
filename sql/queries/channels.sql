-- name: list_channels
-- purpose: every channel with its last delivery and its messages, in one round trip. auth may not read a channel's url,
--   so no statement here is the ORM's, which would.
-- params: id bigint
SELECT c.id, c.name, c.shown, c.kinds, c.is_enabled, s.is_up, s.error, s.checked_at, s.succeeded_at,
    coalesce(s.failures, 0) AS failures, coalesce(m.queued, 0) AS queued, coalesce(m.failed, 0) AS failed
FROM channels c
LEFT JOIN service_states s ON s.service = 'channel:' || c.name
LEFT JOIN (
    SELECT channel_id, count(*) FILTER (WHERE status = 'queued') AS queued,
        count(*) FILTER (WHERE status = 'failed') AS failed
    FROM outbox
    WHERE channel = 'notification'
    GROUP BY channel_id
) m ON m.channel_id = c.id
WHERE :id IS NULL OR c.id = :id
ORDER BY c.name;

-- name: hold_channel
-- purpose: a channel as it stands, held until the transaction ends; never its url.
-- params: id bigint
SELECT name, shown, kinds, is_enabled FROM channels WHERE id = :id FOR UPDATE;

-- name: add_channel
-- purpose: a new channel; its url is written and never read back.
-- params: name text, url text, shown text, kinds text[], is_enabled boolean
INSERT INTO channels (name, url, shown, kinds, is_enabled)
VALUES (:name, :url, :shown, :kinds, :is_enabled)
RETURNING id;

-- name: change_channel
-- purpose: all of a channel but its url.
-- params: id bigint, name text, kinds text[], is_enabled boolean
UPDATE channels SET name = :name, kinds = :kinds, is_enabled = :is_enabled, updated_at = now() WHERE id = :id;

-- name: change_channel_url
-- purpose: another url for a channel. Apart from the rest: a statement that kept the old one would have to read it.
-- params: id bigint, url text, shown text
UPDATE channels SET url = :url, shown = :shown, updated_at = now() WHERE id = :id;

-- name: delete_channel
-- purpose: a channel and the messages that still wait for it.
-- params: id bigint
DELETE FROM channels WHERE id = :id;

-- name: list_notifications
-- purpose: the newest messages to channels, or to one; without what they say.
-- params: channel_id bigint, most int
SELECT id, recipient, subject, status, attempts, created_at, finished_at, due_at, last_error
FROM outbox
WHERE channel = 'notification' AND (:channel_id IS NULL OR channel_id = :channel_id)
ORDER BY id DESC
LIMIT :most;
