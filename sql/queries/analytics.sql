-- name: read_analytics
-- purpose: all of the analytics view in one round trip and one snapshot, so that its numbers agree with each other: the
--   counts of the last day, the last week and a minute; then of a span its routes, its steps and its sketch, whose
--   `shares` are read off. `endpoint` is empty for all routes together, which have a row of their own in every hour.
-- params: since timestamptz, until timestamptz, step interval, day timestamptz, week timestamptz, minute timestamptz,
--   now timestamptz, endpoint text, method text, shares float8[]
WITH span AS MATERIALIZED (
    SELECT *
    FROM requests_between(:since, :until)
    WHERE endpoint = :endpoint AND (:method IS NULL OR method = :method)
), whole AS (
    SELECT coalesce(sum(requests), 0) AS requests, coalesce(sum(status_2xx), 0) AS status_2xx,
        coalesce(sum(status_3xx), 0) AS status_3xx, coalesce(sum(status_4xx), 0) AS status_4xx,
        coalesce(sum(status_5xx), 0) AS status_5xx, sum(duration_us) / 1000.0 / nullif(sum(requests), 0) AS average_ms
    FROM span
), steps AS (
    SELECT date_bin(:step, hour, timestamptz '2000-01-01 00:00Z') AS began_at, sum(requests) AS requests, sum(status_5xx) AS errors
    FROM span
    GROUP BY began_at
), routes AS (
    SELECT endpoint, method, sum(requests) AS requests, sum(status_5xx) AS errors,
        sum(duration_us) / 1000.0 / nullif(sum(requests), 0) AS average_ms
    FROM (
        SELECT endpoint, method, requests, status_5xx, duration_us FROM span WHERE :endpoint <> ''
        UNION ALL
        SELECT endpoint, method, requests, status_5xx, duration_us
        FROM requests_between(:since, :until)
        WHERE :endpoint = '' AND endpoint <> ''
    ) parts
    GROUP BY endpoint, method
), bins AS (
    SELECT bin, sum(amount)::bigint AS amount
    FROM span, unnest(span.bins, span.counts) AS sketch (bin, amount)
    GROUP BY bin
), sketch AS (
    SELECT array_agg(bin) AS bins, array_agg(amount) AS counts
    FROM bins
), day AS (
    SELECT coalesce(sum(requests), 0) AS requests, coalesce(sum(status_5xx), 0) AS errors
    FROM requests_between(:day, :now)
    WHERE endpoint = :endpoint AND (:method IS NULL OR method = :method)
), week AS (
    SELECT coalesce(sum(requests), 0) AS requests
    FROM requests_between(:week, :now)
    WHERE endpoint = :endpoint AND (:method IS NULL OR method = :method)
), minute AS (
    SELECT coalesce(sum(requests), 0) AS requests
    FROM requests_between(:minute, :minute + interval '1 minute')
    WHERE endpoint = :endpoint AND (:method IS NULL OR method = :method)
)
SELECT (SELECT json_build_object('requests', day.requests, 'errors', day.errors) FROM day),
    (SELECT requests::bigint FROM week),
    (SELECT requests::bigint FROM minute),
    (SELECT to_json(whole) FROM whole),
    (SELECT coalesce(json_agg(json_build_object('at', extract(epoch FROM began_at), 'requests', requests, 'errors', errors) ORDER BY began_at), '[]') FROM steps),
    (SELECT coalesce(json_agg(routes ORDER BY requests DESC, endpoint, method), '[]') FROM routes),
    (SELECT array_agg(sketch_quantile(sketch.bins, sketch.counts, share / 100) ORDER BY position)
        FROM sketch, unnest(:shares) WITH ORDINALITY AS wanted (share, position));

-- name: read_latency
-- purpose: the steps of a span with their latency, for charts: a step's percentiles are read off the sketch of all its
--   requests. Steps without requests have no row.
-- params: since timestamptz, until timestamptz, step interval, endpoint text, method text
WITH span AS MATERIALIZED (
    SELECT date_bin(:step, hour, timestamptz '2000-01-01 00:00Z') AS began_at, requests, status_4xx, status_5xx, duration_us,
        bins, counts
    FROM requests_between(:since, :until)
    WHERE endpoint = :endpoint AND (:method IS NULL OR method = :method)
), steps AS (
    SELECT began_at, sum(requests) AS requests, sum(status_5xx) AS errors, sum(status_4xx) AS client_errors,
        sum(duration_us) / 1000.0 / nullif(sum(requests), 0) AS average_ms
    FROM span
    GROUP BY began_at
), bins AS (
    SELECT began_at, bin, sum(amount)::bigint AS amount
    FROM span, unnest(span.bins, span.counts) AS sketch (bin, amount)
    GROUP BY began_at, bin
), sketches AS (
    SELECT began_at, array_agg(bin) AS bins, array_agg(amount) AS counts
    FROM bins
    GROUP BY began_at
)
SELECT began_at, requests::bigint, errors::bigint, client_errors::bigint, round(average_ms, 3)::float8,
    sketch_quantile(bins, counts, 0.5), sketch_quantile(bins, counts, 0.95), sketch_quantile(bins, counts, 0.99)
FROM steps
LEFT JOIN sketches USING (began_at);

-- name: read_heat_map
-- purpose: how many requests of each step took about how long: the bins of their sketches, gathered into rows, the
--   fastest first. Rows are spans between bins, so that no sketch leaves the database.
-- params: since timestamptz, until timestamptz, step interval, endpoint text, method text, first_bins int[]
SELECT date_bin(:step, hour, timestamptz '2000-01-01 00:00Z') AS began_at, width_bucket(bin, :first_bins) AS latency,
    sum(amount)::bigint
FROM requests_between(:since, :until), unnest(bins, counts) AS sketch (bin, amount)
WHERE endpoint = :endpoint AND (:method IS NULL OR method = :method)
GROUP BY began_at, latency;

-- name: list_routes
-- purpose: every route and method that was ever asked, to choose from. A step along request_hours_of_endpoint for each,
--   since a DISTINCT would read all hours there are; and what is not rolled up yet.
WITH RECURSIVE known AS (
    (SELECT endpoint, method FROM request_hours WHERE endpoint > '' ORDER BY endpoint, method LIMIT 1)
    UNION ALL
    SELECT following.endpoint, following.method
    FROM known
    CROSS JOIN LATERAL (
        SELECT h.endpoint, h.method
        FROM request_hours h
        WHERE (h.endpoint, h.method) > (known.endpoint, known.method)
        ORDER BY h.endpoint, h.method
        LIMIT 1
    ) following
)
SELECT endpoint, method FROM known
UNION
SELECT endpoint, method
FROM requests_between(date_trunc('hour', now(), 'UTC') - interval '1 hour', date_trunc('hour', now(), 'UTC') + interval '1 hour')
WHERE endpoint <> ''
ORDER BY endpoint, method;

-- name: read_first_hour
-- purpose: the first hour of which anything is known, rolled up or not; null when nobody has asked anything yet.
SELECT least((SELECT min(hour) FROM request_hours), (SELECT min(hour) FROM request_dirty_hours));

-- name: read_journal_states
-- purpose: how each host's journal stands, with the lines of it that could not be read, as JSON.
SELECT to_jsonb(s) || jsonb_build_object('quarantined', (SELECT count(*) FROM quarantined_lines q WHERE q.host = s.host))
FROM journal_states s
ORDER BY s.host;

-- name: read_audits
-- purpose: what the self-audit found for the closed hours of a span, newest first, as JSON.
-- params: since timestamptz, until timestamptz
SELECT to_jsonb(a)
FROM request_audits a
WHERE a.hour >= :since AND a.hour < :until
ORDER BY a.hour DESC;
