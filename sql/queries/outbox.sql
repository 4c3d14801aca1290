-- name: queue_message
-- purpose: a message in the transaction of its cause; the collector is woken when that commits.
-- params: channel text, recipient text, subject text, body text
WITH queued AS (
    INSERT INTO outbox (channel, recipient, subject, body) VALUES (:channel, :recipient, :subject, :body) RETURNING id
)
SELECT id, pg_notify('outbox', '') FROM queued;

-- name: read_message_status
-- purpose: how far a message has come, for whoever waits for it.
-- params: id bigint
SELECT status FROM outbox WHERE id = :id;

-- name: list_mailbox
-- purpose: the newest mails, for the demo's mailbox page.
-- params: most int
SELECT id, recipient, subject, body, status, created_at, finished_at, last_error
FROM outbox
WHERE channel = 'mail'
ORDER BY id DESC
LIMIT :most;

-- name: expire_messages
-- purpose: give up a channel's messages that are past their expiry, whether or not there is a way to send them; what
--   they said is erased unless it is to be `kept` for the demo's mailbox. One that is being sent is not due, and is left
--   to its sender. Returns how many there were, at most `most`.
-- params: channel text, most int, kept boolean
WITH expired AS MATERIALIZED (
    SELECT id
    FROM outbox
    WHERE channel = :channel AND status = 'queued' AND due_at <= now() AND expires_at <= now()
    ORDER BY due_at
    LIMIT :most
    FOR UPDATE SKIP LOCKED
), given_up AS (
    UPDATE outbox AS o
    SET status = 'failed', finished_at = now(), last_error = coalesce(o.last_error, 'expired'),
        body = CASE WHEN :kept THEN o.body END
    FROM expired
    WHERE o.id = expired.id
    RETURNING 1
)
SELECT count(*) FROM given_up;

-- name: claim_mails
-- purpose: take the mails that are due, without waiting for those another collector has; the next attempt is set
--   before the first is made, so a sender that dies in between loses nothing: the message comes due again. In a
--   common table, since a plan that repeats a subquery would take more than it was asked for.
-- params: most int, retry interval
WITH due AS MATERIALIZED (
    SELECT id
    FROM outbox
    WHERE channel = 'mail' AND status = 'queued' AND due_at <= now() AND expires_at > now()
    ORDER BY due_at
    LIMIT :most
    FOR UPDATE SKIP LOCKED
)
UPDATE outbox AS o
SET attempts = o.attempts + 1, due_at = now() + :retry
FROM due
WHERE o.id = due.id
RETURNING o.id, o.idempotency_key, o.recipient, o.subject, o.body, o.attempts, o.created_at, o.expires_at;

-- name: finish_message
-- purpose: a message is sent or given up. What it said is erased unless it is to be `kept` for the demo's mailbox.
-- params: id bigint, status text, error text, kept boolean
UPDATE outbox
SET status = :status, finished_at = now(), last_error = :error, body = CASE WHEN :kept THEN body END
WHERE id = :id AND status = 'queued';

-- name: postpone_message
-- purpose: a try that failed: when to try again, and what went wrong.
-- params: id bigint, delay interval, error text
UPDATE outbox SET due_at = now() + :delay, last_error = :error WHERE id = :id AND status = 'queued';

-- name: delete_finished_messages
-- purpose: done messages are kept a while to be looked at, not for ever. Returns how many were deleted, at most `most`.
-- params: most int
WITH finished AS (
    DELETE FROM outbox
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM outbox WHERE status <> 'queued' AND finished_at < now() - interval '7 days' LIMIT :most
    ))
    RETURNING 1
)
SELECT count(*) FROM finished;

-- name: count_queued_messages
-- purpose: a channel's backlog and the age of its oldest message, for the metrics; served by outbox_due.
-- params: channel text
SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
FROM outbox
WHERE channel = :channel AND status = 'queued';
