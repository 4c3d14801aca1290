-- name: read_users_figures
-- purpose: accounts in one pass, by role; first by all that tells them apart, since forty counts of groups are cheaper than ten
--   counts of accounts. Moments are subqueries, which are computed once and not for every row.
WITH alike AS MATERIALIZED (
    SELECT role, is_active, email_verified, identity_verified, professional_verified, last_login_at IS NULL AS is_new,
        last_login_at >= (SELECT now() - interval '1 day') AS in_day,
        last_login_at >= (SELECT now() - interval '7 days') AS in_week,
        last_login_at >= (SELECT now() - interval '30 days') AS in_month,
        count(*) AS accounts
    FROM app_users
    GROUP BY role, is_active, email_verified, identity_verified, professional_verified, is_new, in_day, in_week, in_month
), judged AS (
    SELECT *, is_active AND role IN ('teacher', 'librarian') AND NOT professional_verified AS lacks_profession,
        is_active AND NOT (email_verified AND identity_verified) AS lacks_person
    FROM alike
)
SELECT role,
    sum(accounts)::bigint,
    coalesce(sum(accounts) FILTER (WHERE is_active), 0)::bigint,
    coalesce(sum(accounts) FILTER (WHERE is_active AND in_day), 0)::bigint,
    coalesce(sum(accounts) FILTER (WHERE is_active AND in_week), 0)::bigint,
    coalesce(sum(accounts) FILTER (WHERE is_active AND in_month), 0)::bigint,
    coalesce(sum(accounts) FILTER (WHERE is_new), 0)::bigint,
    coalesce(sum(accounts) FILTER (WHERE is_active AND NOT lacks_person AND NOT lacks_profession), 0)::bigint,
    coalesce(sum(accounts) FILTER (WHERE is_active AND NOT email_verified), 0)::bigint,
    coalesce(sum(accounts) FILTER (WHERE is_active AND NOT identity_verified), 0)::bigint,
    coalesce(sum(accounts) FILTER (WHERE lacks_profession), 0)::bigint,
    coalesce(sum(accounts) FILTER (WHERE lacks_person), 0)::bigint
FROM judged
GROUP BY role;

-- name: read_books_figures
-- purpose: all books that are there, in one pass, by category; with it how many titles somebody waits for while copies are left,
--   each looked up by itself: a join would read all books again. Nobody waits for a book that was withdrawn.
WITH categories AS MATERIALIZED (
    SELECT category,
        count(*) AS titles,
        sum(copies_available) AS available,
        sum(copies_lent) AS lent,
        count(*) FILTER (WHERE copies_available BETWEEN 1 AND 2) AS low_stock,
        count(*) FILTER (WHERE copies_available = 0) AS out_of_stock,
        count(*) FILTER (WHERE copies_available = 0 AND copies_lent > 0) AS all_lent
    FROM books
    WHERE deleted_at IS NULL
    GROUP BY category
), wanted AS (
    SELECT count(*) AS titles
    FROM (SELECT DISTINCT book_id FROM reservations WHERE status = 'waiting') waited_for
    CROSS JOIN LATERAL (SELECT copies_available, copies_total FROM books WHERE id = waited_for.book_id OFFSET 0) b
    WHERE b.copies_available > 0 OR b.copies_total = 0
)
SELECT coalesce(sum(titles), 0)::bigint,
    coalesce(sum(available + lent), 0)::bigint,
    coalesce(sum(available), 0)::bigint,
    coalesce(sum(lent), 0)::bigint,
    coalesce(sum(low_stock), 0)::bigint,
    coalesce(sum(out_of_stock), 0)::bigint,
    coalesce(sum(all_lent), 0)::bigint + (SELECT titles FROM wanted),
    coalesce(json_agg(json_build_array(category, available + lent, available, lent) ORDER BY category), '[]')
FROM categories;

-- name: read_popular_books
-- purpose: the ten books that were looked at and borrowed most. An index would have to move with every view and every loan;
--   so both are read whole, and as many views more are kept as there are books that were withdrawn: ten are there then.
WITH viewed AS (
    SELECT book_id, views
    FROM book_views
    ORDER BY views DESC, book_id
    LIMIT 10 + (SELECT count(*) FROM books WHERE deleted_at IS NOT NULL)
), borrowed AS (
    SELECT id, borrows
    FROM books
    WHERE deleted_at IS NULL
    ORDER BY borrows DESC, id
    LIMIT 10
)
SELECT (
    SELECT coalesce(json_agg(json_build_array(title, views) ORDER BY views DESC, id), '[]')
    FROM (
        SELECT b.id, b.title, viewed.views
        FROM viewed
        JOIN books b ON b.id = viewed.book_id
        WHERE b.deleted_at IS NULL
        ORDER BY viewed.views DESC, b.id
        LIMIT 10
    ) most
), (
    SELECT coalesce(json_agg(json_build_array(b.title, borrowed.borrows) ORDER BY borrowed.borrows DESC, b.id), '[]')
    FROM borrowed
    JOIN books b ON b.id = borrowed.id
    WHERE borrowed.borrows > 0
);

-- name: read_loans_figures
-- purpose: loans in one snapshot, without reading those that ended: how many there were and for how long stands with the books
--   they were of, and so does how many run, by category. What runs is read once, along its index; the books of what is overdue are
--   looked up one by one, being few.
WITH shelves AS MATERIALIZED (
    SELECT category,
        sum(copies_lent) AS lent,
        sum(borrows) AS borrows,
        sum(returns) AS returns,
        sum(lent_seconds) AS lent_seconds
    FROM books
    GROUP BY category
), running AS MATERIALIZED (
    SELECT role, status = 'overdue' AS is_overdue,
        count(*) AS loans,
        array_agg(book_id) FILTER (WHERE status = 'overdue') AS late_books,
        count(*) FILTER (WHERE due_at > (SELECT now() - interval '8 days')) AS in_week,
        count(*) FILTER (WHERE due_at <= (SELECT now() - interval '31 days')) AS over_month,
        count(*) FILTER (WHERE due_at BETWEEN (SELECT now()) AND (SELECT now() + interval '3 days')) AS soon
    FROM loans
    WHERE returned_at IS NULL
    GROUP BY role, is_overdue
), roles AS (
    SELECT role,
        coalesce(sum(loans) FILTER (WHERE NOT is_overdue), 0) AS active,
        coalesce(sum(loans) FILTER (WHERE is_overdue), 0) AS overdue
    FROM running
    GROUP BY role
), late AS (
    SELECT b.category, count(*) AS loans
    FROM running
    CROSS JOIN LATERAL unnest(running.late_books) AS one (book_id)
    JOIN books b ON b.id = one.book_id
    GROUP BY b.category
), categories AS (
    SELECT s.category, s.lent - coalesce(late.loans, 0) AS active, coalesce(late.loans, 0) AS overdue
    FROM shelves s
    LEFT JOIN late ON late.category = s.category
    WHERE s.lent > 0
)
SELECT
    (SELECT coalesce(sum(borrows), 0)::bigint FROM shelves),
    (SELECT coalesce(sum(returns), 0)::bigint FROM shelves),
    (SELECT coalesce(sum(lent_seconds), 0)::float8 FROM shelves),
    coalesce(sum(loans) FILTER (WHERE NOT is_overdue), 0)::bigint,
    coalesce(sum(loans) FILTER (WHERE is_overdue), 0)::bigint,
    coalesce(sum(in_week) FILTER (WHERE is_overdue), 0)::bigint,
    coalesce(sum(over_month) FILTER (WHERE is_overdue), 0)::bigint,
    coalesce(sum(soon) FILTER (WHERE NOT is_overdue), 0)::bigint,
    (SELECT coalesce(json_agg(json_build_array(role, active, overdue) ORDER BY role), '[]') FROM roles),
    (SELECT coalesce(json_agg(json_build_array(category, active, overdue) ORDER BY category), '[]') FROM categories)
FROM running;

-- name: read_overview_figures
-- purpose: what the alerts and the system's monitor need of people, books and loans, in one snapshot: less than half of the
--   time that the three's own statements take.
SELECT people.*, shelves.*, running.*
FROM (
    SELECT count(*),
        count(*) FILTER (WHERE is_active AND last_login_at >= (SELECT now() - interval '30 days')),
        count(*) FILTER (WHERE is_active),
        count(*) FILTER (WHERE is_active AND NOT (email_verified AND identity_verified))
    FROM app_users
) people, (
    SELECT coalesce(sum(copies_total), 0)::bigint, coalesce(sum(copies_available), 0)::bigint, coalesce(sum(copies_lent), 0)::bigint
    FROM books
    WHERE deleted_at IS NULL
) shelves, (
    SELECT count(*) FILTER (WHERE status = 'active'), count(*) FILTER (WHERE status = 'overdue')
    FROM loans
    WHERE returned_at IS NULL
) running;

-- name: read_kept_requests
-- purpose: what is kept of requests. Raw rows are counted by the lines of the hours whose rows are kept, which were counted as
--   they were stored and which the self-audit holds to the rows: reading millions of rows would take seconds.
--   Every closed hour has a total, so the last day's totals tell when an hour was rolled up last.
WITH oldest AS (
    SELECT min(at) AS at FROM request_log
), kept AS (
    SELECT table_name, keep FROM partition_policies
)
SELECT
    (SELECT coalesce(sum(j.lines), 0)::bigint FROM journal_hours j, oldest WHERE j.hour >= date_trunc('hour', oldest.at, 'UTC')),
    (SELECT at FROM oldest),
    (SELECT count(*) FROM request_hours),
    (SELECT max(computed_at) FROM request_hours WHERE endpoint = '' AND method = '' AND hour = ANY (ARRAY(
        SELECT generate_series(max(hour) - interval '1 day', max(hour), interval '1 hour') FROM request_hours
    ))),
    (SELECT max(lag_seconds + CASE WHEN seen_at < now() - interval '1 minute' THEN extract(epoch FROM now() - seen_at) ELSE 0 END)::float8
        FROM journal_states),
    (SELECT extract(epoch FROM keep)::float8 / 86400 FROM kept WHERE table_name = 'request_log'),
    (SELECT extract(epoch FROM keep)::float8 / 86400 FROM kept WHERE table_name = 'request_minutes');

-- name: read_last_hour
-- purpose: what the last hour's requests came to, those of the API by themselves, and what collectors noted in it of the
--   database's and the cache's work for them.
WITH requests AS (
    SELECT
        coalesce(sum(requests) FILTER (WHERE endpoint = ''), 0)::bigint AS requests,
        coalesce(sum(status_5xx) FILTER (WHERE endpoint = ''), 0)::bigint AS errors,
        sum(requests) FILTER (WHERE endpoint LIKE '/api/%')::bigint AS api_requests,
        sum(duration_us) FILTER (WHERE endpoint LIKE '/api/%')::float8 / 1000000 AS api_seconds
    FROM requests_between(date_trunc('minute', now()) - interval '1 hour', now())
), work AS (
    SELECT
        sum(value) FILTER (WHERE figure = 'db_queries') AS queries,
        sum(value) FILTER (WHERE figure = 'db_query_seconds') AS query_seconds,
        sum(value) FILTER (WHERE figure = 'cache_operations') AS operations,
        sum(value) FILTER (WHERE figure = 'cache_seconds') AS cache_seconds,
        sum(value) FILTER (WHERE figure = 'cache_reads') AS cache_reads,
        sum(value) FILTER (WHERE figure = 'cache_hits') AS cache_hits
    FROM figures
    WHERE subject = 'library' AND at >= date_trunc('minute', now()) - interval '1 hour' AND at <= now()
        AND figure IN ('db_queries', 'db_query_seconds', 'cache_operations', 'cache_seconds', 'cache_reads', 'cache_hits')
)
SELECT requests, errors, api_requests, api_seconds, queries, query_seconds, operations, cache_seconds, cache_reads, cache_hits
FROM requests, work;
