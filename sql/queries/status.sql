-- name: read_status
-- purpose: all that the status page says of services, incidents and plans, in one round trip and as JSON made by the
--   server: 500 services as rows of a driver cost several times as much. Only what is public leaves; a state counts as
--   far as its evidence reaches, figures while they are measured.
SELECT json_build_object(
    'now', now(),
    'look', (SELECT to_json(p) FROM status_page p),
    'services', (
        SELECT coalesce(json_agg(s), '[]') FROM (
            SELECT e.id, e.name, e.group_name,
                CASE WHEN st.valid_until >= now() THEN st.state ELSE 'unknown' END AS state,
                CASE WHEN st.valid_until >= now() THEN st.since ELSE st.valid_until END AS since,
                st.last_checked_at, st.last_duration_ms, f.response_avg_24h_ms, f.response_p95_24h_ms,
                CASE WHEN f.measured_at > now() - interval '10 minutes'
                    THEN json_build_array(f.uptime_24h, f.uptime_7d, f.uptime_30d, f.uptime_90d) END AS uptime,
                CASE WHEN f.measured_at > now() - interval '10 minutes'
                    THEN json_build_array(f.coverage_24h, f.coverage_7d, f.coverage_30d, f.coverage_90d) END AS coverage,
                f.days, (now()::date - f.measured_at::date) AS days_ago
            FROM endpoints e
            LEFT JOIN endpoint_states st ON st.endpoint_id = e.id
            LEFT JOIN endpoint_figures f ON f.endpoint_id = e.id
            WHERE e.is_enabled AND e.is_public
            ORDER BY e.position, e.name
        ) s
    ),
    'incidents', (
        SELECT coalesce(json_agg(i), '[]') FROM (
            SELECT i.id, i.title, i.status, i.impact, i.started_at, i.resolved_at, concerned.names AS services, written.updates
            FROM visible_incidents(false) i
            CROSS JOIN LATERAL (
                SELECT coalesce(json_agg(e.name ORDER BY e.position, e.name), '[]') AS names
                FROM incident_endpoints ie
                JOIN endpoints e ON e.id = ie.endpoint_id
                WHERE ie.incident_id = i.id AND e.is_public
            ) concerned
            CROSS JOIN LATERAL (
                SELECT coalesce(json_agg(u ORDER BY u.id DESC), '[]') AS updates FROM (
                    SELECT u.id, u.status, u.message, u.created_at FROM incident_updates u
                    WHERE u.incident_id = i.id ORDER BY u.id DESC LIMIT 30
                ) u
            ) written
            WHERE (i.resolved_at IS NULL OR i.resolved_at > now() - interval '14 days')
            ORDER BY i.resolved_at IS NOT NULL, i.started_at DESC, i.id DESC
            LIMIT 100
        ) i
    ),
    'plans', (
        SELECT coalesce(json_agg(m), '[]') FROM (
            SELECT m.id, m.title, m.description, m.starts_at, m.ends_at, m.rrule, m.timezone, m.repeats_until, m.is_for_all,
                m.updated_at,
                (SELECT coalesce(json_agg(e.id ORDER BY e.position, e.name), '[]')
                 FROM maintenance_endpoints me JOIN endpoints e ON e.id = me.endpoint_id
                 WHERE me.maintenance_id = m.id AND e.is_public AND e.is_enabled) AS endpoint_ids
            FROM maintenance m
            WHERE (m.rrule IS NOT NULL AND coalesce(m.repeats_until, 'infinity') > now() - interval '1 day')
                OR m.ends_at > now() - interval '1 day'
            ORDER BY m.starts_at, m.id
        ) m
    )
)::text;

-- name: read_status_series
-- purpose: the last day in steps of ten minutes from `since` on, as JSON. Time up and down comes as spans grouped by the
--   steps they begin and end in, so that its size is bounded by the steps, however many endpoints there are; planned
--   maintenance, an array for each of endpoint, begin and end, is cut out of them.
-- params: since timestamptz, planned bigint[], begins timestamptz[], ends timestamptz[]
WITH planned AS (
    SELECT endpoint_id, range_agg(tstzrange(begins_at, ends_at)) AS spans
    FROM unnest(:planned, :begins, :ends) AS p (endpoint_id, begins_at, ends_at)
    GROUP BY endpoint_id
), watched AS (
    SELECT i.state <> 'major_outage' AS is_up,
        unnest(
            tstzmultirange(
                tstzrange(greatest(i.began_at, :since), least(coalesce(i.ended_at, st.valid_until), now()))
            ) - coalesce(p.spans, '{}')
        ) AS span
    FROM state_intervals i
    JOIN endpoints e ON e.id = i.endpoint_id AND e.is_enabled AND e.is_public
    JOIN endpoint_states st ON st.endpoint_id = i.endpoint_id
    LEFT JOIN planned p ON p.endpoint_id = i.endpoint_id
    WHERE i.state <> 'unknown' AND (i.ended_at IS NULL OR i.ended_at > :since)
        AND greatest(i.began_at, :since) < least(coalesce(i.ended_at, st.valid_until), now())
), placed AS (
    SELECT is_up, date_part('epoch', lower(span) - :since) AS begins, date_part('epoch', upper(span) - :since) AS ends
    FROM watched
)
SELECT json_build_object(
    'watched', (
        SELECT coalesce(json_agg(json_build_array(is_up, first, last, spans, begins, ends)), '[]') FROM (
            SELECT is_up, floor(begins / 600)::int AS first, floor(ends / 600)::int AS last, count(*) AS spans,
                sum(begins - floor(begins / 600) * 600) AS begins, sum(ends - floor(ends / 600) * 600) AS ends
            FROM placed GROUP BY 1, 2, 3
        ) w
    ),
    'requests', (
        SELECT coalesce(json_agg(json_build_array(step, requests, errors, seconds)), '[]') FROM (
            SELECT floor(date_part('epoch', minute - :since) / 600)::int AS step, sum(requests) AS requests,
                sum(status_5xx) AS errors, sum(duration_us) / 1e6 AS seconds
            FROM request_minutes
            WHERE minute >= :since AND minute <= now() AND endpoint = '' AND method = ''
            GROUP BY 1
        ) r
    ),
    'hosts', (
        SELECT coalesce(json_agg(json_build_array(step, samples, cpu, memory)), '[]') FROM (
            SELECT floor(date_part('epoch', at - :since) / 600)::int AS step, sum(samples) AS samples,
                sum(cpu_percent * samples) AS cpu, sum(memory_percent * samples) AS memory
            FROM host_metrics
            WHERE at >= :since AND at <= now()
            GROUP BY 1
        ) h
    )
)::text;
