-- name: claim_key
-- purpose: the key's row, in the transaction of the change. A second request with the key waits here for the first
--   one's end: its commit shows the kept answer, its rollback gives the key free. A key older than a day is new again.
-- params: user_id uuid, path text, key_hash bytea, body_hash bytea
INSERT INTO idempotency_keys AS k (user_id, path, key_hash, body_hash)
VALUES (:user_id, :path, :key_hash, :body_hash)
ON CONFLICT (user_id, path, key_hash) DO UPDATE
SET body_hash = excluded.body_hash, status = NULL, answer = NULL, created_at = now()
WHERE k.created_at < now() - interval '24 hours'
RETURNING true;

-- name: read_answer
-- purpose: what the first request with this key was answered.
-- params: user_id uuid, path text, key_hash bytea
SELECT body_hash, status, answer FROM idempotency_keys
WHERE user_id = :user_id AND path = :path AND key_hash = :key_hash;

-- name: keep_answer
-- purpose: the answer beside the change it tells of, committed with it or not at all.
-- params: user_id uuid, path text, key_hash bytea, status int, answer bytea
UPDATE idempotency_keys SET status = :status, answer = :answer
WHERE user_id = :user_id AND path = :path AND key_hash = :key_hash;
