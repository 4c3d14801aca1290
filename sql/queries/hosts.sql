-- name: read_host_minutes
-- purpose: hosts over time out of their minutes, averaged over steps by PostgreSQL and printed as JSON, so that no more
--   than what is shown leaves the database. Steps stand on the absolute clock; a minute weighs as many samples as it has.
-- params: host text, since timestamptz, until timestamptz, step interval
WITH steps AS (
    SELECT host, date_bin(:step, at, timestamptz '2000-01-01 00:00Z') AS began_at, sum(samples)::int AS samples,
        sum(cpu_percent * samples) / sum(samples) AS cpu_percent,
        sum(memory_mb * samples) / sum(samples) AS memory_mb,
        sum(memory_percent * samples) / sum(samples) AS memory_percent,
        sum(disk_percent * samples) / sum(samples) AS disk_percent,
        sum(load_1m * samples) / sum(samples) AS load_1m,
        avg(network_sent_bytes)::float8 AS network_sent_bytes,
        avg(network_received_bytes)::float8 AS network_received_bytes,
        sum(open_files::float8 * samples) / sum(samples) AS open_files
    FROM host_metrics
    WHERE at >= :since AND at < :until AND (:host IS NULL OR host = :host)
    GROUP BY host, began_at
)
SELECT host, json_agg(json_build_object('at', began_at, 'samples', samples, 'cpu_percent', cpu_percent,
    'memory_mb', memory_mb, 'memory_percent', memory_percent, 'disk_percent', disk_percent, 'load_1m', load_1m,
    'network_sent_bytes', network_sent_bytes, 'network_received_bytes', network_received_bytes,
    'open_files', open_files) ORDER BY began_at)
FROM steps
GROUP BY host
ORDER BY host
LIMIT 100;

-- name: read_host_hours
-- purpose: the same out of the hours, which are kept for ever, for what is longer ago than minutes are kept.
-- params: host text, since timestamptz, until timestamptz, step interval
WITH figures AS (
    SELECT substr(subject, 6) AS host, date_bin(:step, hour, timestamptz '2000-01-01 00:00Z') AS began_at, figure,
        sum(samples)::int AS samples, sum(average * samples) / nullif(sum(samples), 0) AS average
    FROM figure_hours
    WHERE hour >= :since AND hour < :until AND subject LIKE 'host:%' AND (:host IS NULL OR subject = 'host:' || :host)
    GROUP BY subject, began_at, figure
), steps AS (
    SELECT host, began_at, jsonb_build_object('at', began_at, 'samples', max(samples)) || jsonb_object_agg(figure, average) AS point
    FROM figures
    GROUP BY host, began_at
)
SELECT host, json_agg(point ORDER BY began_at)
FROM steps
GROUP BY host
ORDER BY host
LIMIT 100;
