-- name: read_session
-- purpose: who a token speaks for. One round trip on every request with a token, so that disabling, demoting and
--   logging out work at once in every worker.
-- params: sid uuid
SELECT u.id, u.email, u.role, u.is_staff, u.is_superuser
FROM sessions s
JOIN app_users u ON u.id = s.user_id
WHERE s.id = :sid
  AND s.ended_at IS NULL
  AND s.expires_at > now()
  AND u.is_active;

-- name: reserve_login
-- purpose: pay for an attempt before its password is looked at, so that parallel guesses cannot share one price. A
--   network that has signed in to the account before pays only for itself: a guesser elsewhere never slows it. All
--   others also pay from one purse. Each row is a leaky bucket (GCRA): `paid_until` runs ahead of now by `cost` an
--   attempt, and an attempt is refused when it would run further ahead than `burst`. Rows are taken in one order, so
--   two attempts never wait on one another in a circle. Returns the seconds to wait, 0 when the attempt may go on,
--   and the networks whose purses were asked.
-- params: account bytea, network text, cost interval, burst interval
WITH known AS (
    SELECT EXISTS (
        SELECT FROM login_throttle
        WHERE account = :account AND network = :network AND succeeded_at > now() - interval '90 days'
    ) AS is_known
), purses AS (
    SELECT :network AS network
    UNION ALL
    SELECT '*' FROM known WHERE NOT is_known
    ORDER BY network
), paid AS (
    INSERT INTO login_throttle AS t (account, network, paid_until)
    SELECT :account, network, now() + :cost FROM purses
    ON CONFLICT (account, network) DO UPDATE
    SET is_admitted = greatest(t.paid_until, now()) + :cost <= now() + :burst,
        paid_until = CASE
            WHEN greatest(t.paid_until, now()) + :cost <= now() + :burst THEN greatest(t.paid_until, now()) + :cost
            ELSE t.paid_until
        END
    RETURNING network, is_admitted, paid_until
)
SELECT coalesce(max(extract(epoch FROM paid_until + :cost - :burst - now())) FILTER (WHERE NOT is_admitted), 0)::float8,
    array_agg(network)
FROM paid;

-- name: open_session
-- purpose: a right password, in one statement: the session, the account's last sign-in, the brake released for this
--   network, which from now on is a known one, and one more on the total. The account's row is held already, and nothing
--   that waits comes after, so that who holds a stripe of the total never waits for who wants it.
-- params: user_id uuid, kind text, life interval, ip inet, account bytea, network text
WITH seen AS (
    UPDATE app_users SET last_login_at = now(), last_login_ip = :ip WHERE id = :user_id
), released AS (
    INSERT INTO login_throttle (account, network, paid_until, succeeded_at)
    VALUES (:account, :network, now(), now())
    ON CONFLICT (account, network) DO UPDATE SET paid_until = now(), succeeded_at = now()
), counted AS (
    INSERT INTO event_totals AS t (event, stripe, total)
    VALUES ('login', pg_backend_pid() % 64, 1)
    ON CONFLICT (event, stripe) DO UPDATE SET total = t.total + 1
)
INSERT INTO sessions (user_id, kind, expires_at, ip)
VALUES (:user_id, :kind, now() + :life, :ip)
RETURNING id, rotated_at;

-- name: count_registration
-- purpose: one more account on the total, in the transaction that makes it.
-- params:
INSERT INTO event_totals AS t (event, stripe, total)
VALUES ('registration', pg_backend_pid() % 64, 1)
ON CONFLICT (event, stripe) DO UPDATE SET total = t.total + 1;

-- name: rotate_session
-- purpose: spend a refresh token. The row is compared and changed in one statement, so that of two equal requests one
--   rotates and the other finds the successor. Returns nothing for a family that has ended; else what happened:
--   `rotated` and `retried` with the generation and the moment the successor is made from, or `reused`, after which
--   the family has ended.
-- params: sid uuid, generation int, life interval, overlap interval
WITH family AS (
    SELECT s.id, s.generation, s.rotated_at
    FROM sessions s
    JOIN app_users u ON u.id = s.user_id
    WHERE s.id = :sid AND s.kind = 'api' AND s.ended_at IS NULL AND s.expires_at > now() AND u.is_active
    FOR UPDATE OF s
), judged AS (
    SELECT id, generation, rotated_at, CASE
        WHEN generation = :generation THEN 'rotated'
        WHEN generation = :generation + 1 AND rotated_at > now() - :overlap THEN 'retried'
        ELSE 'reused'
    END AS outcome
    FROM family
)
UPDATE sessions s
SET generation = CASE outcome WHEN 'rotated' THEN s.generation + 1 ELSE s.generation END,
    rotated_at = CASE outcome WHEN 'rotated' THEN date_trunc('milliseconds', now()) ELSE s.rotated_at END,
    expires_at = CASE outcome WHEN 'rotated' THEN now() + :life ELSE s.expires_at END,
    ended_at = CASE outcome WHEN 'reused' THEN now() END
FROM judged
WHERE s.id = judged.id
RETURNING outcome, s.user_id, s.generation, s.rotated_at;

-- name: end_session
-- purpose: log a family out; only the one whose refresh token was shown.
-- params: sid uuid
UPDATE sessions SET ended_at = now() WHERE id = :sid AND ended_at IS NULL;

-- name: end_other_sessions
-- purpose: after a change of password every other family stops; with no `kept`, all do.
-- params: user_id uuid, kept uuid
UPDATE sessions SET ended_at = now()
WHERE user_id = :user_id AND ended_at IS NULL AND (:kept IS NULL OR id <> :kept);

-- name: use_token
-- purpose: a mailed token works once: of two parallel uses one finds the row unused.
-- params: token_hash bytea, purpose text
UPDATE one_time_tokens SET used_at = now()
WHERE token_hash = :token_hash AND purpose = :purpose AND used_at IS NULL AND expires_at > now()
RETURNING user_id;

-- name: void_tokens
-- purpose: a newer token of a purpose makes the older ones void, so that an old mail cannot be used.
-- params: user_id uuid, purpose text
UPDATE one_time_tokens SET used_at = now()
WHERE user_id = :user_id AND purpose = :purpose AND used_at IS NULL;
