-- What collectors would have written of 26 hours of requests, each minute like every other: for the pages that show them.
-- A minute has 10 GET /actions/read (8 took 5 ms, 2 took 100 ms), one POST /actions/create refused with 409 after 20 ms, and
-- one GET /health/ failed after 400 ms. Run by the owner, in a database of its own.
SELECT make_partitions(now() - interval '1 day');

CREATE TEMPORARY TABLE a_minute AS
SELECT endpoint, method, good + bad + failed AS requests, good, bad, failed, duration_us, bins, counts
FROM (VALUES
    ('/actions/read', 'GET', 10, 0, 0, 240000, ARRAY[sketch_bin(5), sketch_bin(100)], ARRAY[8, 2]),
    ('/actions/create', 'POST', 0, 1, 0, 20000, ARRAY[sketch_bin(20)], ARRAY[1]),
    ('/health/', 'GET', 0, 0, 1, 400000, ARRAY[sketch_bin(400)], ARRAY[1]),
    ('', '', 10, 1, 1, 660000, ARRAY[sketch_bin(5), sketch_bin(20), sketch_bin(100), sketch_bin(400)], ARRAY[8, 1, 2, 1])
) AS routes (endpoint, method, good, bad, failed, duration_us, bins, counts);

INSERT INTO request_minutes (minute, host, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes,
    response_bytes, duration_us, bins, counts)
SELECT date_trunc('minute', now()) - ago * interval '1 minute', '<b>alpha', endpoint, method, requests, good, 0, bad, failed, 0,
    requests * 100, duration_us, bins, counts
FROM a_minute, generate_series(1, 26 * 60) ago;

INSERT INTO request_hours (hour, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes, response_bytes,
    duration_us, bins, counts, average_ms)
SELECT date_trunc('hour', now()) - ago * interval '1 hour', endpoint, method, 60 * requests, 60 * good, 0, 60 * bad, 60 * failed, 0,
    6000 * requests, 60 * duration_us, bins, ARRAY(SELECT 60 * count FROM unnest(counts) count), duration_us / 1000.0 / requests
FROM a_minute, generate_series(1, 24) ago
ON CONFLICT DO NOTHING;

INSERT INTO request_dirty_hours (hour, host)
SELECT DISTINCT date_trunc('hour', minute), host FROM request_minutes
WHERE minute < date_trunc('hour', now()) - interval '24 hours' OR minute >= date_trunc('hour', now())
ON CONFLICT DO NOTHING;

INSERT INTO request_log (id, at, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe, user_id, ip_address,
    user_agent, request_id, problem_title, problem_detail)
SELECT (extract(epoch FROM date_trunc('minute', now())) * 1000000)::bigint * 1024 - ago * 60000000::bigint * 1024,
    date_trunc('minute', now()) - ago * interval '1 minute',
    CASE WHEN mod(ago, 10) = 0 THEN '/health/' ELSE '/actions/read' END, 'GET', CASE WHEN mod(ago, 10) = 0 THEN 503 ELSE 200 END, 12345, 0, 321,
    mod(ago, 4) = 1, CASE ago WHEN 2 THEN '00000000-0000-4000-8000-000000000001'::uuid END, '203.0.113.7', '<script>agent', 'request-' || ago,
    CASE WHEN mod(ago, 10) = 0 THEN 'Service <b>Unavailable' END, CASE WHEN mod(ago, 10) = 0 THEN 'The database "away"' END
FROM generate_series(1, 60) ago;

INSERT INTO journal_states (host, seen_at, lag_seconds, backlog_bytes, lost_to_errors, lost_to_cap, lost_at)
VALUES ('<b>alpha', now() + interval '10 minutes', 1.25, 4096, 0, 0, NULL), ('beta', now() - interval '5 minutes', 2, 0, 17, 4, now() - interval '1 hour');

INSERT INTO quarantined_lines (host, segment, position, size, content, reason)
SELECT 'beta', 'v1-x.log', n, 10, 'garbage', 'not a line' FROM generate_series(1, 3) n;

INSERT INTO request_audits (hour, journal_lines, raw_rows, route_requests, total_requests, counter, is_equal)
SELECT date_trunc('hour', now()) - ago * interval '1 hour', 720, CASE ago WHEN 5 THEN 719 ELSE 720 END, 720, 720,
    CASE ago WHEN 1 THEN 723 WHEN 2 THEN NULL ELSE 720 END, ago <> 5
FROM generate_series(1, 23) ago;
