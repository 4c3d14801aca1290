-- name: measure_fleet
-- purpose: the fleet at a glance in one row, for the metrics: locks by state, how many are within each bound of battery and of
--   silence with the sums of both, open security alerts by kind, and dead letters of the last hour. Bounds are given in
--   order; a lock without a figure is in none of its buckets.
-- params: batteries int[], ages double precision[]
WITH locks AS MATERIALIZED (
    SELECT d.status = 'ACTIVE' AS is_active, is_online_now(s.is_online, s.last_seen_at) AS is_online, s.is_locked, s.is_jammed,
        s.is_battery_low, s.battery_level, extract(epoch FROM now() - s.last_seen_at)::float8 AS age
    FROM devices d
    JOIN device_states s ON s.device_id = d.id
    WHERE d.deleted_at IS NULL
), counted AS (
    SELECT count(*) FILTER (WHERE is_online) AS online, count(*) FILTER (WHERE NOT is_online) AS offline,
        count(*) FILTER (WHERE is_locked) AS locked, count(*) FILTER (WHERE NOT is_locked) AS unlocked,
        count(*) FILTER (WHERE is_jammed) AS jammed, count(*) FILTER (WHERE is_battery_low) AS battery_low,
        count(*) FILTER (WHERE NOT is_active) AS inactive,
        count(battery_level) AS batteries, coalesce(sum(battery_level), 0)::float8 AS battery_sum,
        count(age) AS ages, coalesce(sum(greatest(age, 0)), 0)::float8 AS age_sum
    FROM locks
), battery_buckets AS (
    SELECT width_bucket(battery_level - 0.5, :batteries::numeric[]) AS bucket, count(*) AS locks
    FROM locks
    WHERE battery_level IS NOT NULL
    GROUP BY 1
), age_buckets AS (
    SELECT width_bucket(age, :ages) AS bucket, count(*) AS locks FROM locks WHERE age IS NOT NULL GROUP BY 1
)
SELECT jsonb_build_object('online', online, 'offline', offline, 'locked', locked, 'unlocked', unlocked, 'jammed', jammed,
        'battery_low', battery_low, 'inactive', inactive),
    (SELECT coalesce(jsonb_object_agg(bucket, locks), '{}') FROM battery_buckets), batteries, battery_sum,
    (SELECT coalesce(jsonb_object_agg(bucket, locks), '{}') FROM age_buckets), ages, age_sum,
    (
        SELECT coalesce(jsonb_object_agg(rule, alerts), '{}')
        FROM (
            SELECT rule, count(*) AS alerts
            FROM alerts
            WHERE resolved_at IS NULL AND (device_id IS NOT NULL OR rule = 'login_brute_force')
            GROUP BY rule
        ) AS open
    ),
    (SELECT count(*) FROM dead_letters WHERE received_at > now() - interval '1 hour')
FROM counted;
