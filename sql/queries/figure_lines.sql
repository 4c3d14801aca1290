-- name: read_subject_minutes
-- purpose: every subject's figures over time, the means of each step, as JSON and in one round trip.
-- params: since timestamptz, until timestamptz, step interval
WITH steps AS (
    SELECT subject, figure, date_bin(:step, at, timestamptz 'epoch') AS step, avg(value) AS value
    FROM figures
    WHERE at >= :since AND at < :until
    GROUP BY subject, figure, step
), points AS (
    SELECT subject, step, jsonb_object_agg(figure, round(value::numeric, 3)) AS told
    FROM steps
    GROUP BY subject, step
)
SELECT subject, jsonb_agg(told || jsonb_build_object('at', extract(epoch FROM step)) ORDER BY step)
FROM points
GROUP BY subject
ORDER BY subject;

-- name: read_subject_hours
-- purpose: the same from the hours, which are kept for ever; hosts' own have a statement of theirs.
-- params: since timestamptz, until timestamptz, step interval
WITH steps AS (
    SELECT subject, figure, date_bin(:step, hour, timestamptz 'epoch') AS step,
        sum(average * samples) / nullif(sum(samples), 0) AS value
    FROM figure_hours
    WHERE hour >= :since AND hour < :until AND subject NOT LIKE 'host:%'
    GROUP BY subject, figure, step
), points AS (
    SELECT subject, step, jsonb_object_agg(figure, round(value::numeric, 3)) AS told
    FROM steps
    GROUP BY subject, step
)
SELECT subject, jsonb_agg(told || jsonb_build_object('at', extract(epoch FROM step)) ORDER BY step)
FROM points
GROUP BY subject
ORDER BY subject;

-- name: read_request_minutes
-- purpose: requests over time, from the totals of whole minutes: how many a minute, their average time and P95, by steps.
-- params: since timestamptz, until timestamptz, step interval
WITH bounds AS MATERIALIZED (
    SELECT date_trunc('minute', :since) + interval '1 minute' AS begins, date_trunc('minute', :until) AS ends
), minutes AS MATERIALIZED (
    SELECT date_bin(:step, minute, timestamptz 'epoch') AS step, requests, status_4xx, status_5xx, duration_us, bins, counts
    FROM bounds
    CROSS JOIN request_minutes
    WHERE minute >= begins AND minute < ends AND endpoint = '' AND method = ''
), sums AS (
    SELECT step, sum(requests) AS requests, sum(status_4xx) AS client_errors, sum(status_5xx) AS errors,
        sum(duration_us) / 1000.0 / sum(requests) AS average_ms,
        extract(epoch FROM least(step + :step, ends) - greatest(step, begins)) / 60 AS minutes
    FROM minutes
    CROSS JOIN bounds
    GROUP BY step, begins, ends
), sketches AS (
    SELECT step, sketch_quantile(array_agg(bin), array_agg(amounts), 0.95) AS p95_ms
    FROM (
        SELECT step, bin, sum(amounts)::bigint AS amounts
        FROM minutes
        CROSS JOIN LATERAL unnest(bins, counts) AS sketch (bin, amounts)
        GROUP BY step, bin
    ) AS merged
    GROUP BY step
)
SELECT extract(epoch FROM step)::float8, round(requests / minutes, 3)::float8, round(client_errors / minutes, 3)::float8,
    round(errors / minutes, 3)::float8, round(average_ms, 3)::float8, round(p95_ms::numeric, 3)::float8
FROM sums
LEFT JOIN sketches USING (step)
ORDER BY step;

-- name: read_request_hours
-- purpose: the same from the hours, which are kept for ever; each that is closed has a total, also when nobody asked.
-- params: since timestamptz, until timestamptz, step interval
WITH hours AS MATERIALIZED (
    SELECT date_bin(:step, hour, timestamptz 'epoch') AS step, requests, status_4xx, status_5xx, duration_us, bins, counts
    FROM request_hours
    WHERE hour >= :since AND hour < :until AND endpoint = '' AND method = ''
), sums AS (
    SELECT step, sum(requests) AS requests, sum(status_4xx) AS client_errors, sum(status_5xx) AS errors,
        sum(duration_us) / 1000.0 / nullif(sum(requests), 0) AS average_ms, 60 * count(*) AS minutes
    FROM hours
    GROUP BY step
), sketches AS (
    SELECT step, sketch_quantile(array_agg(bin), array_agg(amounts), 0.95) AS p95_ms
    FROM (
        SELECT step, bin, sum(amounts)::bigint AS amounts
        FROM hours
        CROSS JOIN LATERAL unnest(bins, counts) AS sketch (bin, amounts)
        GROUP BY step, bin
    ) AS merged
    GROUP BY step
)
SELECT extract(epoch FROM step)::float8, round(requests / minutes, 3)::float8, round(client_errors / minutes, 3)::float8,
    round(errors / minutes, 3)::float8, round(average_ms, 3)::float8, round(p95_ms::numeric, 3)::float8
FROM sums
LEFT JOIN sketches USING (step)
ORDER BY step;
