-- name: store_figures
-- purpose: all figures of a minute in one statement. They are levels: what two collectors measured of one thing, or one
--   before and after its restart, is each as good as the other.
-- params: at timestamptz, subjects text[], figures text[], readings double precision[]
INSERT INTO figures (subject, figure, at, value)
SELECT subject, figure, :at, reading
FROM unnest(:subjects, :figures, :readings) AS noted (subject, figure, reading)
ON CONFLICT (subject, figure, at) DO UPDATE SET value = excluded.value;

-- name: count_growth
-- purpose: add to a minute by how much auth's own counters grew since anybody read them last. Their rows are locked first and
--   the order is written down by `locked`, so that of two collectors the second counts from where the first stood; a
--   reading that is overtaken counts nothing. The first of a source only says where it stands.
-- params: source text, at timestamptz, minute timestamptz, subjects text[], figures text[], totals double precision[]
WITH told AS MATERIALIZED (
    SELECT subject, figure, total FROM unnest(:subjects, :figures, :totals) AS told (subject, figure, total)
), before AS MATERIALIZED (
    SELECT t.subject, t.figure, t.total
    FROM counter_totals t
    WHERE t.source = :source
    ORDER BY t.subject, t.figure
    FOR UPDATE
), locked AS MATERIALIZED (
    SELECT count(*) AS counters FROM before
), now_known AS (
    INSERT INTO counter_totals AS t (source, subject, figure, at, total)
    SELECT :source, subject, figure, :at, total FROM told CROSS JOIN locked ORDER BY subject, figure
    ON CONFLICT (source, subject, figure) DO UPDATE SET at = excluded.at, total = excluded.total
    WHERE t.total <= excluded.total
    RETURNING t.subject, t.figure, t.total
)
INSERT INTO figures AS f (subject, figure, at, value)
SELECT subject, figure, :minute, now_known.total - before.total
FROM before
JOIN now_known USING (subject, figure)
ORDER BY subject, figure
ON CONFLICT (subject, figure, at) DO UPDATE SET value = f.value + excluded.value;

-- name: read_database
-- purpose: what PostgreSQL counts of this database since its statistics began, its connections, and its size.
SELECT
    (SELECT sum(numbackends) FROM pg_stat_database)::float8 AS connections,
    current_setting('max_connections')::float8 AS connections_limit,
    pg_database_size(current_database())::float8 AS size_bytes,
    (xact_commit + xact_rollback)::float8 AS transactions,
    tup_returned::float8 AS rows_read,
    (tup_inserted + tup_updated + tup_deleted)::float8 AS rows_written,
    blks_hit::float8 AS pages_found,
    blks_read::float8 AS pages_fetched
FROM pg_stat_database
WHERE datname = current_database();

-- name: read_last_finish
-- purpose: the last slot of a job that was finished, before the one that runs now; where a job that catches up begins.
-- params: job text
SELECT max(slot) FROM job_runs WHERE job = :job AND finished_at IS NOT NULL;

-- name: roll_up_figures
-- purpose: the hours of all figures, and of the hosts', in one pass over their minutes. Taking an hour again changes only
--   what came late. Returns how many hours were written.
-- params: begins timestamptz, ends timestamptz
WITH minutes AS (
    SELECT subject, figure, at, value FROM figures WHERE at >= :begins AND at < :ends
    UNION ALL
    SELECT 'host:' || host, figure, at, value
    FROM host_metrics
    CROSS JOIN LATERAL (VALUES
        ('cpu_percent', cpu_percent),
        ('memory_mb', memory_mb),
        ('memory_percent', memory_percent),
        ('disk_percent', disk_percent),
        ('load_1m', load_1m),
        ('network_sent_bytes', network_sent_bytes),
        ('network_received_bytes', network_received_bytes),
        ('open_files', open_files)
    ) AS measured (figure, value)
    WHERE at >= :begins AND at < :ends
), written AS (
    INSERT INTO figure_hours AS h (subject, figure, hour, samples, average, lowest, highest)
    SELECT subject, figure, date_trunc('hour', at) AS hour, count(*), avg(value), min(value), max(value)
    FROM minutes
    GROUP BY subject, figure, date_trunc('hour', at)
    ORDER BY subject, figure, hour
    ON CONFLICT (subject, figure, hour) DO UPDATE
    SET samples = excluded.samples, average = excluded.average, lowest = excluded.lowest, highest = excluded.highest
    WHERE (h.samples, h.average, h.lowest, h.highest)
        IS DISTINCT FROM (excluded.samples, excluded.average, excluded.lowest, excluded.highest)
    RETURNING 1
)
SELECT count(*) FROM written;

-- name: roll_up_checks
-- purpose: an hour of every endpoint's checks in one pass: counts, and the times of its answers as a sketch. A check that
--   failed says nothing of how fast answers are. In the order of endpoints, so that two writers never lock one another.
--   Returns how many endpoints were written.
-- params: hour timestamptz
WITH binned AS (
    SELECT endpoint_id, answered.bin,
        count(*) FILTER (WHERE outcome <> 'missed') AS checks,
        count(*) FILTER (WHERE outcome = 'major_outage') AS failed,
        coalesce(sum(slots) FILTER (WHERE outcome = 'missed'), 0) AS missed,
        coalesce(sum(duration_ms) FILTER (WHERE bin IS NOT NULL), 0) AS response_ms
    FROM checks
    CROSS JOIN LATERAL (
        SELECT CASE WHEN outcome IN ('operational', 'degraded') THEN sketch_bin(duration_ms) END AS bin
    ) AS answered
    WHERE slot >= :hour AND slot < :hour + interval '1 hour'
    GROUP BY endpoint_id, answered.bin
), written AS (
    INSERT INTO endpoint_hours AS h (endpoint_id, hour, checks, failed, missed, response_ms_sum, response_bins, response_counts)
    SELECT id, :hour, sum(checks), sum(failed), sum(missed), sum(response_ms),
        coalesce(array_agg(bin ORDER BY bin) FILTER (WHERE bin IS NOT NULL), '{}'),
        coalesce(array_agg(checks ORDER BY bin) FILTER (WHERE bin IS NOT NULL), '{}')
    FROM binned
    JOIN endpoints ON endpoints.id = binned.endpoint_id
    GROUP BY id
    ORDER BY id
    ON CONFLICT (endpoint_id, hour) DO UPDATE
    SET checks = excluded.checks, failed = excluded.failed, missed = excluded.missed,
        response_ms_sum = excluded.response_ms_sum, response_bins = excluded.response_bins,
        response_counts = excluded.response_counts
    WHERE (h.checks, h.missed, h.response_ms_sum) IS DISTINCT FROM (excluded.checks, excluded.missed, excluded.response_ms_sum)
    RETURNING 1
)
SELECT count(*) FROM written;

-- name: measure_responses
-- purpose: each endpoint's average and P95 of 24 hours, as a merge of its hours' sketches: never a scan of checks, never an
--   average of percentiles. Merged endpoint by endpoint: in one grouping of them all the bins spill to disk, and it takes
--   twice as long. Only these columns are this statement's; one without an answer in that time loses its own.
-- params: since timestamptz
INSERT INTO endpoint_figures AS f (endpoint_id, response_avg_24h_ms, response_p95_24h_ms)
SELECT id, average, p95
FROM endpoints
CROSS JOIN LATERAL (
    SELECT sum(response_ms_sum) / nullif(sum(checks - failed), 0) AS average
    FROM endpoint_hours
    WHERE endpoint_id = id AND hour >= :since
) AS answers
CROSS JOIN LATERAL (
    SELECT sketch_quantile(array_agg(bin), array_agg(amounts), 0.95) AS p95
    FROM (
        SELECT bin, sum(amounts)::bigint AS amounts
        FROM endpoint_hours
        CROSS JOIN LATERAL unnest(response_bins, response_counts) AS sketch (bin, amounts)
        WHERE endpoint_id = id AND hour >= :since
        GROUP BY bin
    ) AS merged
) AS percentile
ORDER BY id
ON CONFLICT (endpoint_id) DO UPDATE
SET response_avg_24h_ms = excluded.response_avg_24h_ms, response_p95_24h_ms = excluded.response_p95_24h_ms
WHERE (f.response_avg_24h_ms, f.response_p95_24h_ms)
    IS DISTINCT FROM (excluded.response_avg_24h_ms, excluded.response_p95_24h_ms);

-- name: read_collecting
-- purpose: how old the newest of all that collectors write is: a heartbeat, a minute of a host, a minute of figures. Days
--   before yesterday are not looked at.
SELECT
    (SELECT extract(epoch FROM now() - max(seen_at))::float8 FROM collectors),
    (SELECT extract(epoch FROM now() - max(at))::float8 FROM host_metrics WHERE at > now() - interval '1 day'),
    (SELECT extract(epoch FROM now() - max(at))::float8 FROM figures WHERE at > now() - interval '1 day');

-- name: count_sign_ins
-- purpose: the sign-ins of 24 hours, and those among them of which their account knows nothing.
SELECT count(*), count(*) FILTER (WHERE last_login_at IS NULL OR last_login_at < sessions.created_at - interval '1 minute')
FROM sessions
JOIN app_users ON app_users.id = sessions.user_id
WHERE sessions.created_at > now() - interval '1 day';

-- name: read_event_total
-- purpose: how often something happened in all, to compare with what /metrics tells of it.
-- params: event text
SELECT coalesce(sum(total), 0)::bigint FROM event_totals WHERE event = :event;

-- name: read_error_rate
-- purpose: how long ago a journal was looked at last, how far it was read then, and the requests and errors of an hour.
WITH latest AS (
    SELECT extract(epoch FROM now() - seen_at)::float8 AS age, lag_seconds FROM journal_states ORDER BY seen_at DESC LIMIT 1
)
SELECT (SELECT age FROM latest), (SELECT lag_seconds FROM latest), coalesce(sum(requests), 0)::bigint,
    coalesce(sum(status_5xx), 0)::bigint
FROM request_minutes
WHERE minute > now() - interval '1 hour' AND minute <= now() AND endpoint = '' AND method = '';
