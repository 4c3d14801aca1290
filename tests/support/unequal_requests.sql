-- Minutes, hours and the journal's hours beside the same counted from raw rows: what stands on one side only.
WITH kept AS (
    SELECT 'minute' AS unit, minute AS began, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx,
        request_bytes, response_bytes, duration_us, bins, counts
    FROM request_minutes
    UNION ALL
    SELECT 'hour', hour, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx,
        request_bytes, response_bytes, duration_us, bins, counts
    FROM request_hours
    WHERE requests > 0
), raw AS (
    SELECT unit, date_trunc(unit, at) AS began, sides.endpoint, sides.method, status, request_bytes, response_bytes, duration_us
    FROM request_log
    CROSS JOIN (VALUES ('minute'), ('hour')) AS units (unit)
    CROSS JOIN LATERAL (VALUES (endpoint, method), ('', '')) AS sides (endpoint, method)
    WHERE NOT is_probe
), kept_sums AS (
    SELECT unit, began, endpoint, method, sum(requests), sum(status_2xx), sum(status_3xx), sum(status_4xx), sum(status_5xx),
        sum(request_bytes), sum(response_bytes), sum(duration_us)
    FROM kept GROUP BY unit, began, endpoint, method
), raw_sums AS (
    SELECT unit, began, endpoint, method, count(*)::numeric, (count(*) FILTER (WHERE status BETWEEN 200 AND 299))::numeric,
        (count(*) FILTER (WHERE status BETWEEN 300 AND 399))::numeric,
        (count(*) FILTER (WHERE status BETWEEN 400 AND 499))::numeric, (count(*) FILTER (WHERE status >= 500))::numeric,
        sum(request_bytes), sum(response_bytes), sum(duration_us)
    FROM raw GROUP BY unit, began, endpoint, method
), kept_bins AS (
    SELECT unit, began, endpoint, method, bin, sum(amount)::numeric FROM kept, unnest(bins, counts) AS sketch (bin, amount)
    GROUP BY unit, began, endpoint, method, bin
), raw_bins AS (
    SELECT unit, began, endpoint, method, sketch_bin(duration_us::float8 / 1000), count(*)::numeric
    FROM raw GROUP BY unit, began, endpoint, method, sketch_bin(duration_us::float8 / 1000)
)
SELECT 'kept sums', to_jsonb(s) FROM (TABLE kept_sums EXCEPT TABLE raw_sums) s
UNION ALL SELECT 'raw sums', to_jsonb(s) FROM (TABLE raw_sums EXCEPT TABLE kept_sums) s
UNION ALL SELECT 'kept bins', to_jsonb(s) FROM (TABLE kept_bins EXCEPT TABLE raw_bins) s
UNION ALL SELECT 'raw bins', to_jsonb(s) FROM (TABLE raw_bins EXCEPT TABLE kept_bins) s
UNION ALL
SELECT 'journal', jsonb_build_object('hour', hour, 'kept', kept, 'raw', raw)
FROM (SELECT hour, sum(lines) AS lines, sum(probes) AS probes FROM journal_hours GROUP BY hour) kept
FULL JOIN (
    SELECT date_trunc('hour', at) AS hour, count(*)::numeric AS lines, (count(*) FILTER (WHERE is_probe))::numeric AS probes
    FROM request_log
    GROUP BY 1
) raw USING (hour)
WHERE (kept.lines, kept.probes) IS DISTINCT FROM (raw.lines, raw.probes)
