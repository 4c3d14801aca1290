-- name: read_kin
-- purpose: endpoints and all they hang under, with what is known of each: its state while evidence of it holds, when it
--   was last looked at, and whether it is watched. A circle of parents ends by UNION, which takes each only once.
-- params: endpoint_ids bigint[], moment timestamptz
WITH RECURSIVE kin AS (
    SELECT id, parent_id, is_enabled FROM endpoints WHERE id = ANY (:endpoint_ids)
    UNION
    SELECT parent.id, parent.parent_id, parent.is_enabled FROM kin JOIN endpoints parent ON parent.id = kin.parent_id
)
SELECT kin.id, kin.parent_id, s.state, s.last_checked_at, kin.is_enabled
FROM kin
LEFT JOIN endpoint_states s ON s.endpoint_id = kin.id AND s.valid_until > :moment AND kin.is_enabled;

-- name: list_current_plans
-- purpose: the maintenance that may cover a moment; whether it does is for the rule of its recurrence to say.
-- params: moment timestamptz
SELECT m.id, m.starts_at, m.ends_at, m.rrule, m.timezone, m.repeats_until,
    CASE WHEN m.is_for_all THEN NULL ELSE array(
        SELECT p.endpoint_id FROM maintenance_endpoints p WHERE p.maintenance_id = m.id
    ) END
FROM maintenance m
WHERE m.starts_at <= :moment AND (m.ends_at > :moment OR m.rrule IS NOT NULL)
    AND (m.repeats_until IS NULL OR m.repeats_until > :moment);

-- name: lock_work
-- purpose: one at a time over all collectors, so that nothing is told twice; ends with the transaction. Till then statements are
--   planned each time: a plan made while there were a few alerts takes a hundred times as long when 10,000 locks fall silent.
-- params: work text
SELECT pg_advisory_xact_lock(hashtext('watchhouse ' || :work)), set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: open_alerts
-- purpose: an alert for each broken rule (a JSON array of findings) whose subject has none that is open; the constraint lets
--   one in. Returns what was opened.
-- params: findings jsonb, moment timestamptz
INSERT INTO alerts (rule, subject, endpoint_id, device_id, severity, value, threshold, message, is_silenced, opened_at)
SELECT rule, subject, endpoint_id, device_id, severity, value, threshold, message, is_silenced, coalesce(began_at, :moment)
FROM jsonb_to_recordset(:findings) AS (rule text, subject text, endpoint_id bigint, device_id uuid, severity text,
    value double precision, threshold double precision, message text, is_silenced boolean, began_at timestamptz)
ORDER BY rule, subject
ON CONFLICT (rule, subject) WHERE resolved_at IS NULL DO NOTHING
RETURNING rule, subject, message, device_id, opened_at, is_silenced;

-- name: refresh_alerts
-- purpose: what open alerts say now. One that was silenced and no longer is comes back as a row, since nobody has been told;
--   what was told once never becomes silent again, so that its end is told, too.
-- params: findings jsonb, moment timestamptz
WITH found AS (
    SELECT f.*, a.id, a.is_silenced AND NOT f.is_silenced AS is_news
    FROM jsonb_to_recordset(:findings) AS f (rule text, subject text, severity text, value double precision,
        threshold double precision, message text, is_silenced boolean)
    JOIN alerts a ON a.rule = f.rule AND a.subject = f.subject AND a.resolved_at IS NULL
)
UPDATE alerts AS a
SET severity = found.severity, value = found.value, threshold = found.threshold, message = found.message,
    is_silenced = a.is_silenced AND found.is_silenced,
    reminded_at = CASE WHEN found.is_news THEN :moment ELSE a.reminded_at END
FROM found
WHERE a.id = found.id AND a.resolved_at IS NULL
    AND (found.is_news OR (a.severity, a.value, a.threshold, a.message)
        IS DISTINCT FROM (found.severity, found.value, found.threshold, found.message))
RETURNING a.rule, a.subject, a.message, a.device_id, a.opened_at, found.is_news;

-- name: resolve_alerts
-- purpose: the open alerts whose rule holds again (a JSON array of `rule`, `subject`, `message`). Whether people were told of
--   them says whether they are to be told of the end.
-- params: findings jsonb, moment timestamptz
UPDATE alerts AS a
SET resolved_at = greatest(coalesce(f.ended_at, :moment), a.opened_at)
FROM jsonb_to_recordset(:findings) AS f (rule text, subject text, message text, ended_at timestamptz)
WHERE a.rule = f.rule AND a.subject = f.subject AND a.resolved_at IS NULL
RETURNING a.rule, a.subject, f.message, a.device_id, a.opened_at, a.resolved_at, a.is_silenced;

-- name: remind_alerts
-- purpose: the alerts that last, people were told of and not again since, but for those of silenced endpoints, those that
--   somebody took note of, and those that somebody resolves at this moment: waiting for them might be a deadlock.
-- params: moment timestamptz, every interval, silenced bigint[]
WITH due AS MATERIALIZED (
    SELECT id
    FROM alerts
    WHERE resolved_at IS NULL AND acknowledged_at IS NULL AND NOT is_silenced
        AND coalesce(reminded_at, opened_at) <= :moment - :every
        AND (endpoint_id IS NULL OR NOT endpoint_id = ANY (:silenced))
    FOR UPDATE SKIP LOCKED
)
UPDATE alerts AS a
SET reminded_at = :moment
FROM due
WHERE a.id = due.id
RETURNING a.rule, a.subject, a.message, a.device_id, a.opened_at;

-- name: count_day_of_alerts
-- purpose: how many alerts of a rule a device has had within a day, where they are many.
-- params: device_ids uuid[], least int
SELECT device_id::text, rule, count(*)
FROM alerts
WHERE device_id = ANY (:device_ids) AND opened_at > now() - interval '1 day'
GROUP BY device_id, rule
HAVING count(*) >= :least;

-- name: queue_owner_mails
-- purpose: mails (a JSON array of `device_id`, `subject`, `body`) to the owners of devices, in the transaction of their cause;
--   to nobody whose address is not proved to be theirs. Their addresses are never read here.
-- params: mails jsonb
WITH queued AS (
    INSERT INTO outbox (channel, recipient, subject, body)
    SELECT 'mail', owner.email, m.subject, m.body
    FROM ROWS FROM (jsonb_to_recordset(:mails) AS (device_id uuid, subject text, body text)) WITH ORDINALITY
        AS m (device_id, subject, body, place)
    CROSS JOIN LATERAL find_owner_email(m.device_id) AS owner (email)
    WHERE owner.email IS NOT NULL
    ORDER BY m.place
    RETURNING id
)
SELECT count(*), pg_notify('outbox', '') FROM queued HAVING count(*) > 0;

-- name: list_alerting_endpoints
-- purpose: endpoints with an alert that is open.
SELECT DISTINCT endpoint_id FROM alerts WHERE resolved_at IS NULL AND endpoint_id IS NOT NULL;

-- name: read_answer_times
-- purpose: how many checks of an endpoint were answered of late, and the time within which 95 % of them were.
-- params: since timestamptz, moment timestamptz
SELECT e.id, e.name, e.is_enabled, e.degraded_after_ms, count(c.duration_ms), percentile_disc(0.95) WITHIN GROUP (ORDER BY c.duration_ms)
FROM endpoints e
LEFT JOIN checks c ON c.endpoint_id = e.id AND c.slot > :since AND c.slot <= :moment AND c.outcome IN ('operational', 'degraded')
GROUP BY e.id;

-- name: read_certificates
-- purpose: when the certificates end that endpoints showed, and of endpoints that have an alert of one.
SELECT e.id, e.name, e.is_enabled, s.certificate_expires_at
FROM endpoints e
JOIN endpoint_states s ON s.endpoint_id = e.id
WHERE s.certificate_expires_at IS NOT NULL OR EXISTS (
    SELECT FROM alerts a WHERE a.rule = 'certificate' AND a.subject = 'endpoint:' || e.id AND a.resolved_at IS NULL
);

-- name: read_request_counts
-- purpose: the requests of late and those that failed, from the totals of the minutes; null where nobody counted: of a house
--   that nobody asks, its journal is read all the same.
-- params: since timestamptz, moment timestamptz
SELECT CASE WHEN count(*) > 0 OR EXISTS (SELECT FROM journal_states WHERE seen_at > :since) THEN coalesce(sum(requests), 0)::bigint END,
    coalesce(sum(status_5xx), 0)::bigint
FROM request_minutes
WHERE minute > :since AND minute <= :moment AND endpoint = '' AND method = '';

-- name: read_request_audits
-- purpose: what the hours since a moment came to by each way of counting, and older ones that were found to differ since then:
--   lines may come days late.
-- params: since timestamptz
SELECT hour, journal_lines, raw_rows, route_requests, total_requests
FROM request_audits
WHERE hour >= :since OR (audited_at >= :since AND NOT is_equal)
ORDER BY hour;

-- name: read_journals
-- purpose: how the journal of each host stands: the age of its oldest line that is not stored, as far as is known by now; how
--   long nobody has looked; what was lost, and how long ago. Null for one with an alert that is not known any more.
-- params: moment timestamptz
WITH alerting AS (
    SELECT DISTINCT substr(subject, 6) AS host FROM alerts WHERE resolved_at IS NULL AND rule IN ('journal_lag', 'requests_lost')
)
SELECT coalesce(s.host, alerting.host), s.lag_seconds, extract(epoch FROM :moment - s.seen_at)::float8,
    s.lost_to_errors + s.lost_to_cap, extract(epoch FROM :moment - s.lost_at)::float8
FROM journal_states s
FULL JOIN alerting ON alerting.host = s.host
ORDER BY 1;

-- name: read_host_loads
-- purpose: how many minutes of a host there are of late, with the lowest and the highest of each figure; and how long it is
--   since the last, also of hosts that have an alert and sent nothing for a day.
-- params: since timestamptz, moment timestamptz
WITH late AS (
    SELECT host, max(at) AS last_at, count(*) FILTER (WHERE at > :since) AS minutes,
        min(cpu_percent) FILTER (WHERE at > :since) AS cpu_low, max(cpu_percent) FILTER (WHERE at > :since) AS cpu_high,
        min(memory_percent) FILTER (WHERE at > :since) AS memory_low, max(memory_percent) FILTER (WHERE at > :since) AS memory_high,
        min(disk_percent) FILTER (WHERE at > :since) AS disk_low, max(disk_percent) FILTER (WHERE at > :since) AS disk_high
    FROM host_metrics
    WHERE at > :moment - interval '1 day' AND at <= :moment
    GROUP BY host
), alerting AS (
    SELECT DISTINCT substr(subject, 6) AS host FROM alerts WHERE resolved_at IS NULL AND rule IN ('cpu', 'memory', 'disk')
)
SELECT coalesce(late.host, alerting.host), late.last_at IS NULL, coalesce(late.minutes, 0), cpu_low, cpu_high, memory_low, memory_high,
    disk_low, disk_high
FROM late
FULL JOIN alerting ON alerting.host = late.host;

-- name: read_collector_silences
-- purpose: for how long each collector has said nothing; null for one with an alert that is not known any more.
-- params: moment timestamptz
SELECT coalesce(c.name, substr(a.subject, 11)), extract(epoch FROM :moment - c.seen_at)::float8
FROM collectors c
FULL JOIN (SELECT subject FROM alerts WHERE rule = 'collector_silent' AND resolved_at IS NULL) a
    ON a.subject = 'collector:' || c.name;

-- name: read_services
-- purpose: how the services fare that this house leans on; a channel only while it is switched on.
-- params: moment timestamptz
SELECT s.service, s.is_up, s.error, extract(epoch FROM :moment - s.checked_at)::float8,
    extract(epoch FROM :moment - s.succeeded_at)::float8,
    NOT starts_with(s.service, 'channel:') OR EXISTS (
        SELECT FROM channels c WHERE c.is_enabled AND 'channel:' || c.name = s.service
    )
FROM service_states s;

-- name: call_followers
-- purpose: a change of state may end the silence of others: whoever follows outages is woken when this commits.
SELECT pg_notify('outages', '');
