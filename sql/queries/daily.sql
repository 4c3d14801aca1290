-- name: store_daily_figures
-- purpose: the house's day in numbers, from what is kept of it; asked again, it replaces what has changed. Sign-ins are
--   known for a day and no longer: of an older day `logins` and `active` stay as they are. Returns how many figures
--   were found.
-- params: day date
WITH span AS MATERIALIZED (
    SELECT :day AS day, :day::timestamp AT TIME ZONE 'UTC' AS begins, (:day + 1)::timestamp AT TIME ZONE 'UTC' AS ends
), sign_ins AS MATERIALIZED (
    SELECT user_id FROM sessions, span WHERE created_at >= begins AND created_at < ends
), actions AS MATERIALIZED (
    SELECT user_id, action, count(*) AS times FROM usage_stats, span WHERE at >= begins AND at < ends GROUP BY user_id, action
), requests AS MATERIALIZED (
    SELECT totals.*
    FROM span
    CROSS JOIN LATERAL requests_between(begins, ends) AS totals
    WHERE endpoint = '' AND method = ''
), request_times AS (
    SELECT sketch_quantile(array_agg(bin), array_agg(amounts), 0.95) AS p95
    FROM (
        SELECT bin, sum(amounts)::bigint AS amounts
        FROM requests
        CROSS JOIN LATERAL unnest(bins, counts) AS sketch (bin, amounts)
        GROUP BY bin
    ) AS merged
), days AS MATERIALIZED (
    SELECT endpoint_id, operational_seconds + degraded_seconds AS up, down_seconds AS down
    FROM endpoint_days, span
    WHERE endpoint_days.day = span.day
), found (figure, subject, value) AS (
    SELECT 'users', '', count(*) FROM app_users, span WHERE created_at < ends
    UNION ALL
    SELECT 'registrations', '', count(*) FROM app_users, span WHERE created_at >= begins AND created_at < ends
    UNION ALL
    SELECT figure, '', value
    FROM span
    CROSS JOIN LATERAL (VALUES
        ('logins', (SELECT count(*) FROM sign_ins)),
        ('active', (SELECT count(*) FROM (SELECT user_id FROM sign_ins UNION SELECT user_id FROM actions) AS somebody))
    ) AS people (figure, value)
    WHERE day >= current_date - 1
    UNION ALL
    SELECT 'loans', '', count(*) FROM loans, span WHERE borrowed_at >= begins AND borrowed_at < ends
    UNION ALL
    SELECT 'returns', '', count(*) FROM loans, span WHERE returned_at >= begins AND returned_at < ends
    UNION ALL
    SELECT 'overdue', '', count(*)
    FROM span
    JOIN (
        SELECT overdue_at FROM loans WHERE returned_at IS NULL
        UNION ALL
        SELECT overdue_at FROM loans, span WHERE returned_at >= ends
    ) AS open ON overdue_at < ends
    UNION ALL
    SELECT 'resources', '', count(*) FROM resources, span WHERE created_at < ends
    UNION ALL
    SELECT 'actions', action, sum(times) FROM actions GROUP BY action
    UNION ALL
    SELECT figure, '', value
    FROM (
        SELECT sum(requests) AS requests, sum(status_5xx) AS errors, sum(status_4xx) AS client_errors,
            sum(duration_us) / 1000.0 / nullif(sum(requests), 0) AS average_ms
        FROM requests
    ) AS summed
    CROSS JOIN LATERAL (VALUES
        ('requests', requests), ('errors', errors), ('client_errors', client_errors), ('response_avg_ms', average_ms)
    ) AS told (figure, value)
    UNION ALL
    SELECT 'response_p95_ms', '', p95 FROM request_times
    UNION ALL
    SELECT figure, '', value
    FROM (
        SELECT sum(checks) AS checks, sum(failed) AS failed, sum(missed) AS missed
        FROM endpoint_hours, span
        WHERE hour >= begins AND hour < ends
    ) AS summed
    CROSS JOIN LATERAL (VALUES ('checks', checks), ('checks_failed', failed), ('slots_missed', missed)) AS told (figure, value)
    UNION ALL
    SELECT 'uptime', 'endpoint:' || endpoint_id, 100 * up / nullif(up + down, 0) FROM days
    UNION ALL
    SELECT 'uptime', '', 100 * sum(up) / nullif(sum(up + down), 0) FROM days
    UNION ALL
    SELECT figure, subject, value
    FROM (
        SELECT 'host:' || host AS subject, sum(cpu_percent * samples) / sum(samples) AS cpu,
            sum(memory_percent * samples) / sum(samples) AS memory, sum(disk_percent * samples) / sum(samples) AS disk,
            sum(load_1m * samples) / sum(samples) AS load
        FROM host_metrics, span
        WHERE at >= begins AND at < ends
        GROUP BY host
    ) AS hosts
    CROSS JOIN LATERAL (VALUES
        ('cpu_percent', cpu), ('memory_percent', memory), ('disk_percent', disk), ('load_1m', load)
    ) AS told (figure, value)
    UNION ALL
    SELECT 'incidents', '', count(*) FROM incidents, span WHERE started_at >= begins AND started_at < ends
    UNION ALL
    SELECT 'alerts', '', count(*) FROM alerts, span WHERE opened_at >= begins AND opened_at < ends
), written AS (
    INSERT INTO daily_figures AS d (day, figure, subject, value)
    SELECT :day, figure, subject, value FROM found WHERE value IS NOT NULL
    ON CONFLICT (day, figure, subject) DO UPDATE SET value = excluded.value WHERE d.value <> excluded.value
)
SELECT count(*) FROM found WHERE value IS NOT NULL;

-- name: read_first_day
-- purpose: the day the house has its first person from: there is nothing to tell of the days before.
SELECT min(created_at)::date FROM app_users;

-- name: read_daily_figures
-- purpose: a day as it is stored, with the names that endpoints have now.
-- params: day date
SELECT figure, coalesce(name, subject) AS subject, value
FROM daily_figures
LEFT JOIN endpoints ON subject = 'endpoint:' || id
WHERE day = :day AND figure <> 'report_mails'
ORDER BY figure, subject;

-- name: queue_report
-- purpose: a day's report is mailed once, whoever asks how often: the note that it was goes with the mails. Returns the
--   mails queued.
-- params: day date, recipients text[], subject text, body text
WITH noted AS (
    INSERT INTO daily_figures (day, figure, subject, value)
    VALUES (:day, 'report_mails', '', cardinality(:recipients))
    ON CONFLICT (day, figure, subject) DO NOTHING
    RETURNING 1
), queued AS (
    INSERT INTO outbox (channel, recipient, subject, body)
    SELECT 'mail', recipient, :subject, :body FROM noted CROSS JOIN unnest(:recipients) AS recipient
    RETURNING id
)
SELECT id, pg_notify('outbox', '') FROM queued;
