-- name: count_action
-- purpose: one row for the record and one more on the total, in the transaction of the change itself.
-- params: user_id uuid, action text, resource_id bigint
WITH recorded AS (
    INSERT INTO usage_stats (user_id, action, resource_id) VALUES (:user_id, :action, :resource_id)
)
INSERT INTO user_action_totals (user_id, action, total)
VALUES (:user_id, :action, 1)
ON CONFLICT (user_id, action) DO UPDATE SET total = user_action_totals.total + 1;

-- name: read_resources
-- purpose: a page for the caller in one round trip: session, record, total and rows together. PostgreSQL prints each
--   row as JSON, so that it passes through as text. One row more than `page` tells whether there is a next page. An
--   empty page is one row of nulls; no row at all comes back for a token whose session has ended.
-- params: sid uuid, page int, cursor bigint, kind text, pattern text, id bigint
WITH caller AS (
    SELECT s.user_id
    FROM sessions s
    JOIN app_users u ON u.id = s.user_id
    WHERE s.id = :sid AND s.ended_at IS NULL AND s.expires_at > now() AND u.is_active
), recorded AS (
    INSERT INTO usage_stats (user_id, action, resource_id) SELECT user_id, 'read', :id FROM caller
), totalled AS (
    INSERT INTO user_action_totals (user_id, action, total)
    SELECT user_id, 'read', 1 FROM caller
    ON CONFLICT (user_id, action) DO UPDATE SET total = user_action_totals.total + 1
)
SELECT page.id, page.printed
FROM caller
LEFT JOIN LATERAL (
    SELECT found.id, row_to_json(found)::text AS printed
    FROM (
        SELECT id, name, author, annotation, kind, purpose, open_date, expiry_date, usage_conditions, url, owner_id,
            created_at, updated_at
        FROM resources
        WHERE id > :cursor
          AND (:id IS NULL OR id = :id)
          AND (:kind IS NULL OR kind = :kind)
          AND (:pattern IS NULL OR name ILIKE :pattern OR author ILIKE :pattern)
        ORDER BY id
        LIMIT :page + 1
    ) found
) page ON true
ORDER BY page.id;

-- name: stream_resources
-- purpose: every resource as a line of JSON, for a cursor of the server's: no list of them is ever held whole.
-- params: cursor bigint, kind text, pattern text, id bigint
SELECT row_to_json(found)::text
FROM (
    SELECT id, name, author, annotation, kind, purpose, open_date, expiry_date, usage_conditions, url, owner_id,
        created_at, updated_at
    FROM resources
    WHERE id > :cursor
      AND (:id IS NULL OR id = :id)
      AND (:kind IS NULL OR kind = :kind)
      AND (:pattern IS NULL OR name ILIKE :pattern OR author ILIKE :pattern)
    ORDER BY id
) found;

-- name: print_action_totals
-- purpose: /metrics' lines of user_actions_total, printed by PostgreSQL: ten thousand people take it 20 ms, and Python
--   would hold the interpreter's lock for 275. The first `named` accounts are told by e-mail, all others together, so
--   that the number of series is bounded and no series ever changes its meaning.
-- params: named bigint
WITH named AS MATERIALIZED (
    SELECT id, replace(replace(replace(email, '\', '\\'), '"', '\"'), E'\n', '\n') AS label
    FROM app_users
    WHERE number <= :named
), lines AS (
    SELECT 'user_actions_total{action="' || t.action || '",user="' || named.label || '"} ' || t.total || E'\n' AS line
    FROM user_action_totals t
    JOIN named ON named.id = t.user_id
    UNION ALL
    SELECT 'user_actions_total{action="' || t.action || '",user="other"} ' || sum(t.total) || E'\n'
    FROM user_action_totals t
    JOIN app_users u ON u.id = t.user_id
    WHERE u.number > :named
    GROUP BY t.action
)
SELECT coalesce(string_agg(line, ''), '') FROM lines;
