-- A small world of which every figure of the monitors can be counted by hand. Run in a test's transaction, whose now() stands.

INSERT INTO app_users (email, password_hash, role, is_active, email_verified, identity_verified, professional_verified, last_login_at) VALUES
    ('s1@example.com', '-', 'student', true, true, true, false, now() - interval '1 hour'),
    ('s2@example.com', '-', 'student', true, true, false, false, now() - interval '3 days'),
    ('s3@example.com', '-', 'student', true, false, false, false, now() - interval '20 days'),
    ('s4@example.com', '-', 'student', true, true, true, false, NULL),
    ('s5@example.com', '-', 'student', false, false, false, false, now() - interval '1 hour'),
    ('t1@example.com', '-', 'teacher', true, true, true, true, now() - interval '31 days'),
    ('t2@example.com', '-', 'teacher', true, true, true, false, now() - interval '2 hours');

INSERT INTO books (title, author, category, copies_total, copies_available, copies_lent, borrows, returns, lent_seconds, deleted_at) VALUES
    ('All lent', 'A', 'Poetry', 3, 0, 3, 7, 4, 4 * 864000, NULL),
    ('Low', 'A', 'Poetry', 4, 2, 2, 2, 0, 0, NULL),
    ('Awaited', 'B', 'Science', 2, 1, 1, 3, 2, 2 * 432000, NULL),
    ('Plenty', 'B', 'Science', 10, 10, 0, 0, 0, 0, NULL),
    ('No copies', 'C', 'Science', 0, 0, 0, 0, 0, 0, NULL),
    ('Withdrawn', 'C', 'Gone', 5, 5, 0, 9, 9, 9 * 86400, now());
INSERT INTO book_views (book_id, views)
SELECT id, CASE title WHEN 'Withdrawn' THEN 99 WHEN 'Plenty' THEN 20 WHEN 'Low' THEN 5 END FROM books WHERE title IN ('Withdrawn', 'Plenty', 'Low');
INSERT INTO reservations (book_id, user_id, status)
SELECT b.id, u.id, 'waiting' FROM books b, app_users u WHERE (b.title, u.email) IN (('Awaited', 's1@example.com'), ('All lent', 's1@example.com'), ('All lent', 's2@example.com'));
INSERT INTO reservations (book_id, user_id, status, ended_at)
SELECT b.id, u.id, 'cancelled', now() FROM books b, app_users u WHERE (b.title, u.email) = ('Plenty', 's1@example.com');

INSERT INTO loans (user_id, book_id, role, status, borrowed_at, due_at, overdue_at)
SELECT u.id, b.id, u.role, CASE WHEN due < interval '0' THEN 'overdue' ELSE 'active' END, now() - interval '60 days', now() + due, CASE WHEN due < interval '0' THEN now() END
FROM (VALUES
    ('s1@example.com', 'All lent', interval '2 days'),
    ('s2@example.com', 'All lent', interval '4 days'),
    ('t1@example.com', 'All lent', interval '-5 hours'),
    ('t1@example.com', 'Low', interval '-7 days -12 hours'),
    ('t2@example.com', 'Low', interval '-30 days -12 hours'),
    ('t2@example.com', 'Awaited', interval '-31 days')
) AS loan (email, title, due)
JOIN app_users u USING (email)
JOIN books b USING (title);
INSERT INTO loans (user_id, book_id, role, status, borrowed_at, due_at, returned_at)
SELECT u.id, b.id, u.role, 'returned', now() - interval '20 days', now() - interval '6 days', now() - interval '10 days'
FROM app_users u, books b WHERE u.email = 's1@example.com' AND b.title = 'Low';

INSERT INTO request_log (id, at, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe)
SELECT n, now() - n * interval '1 hour', '/api/v1/books/', 'GET', 200, 1000, 0, 0, false FROM generate_series(1, 3) n;
INSERT INTO journal_hours (hour, host, lines, probes)
SELECT date_trunc('hour', now() - n * interval '1 hour'), 'alpha', CASE WHEN n <= 3 THEN 5 ELSE 1000 END, 1 FROM unnest(ARRAY[1, 2, 3, 900]) n;
INSERT INTO journal_states (host, lag_seconds, backlog_bytes, lost_to_errors, lost_to_cap, seen_at) VALUES
    ('alpha', 1.25, 0, 0, 0, now()), ('beta', 0.5, 0, 0, 0, now() - interval '10 minutes');
INSERT INTO request_hours (hour, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes, response_bytes,
    duration_us, bins, counts, computed_at)
SELECT date_trunc('hour', now()) - n * interval '1 hour', endpoint, method, 10, 10, 0, 0, 0, 0, 0, 1000, '{}', '{}', now() - n * interval '1 minute'
FROM generate_series(2, 4) n, (VALUES ('', ''), ('/api/v1/books/', 'GET')) AS route (endpoint, method);
INSERT INTO request_minutes (minute, host, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes,
    response_bytes, duration_us, bins, counts)
SELECT date_trunc('minute', now()) - n * interval '10 minutes', 'alpha', endpoint, method, requests, requests - failed, 0, 0, failed, 0, 0, took, '{}', '{}'
FROM generate_series(1, 4) n, (VALUES ('', '', 100, 3, 9000000), ('/api/v1/books/', 'GET', 30, 1, 6000000), ('/docs', 'GET', 70, 2, 3000000))
    AS route (endpoint, method, requests, failed, took);
INSERT INTO request_dirty_hours (hour, host) SELECT DISTINCT date_trunc('hour', minute), 'alpha' FROM request_minutes;
INSERT INTO figures (subject, figure, at, value)
SELECT 'library', figure, date_trunc('minute', now()) - n * interval '10 minutes', reading
FROM generate_series(1, 4) n, (VALUES ('db_queries', 500), ('db_query_seconds', 0.25), ('cache_operations', 20), ('cache_seconds', 0.01),
    ('cache_reads', 32), ('cache_hits', 24)) AS noted (figure, reading);
