-- name: read_health
-- purpose: the state of all we lean on in one round trip, which itself is the proof that the database answers.
SELECT
    (SELECT extract(epoch FROM now() - max(seen_at))::float8 FROM collectors),
    (SELECT coalesce(json_agg(json_build_object('service', service, 'is_up', is_up, 'latency_seconds', latency_seconds,
        'age_seconds', extract(epoch FROM now() - checked_at)) ORDER BY service), '[]')
     FROM service_states);

-- name: touch_database
-- purpose: the least that the database can be asked: that it answers, and how soon.
SELECT 1;
