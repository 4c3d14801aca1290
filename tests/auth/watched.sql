-- What a collector would have written of an endpoint that went down half an hour ago, of a host and of itself: for the
-- pages that show it. Run by the owner, in a database of its own.
SELECT make_partitions(now() - interval '2 days');

INSERT INTO endpoints (name, url, assertions)
VALUES ('Shop', 'https://shop.example/health', '[{"kind": "json", "path": "$.status", "equals": "ok"}]'), ('Quiet', '/docs', '[]');

INSERT INTO endpoint_states (endpoint_id, state, since, valid_until, last_checked_at, last_outcome, last_reason, last_duration_ms,
    certificate_expires_at, track)
SELECT id, 'major_outage', now() - interval '30 minutes', now() + interval '1 day', now() - interval '1 minute', 'major_outage', 'status',
    87.5, '2031-01-02 03:04:05Z', '{}'
FROM endpoints WHERE name = 'Shop';

INSERT INTO state_intervals (endpoint_id, state, began_at, ended_at)
SELECT id, state, now() - began, now() - ended
FROM endpoints, (VALUES ('operational', interval '3 hours', interval '30 minutes'), ('major_outage', interval '30 minutes', NULL)) AS s (state, began, ended)
WHERE name = 'Shop';

INSERT INTO endpoint_figures (endpoint_id, uptime_24h, coverage_24h, uptime_90d, coverage_90d, days, response_avg_24h_ms, response_p95_24h_ms)
SELECT id, 97.125, 50.25, 99.5, 100, repeat('u', 80) || repeat('o', 8) || 'pm', 45.25, 210 FROM endpoints WHERE name = 'Shop';

INSERT INTO checks (endpoint_id, slot, outcome, reason, detail, started_at, duration_ms, dns_ms, connect_ms, tls_ms, wait_ms, transfer_ms,
    status_code, body_bytes, attempts, address, assertions, collector)
SELECT e.id, now() - n * interval '1 minute', CASE WHEN n <= 30 THEN 'major_outage' WHEN n = 40 THEN 'degraded' ELSE 'operational' END,
    CASE WHEN n <= 30 THEN 'status' END, CASE WHEN n <= 30 THEN '503 is none of 2xx' END, now() - n * interval '1 minute',
    80 + n, 1, 2, 3, 70, n, CASE WHEN n <= 30 THEN 503 ELSE 200 END, 512, 1, '203.0.113.7',
    jsonb_build_array(jsonb_build_object('assertion', e.assertions -> 0, 'observed', '"<down>"', 'holds', n > 30)), 'one'
FROM endpoints e, generate_series(1, 59) n
WHERE e.name = 'Shop';

INSERT INTO checks (endpoint_id, slot, slots, outcome, reason, collector)
SELECT id, now() - interval '90 minutes', 30, 'missed', 'no_collector', 'one' FROM endpoints WHERE name = 'Shop';

INSERT INTO host_metrics (host, at, samples, cpu_percent, memory_mb, memory_percent, disk_percent, load_1m, network_sent_bytes,
    network_received_bytes, open_files)
SELECT host, date_trunc('minute', now()) - n * interval '1 minute', 6, 20 + mod(n, 7), 1024 + n, 40, 70, 0.5, 1000 * n, 2000 * n, 900
FROM unnest(ARRAY['alpha', 'beta']) host, generate_series(1, 55) n
WHERE n NOT BETWEEN 20 AND 30;

INSERT INTO figures (subject, figure, at, value)
SELECT subject, figure, date_trunc('minute', now()) - n * interval '1 minute', base + mod(n, 5)
FROM generate_series(1, 55) n, (VALUES
    ('process:auth@alpha', 'cpu_percent', 12), ('process:auth@alpha', 'memory_mb', 180), ('process:collector@alpha', 'cpu_percent', 5),
    ('database', 'connections', 9), ('database', 'connections_limit', 100), ('database', 'connect_ms', 2),
    ('counter', 'requests', 600), ('broker', 'latency_ms', 1)) AS f (subject, figure, base);

INSERT INTO request_minutes (minute, host, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes,
    response_bytes, duration_us, bins, counts)
SELECT date_trunc('minute', now()) - n * interval '1 minute', host, endpoint, method, 300, 290, 0, 7, 3, 0, 9000, 6000000,
    ARRAY[sketch_bin(20), sketch_bin(40)], ARRAY[270, 30]
FROM generate_series(1, 55) n, unnest(ARRAY['alpha', 'beta']) host, (VALUES ('', ''), ('/docs', 'GET')) AS route (endpoint, method);

INSERT INTO request_hours (hour, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes, response_bytes,
    duration_us, bins, counts)
SELECT date_trunc('hour', now()) - n * interval '1 hour', endpoint, method, 36000, 34800, 0, 840, 360, 0, 1080000, 720000000,
    ARRAY[sketch_bin(20), sketch_bin(40)], ARRAY[32400, 3600]
FROM generate_series(1, 100) n, (VALUES ('', ''), ('/docs', 'GET')) AS route (endpoint, method);

INSERT INTO figure_hours (subject, figure, hour, samples, average, lowest, highest)
SELECT subject, figure, date_trunc('hour', now()) - n * interval '1 hour', 60, 10 + n, 5, 90
FROM generate_series(1, 6) n, (VALUES ('host:alpha', 'cpu_percent'), ('database', 'connections')) AS f (subject, figure);

INSERT INTO alerts (rule, subject, endpoint_id, severity, value, threshold, message, opened_at, resolved_at)
SELECT 'down', 'endpoint:' || id, id, 'critical', NULL, NULL, 'Shop is down <now>', now() - interval '30 minutes', NULL FROM endpoints WHERE name = 'Shop'
UNION ALL
SELECT 'cpu', 'host:alpha', NULL, 'warning', 95, 90, 'CPU of alpha was high', now() - interval '5 hours', now() - interval '4 hours';

INSERT INTO channels (name, url, shown, kinds) VALUES ('Ops', 'https://hooks.example/x', 'https://hooks.example/***', '{alerts}');
INSERT INTO service_states (service, is_up, error, checked_at, succeeded_at, failures) VALUES ('channel:Ops', false, 'answered 500', now(), now() - interval '2 hours', 17);
INSERT INTO outbox (channel, channel_id, recipient, kind, subject, body, status, finished_at, attempts, last_error)
SELECT 'notification', id, name, 'alerts', 'Shop is down', 'It is.', 'failed', now(), 30, 'answered 500' FROM channels;

INSERT INTO collectors (name, host, started_at, seen_at) VALUES ('one', 'alpha', now() - interval '1 day', now() - interval '10 minutes');
INSERT INTO audit_log (action, subject_type, subject_id, changes) VALUES ('endpoint.created', 'endpoint', '1', '{"name": [null, "Shop"], "note": "no pair"}');
