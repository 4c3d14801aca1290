-- name: list_due_hours
-- purpose: the closed hours to roll up, oldest first: those to which lines were added since, and those of late that have no
--   total, from the first hour on of which anything is known.
-- params: dirty_since timestamptz, missing_since timestamptz, last timestamptz
WITH known AS MATERIALIZED (
    SELECT least((SELECT min(hour) FROM request_hours), (SELECT min(hour) FROM journal_hours)) AS first
), due AS (
    SELECT hour FROM request_dirty_hours WHERE hour BETWEEN :dirty_since AND :last
    UNION
    SELECT hour
    FROM known
    CROSS JOIN LATERAL generate_series(greatest(first, :missing_since), :last, interval '1 hour') AS hours (hour)
    WHERE first IS NOT NULL
        AND hours.hour NOT IN (
            SELECT h.hour FROM request_hours h WHERE h.endpoint = '' AND h.method = '' AND h.hour BETWEEN :missing_since AND :last
        )
)
SELECT hour FROM due ORDER BY hour;

-- name: list_hours_with_rows
-- purpose: the hours of a time from the first on of which anything is known, oldest first, and whether raw rows can still say
--   what they were: there are some, or there were no requests.
-- params: since timestamptz, last timestamptz
WITH known AS MATERIALIZED (
    SELECT least((SELECT min(hour) FROM request_hours), (SELECT min(hour) FROM journal_hours),
        (SELECT date_trunc('hour', min(at)) FROM request_log)) AS first
)
SELECT hours.hour,
    EXISTS (SELECT FROM request_log l WHERE l.at >= hours.hour AND l.at < hours.hour + interval '1 hour')
        OR NOT EXISTS (
            SELECT FROM request_hours h WHERE h.hour = hours.hour AND h.endpoint = '' AND h.method = '' AND h.requests > 0
        )
FROM known
CROSS JOIN LATERAL generate_series(greatest(first, :since), :last, interval '1 hour') AS hours (hour)
WHERE first IS NOT NULL
ORDER BY hours.hour;

-- name: lock_hour
-- purpose: whoever computes an hour is alone at it until the transaction ends. Of two who saw different lines, the one who saw
--   fewer might write last, after the other took the mark away: the hour would be wrong, and nothing would tell. A statement
--   of its own, since what follows must see what was waited for. From here on waits and statements may take so long: an
--   hour of raw rows is more than connections are made for.
-- params: hour timestamptz, seconds int
SELECT set_config('statement_timeout', :seconds || 's', true), set_config('lock_timeout', :seconds || 's', true),
    pg_advisory_xact_lock(hashtext('request_hours'), (extract(epoch FROM :hour) / 3600)::int);

-- name: take_dirty_marks
-- purpose: an hour is about to be computed. This waits for whoever adds to it at this moment, and what is added from now on
--   marks it again; so it must be a statement of its own: the one that computes has to see what was waited for.
-- params: hour timestamptz
DELETE FROM request_dirty_hours WHERE hour = :hour;

-- name: roll_up_hour
-- purpose: an hour of every route and method and of all together, with an hour of nothing as a total of zero. From minutes, or
--   from raw rows; the result is the same, since all sums are of whole numbers and sketches are merged by adding. Bins of
--   equal numbers are added up first, so that what is sorted is small. Routes that are not in the hour any more go.
-- params: hour timestamptz, from_rows boolean
WITH logged AS MATERIALIZED (
    SELECT endpoint, method, sketch_bin(duration_us::float8 / 1000) AS bin, count(*) AS requests,
        count(*) FILTER (WHERE status BETWEEN 200 AND 299) AS status_2xx,
        count(*) FILTER (WHERE status BETWEEN 300 AND 399) AS status_3xx,
        count(*) FILTER (WHERE status BETWEEN 400 AND 499) AS status_4xx,
        count(*) FILTER (WHERE status >= 500) AS status_5xx,
        sum(request_bytes) AS request_bytes, sum(response_bytes) AS response_bytes, sum(duration_us) AS duration_us
    FROM request_log
    WHERE :from_rows AND at >= :hour AND at < :hour + interval '1 hour' AND NOT is_probe
    GROUP BY endpoint, method, sketch_bin(duration_us::float8 / 1000)
), minutes AS MATERIALIZED (
    SELECT endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes, response_bytes, duration_us,
        bins, counts
    FROM request_minutes
    WHERE NOT :from_rows AND minute >= :hour AND minute < :hour + interval '1 hour'
), counted AS (
    SELECT endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes, response_bytes, duration_us
    FROM logged
    UNION ALL
    SELECT '', '', requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes, response_bytes, duration_us
    FROM logged
    UNION ALL
    SELECT endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes, response_bytes, duration_us
    FROM minutes
    UNION ALL
    SELECT '', '', 0, 0, 0, 0, 0, 0, 0, 0
), sums AS MATERIALIZED (
    SELECT endpoint, method, sum(requests)::bigint AS requests, sum(status_2xx)::bigint AS status_2xx,
        sum(status_3xx)::bigint AS status_3xx, sum(status_4xx)::bigint AS status_4xx, sum(status_5xx)::bigint AS status_5xx,
        sum(request_bytes)::bigint AS request_bytes, sum(response_bytes)::bigint AS response_bytes,
        sum(duration_us)::bigint AS duration_us
    FROM counted
    GROUP BY endpoint, method
), binned AS (
    SELECT endpoint, method, bin, sum(amounts)::int AS amounts
    FROM (
        SELECT endpoint, method, bin, requests FROM logged
        UNION ALL
        SELECT '', '', bin, requests FROM logged
        UNION ALL
        SELECT endpoint, method, bin, amounts FROM minutes CROSS JOIN LATERAL unnest(bins, counts) AS sketch (bin, amounts)
    ) AS parts (endpoint, method, bin, amounts)
    GROUP BY endpoint, method, bin
), sketches AS (
    SELECT endpoint, method, array_agg(bin ORDER BY bin) AS bins, array_agg(amounts ORDER BY bin) AS counts
    FROM binned
    GROUP BY endpoint, method
), gone AS (
    DELETE FROM request_hours h
    WHERE h.hour = :hour AND NOT EXISTS (SELECT FROM sums WHERE sums.endpoint = h.endpoint AND sums.method = h.method)
)
INSERT INTO request_hours AS h (hour, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes,
    response_bytes, duration_us, bins, counts, average_ms, p50_ms, p75_ms, p90_ms, p95_ms, p99_ms, computed_at)
SELECT :hour, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx, request_bytes, response_bytes, duration_us,
    coalesce(bins, '{}'), coalesce(counts, '{}'), duration_us / 1000.0 / nullif(requests, 0),
    sketch_quantile(bins, counts::bigint[], 0.5), sketch_quantile(bins, counts::bigint[], 0.75),
    sketch_quantile(bins, counts::bigint[], 0.9), sketch_quantile(bins, counts::bigint[], 0.95),
    sketch_quantile(bins, counts::bigint[], 0.99), clock_timestamp()
FROM sums
LEFT JOIN sketches USING (endpoint, method)
ORDER BY endpoint, method
ON CONFLICT (hour, endpoint, method) DO UPDATE
SET requests = excluded.requests, status_2xx = excluded.status_2xx, status_3xx = excluded.status_3xx,
    status_4xx = excluded.status_4xx, status_5xx = excluded.status_5xx, request_bytes = excluded.request_bytes,
    response_bytes = excluded.response_bytes, duration_us = excluded.duration_us, bins = excluded.bins, counts = excluded.counts,
    average_ms = excluded.average_ms, p50_ms = excluded.p50_ms, p75_ms = excluded.p75_ms, p90_ms = excluded.p90_ms,
    p95_ms = excluded.p95_ms, p99_ms = excluded.p99_ms, computed_at = excluded.computed_at;
