-- name: beat_collector
-- purpose: this collector is alive; auth and the others look at the age of `seen_at`.
-- params: name text, host text, started_at timestamptz
INSERT INTO collectors (name, host, started_at, seen_at)
VALUES (:name, :host, :started_at, now())
ON CONFLICT (name) DO UPDATE SET host = excluded.host, started_at = excluded.started_at, seen_at = now();

-- name: delete_silent_collectors
-- purpose: a collector that has been silent for so long is history. Returns how many there were.
-- params: keep interval
WITH silent AS (
    DELETE FROM collectors WHERE seen_at < now() - :keep RETURNING 1
)
SELECT count(*) FROM silent;

-- name: store_service_state
-- purpose: what the last try of a service said; failures are counted over all collectors.
-- params: service text, is_up boolean, latency_seconds double precision, error text
INSERT INTO service_states AS s (service, is_up, latency_seconds, error, checked_at, succeeded_at, failures)
VALUES (:service, :is_up, :latency_seconds, :error, now(), CASE WHEN :is_up THEN now() END, CASE WHEN :is_up THEN 0 ELSE 1 END)
ON CONFLICT (service) DO UPDATE
SET is_up = excluded.is_up, latency_seconds = excluded.latency_seconds, error = excluded.error,
    checked_at = excluded.checked_at, succeeded_at = coalesce(excluded.succeeded_at, s.succeeded_at),
    failures = s.failures + excluded.failures;

-- name: store_host_metric
-- purpose: a minute of a host. A collector that starts again within the minute adds its samples to the mean.
-- params: host text, at timestamptz, samples int, cpu_percent double precision, memory_mb double precision, memory_percent double precision, disk_percent double precision, load_1m double precision, network_sent_bytes bigint, network_received_bytes bigint, open_files int
INSERT INTO host_metrics AS h (host, at, samples, cpu_percent, memory_mb, memory_percent, disk_percent, load_1m,
    network_sent_bytes, network_received_bytes, open_files)
VALUES (:host, :at, :samples, :cpu_percent, :memory_mb, :memory_percent, :disk_percent, :load_1m,
    :network_sent_bytes, :network_received_bytes, :open_files)
ON CONFLICT (host, at) DO UPDATE
SET samples = h.samples + excluded.samples,
    cpu_percent = (h.cpu_percent * h.samples + excluded.cpu_percent * excluded.samples) / (h.samples + excluded.samples),
    memory_mb = (h.memory_mb * h.samples + excluded.memory_mb * excluded.samples) / (h.samples + excluded.samples),
    memory_percent = (h.memory_percent * h.samples + excluded.memory_percent * excluded.samples) / (h.samples + excluded.samples),
    disk_percent = (h.disk_percent * h.samples + excluded.disk_percent * excluded.samples) / (h.samples + excluded.samples),
    load_1m = (h.load_1m * h.samples + excluded.load_1m * excluded.samples) / (h.samples + excluded.samples),
    network_sent_bytes = h.network_sent_bytes + excluded.network_sent_bytes,
    network_received_bytes = h.network_received_bytes + excluded.network_received_bytes,
    open_files = excluded.open_files;

-- name: claim_slot
-- purpose: a slot of a periodic job is run once over all collectors, not only one at a time. A claim whose lease ran
--   out unfinished, because its collector was killed, may be taken over; a finished one never.
-- params: job text, slot timestamptz, claimed_by text, lease interval
INSERT INTO job_runs AS r (job, slot, claimed_by, claimed_at, leased_until)
VALUES (:job, :slot, :claimed_by, now(), now() + :lease)
ON CONFLICT (job, slot) DO UPDATE
SET claimed_by = excluded.claimed_by, claimed_at = now(), leased_until = excluded.leased_until
WHERE r.finished_at IS NULL AND r.leased_until < now()
RETURNING true;

-- name: finish_slot
-- purpose: the slot is done, by the one who still holds it.
-- params: job text, slot timestamptz, claimed_by text
UPDATE job_runs SET finished_at = now(), leased_until = now()
WHERE job = :job AND slot = :slot AND claimed_by = :claimed_by;

-- name: read_slot_finish
-- purpose: when a slot was finished, by whomever; no row while it is not.
-- params: job text, slot timestamptz
SELECT finished_at FROM job_runs WHERE job = :job AND slot = :slot AND finished_at IS NOT NULL;

-- name: release_slot
-- purpose: the job failed; the slot is free for another try.
-- params: job text, slot timestamptz, claimed_by text
UPDATE job_runs SET leased_until = '-infinity'
WHERE job = :job AND slot = :slot AND claimed_by = :claimed_by AND finished_at IS NULL;

-- name: make_partitions
-- purpose: partitions are made days ahead, so that no row ever meets a missing one.
-- params: moment timestamptz
SELECT make_partitions(:moment);

-- name: drop_partitions
-- purpose: whole partitions leave at once; deleting their rows would cost as much as writing them did. One at a time;
--   returns how many: 0 when none is left, -1 when those that are left are in use.
-- params: moment timestamptz
SELECT drop_partitions(:moment);

-- name: delete_expired_sessions
-- purpose: sessions a day after their end and their expiry. Here and below a backlog of any size goes in bites of `most`
--   rows, each well within the time limit of a statement. Returns how many were deleted.
-- params: most int
WITH gone AS (
    DELETE FROM sessions
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM sessions
        WHERE expires_at < now() - interval '1 day' AND (ended_at IS NULL OR ended_at < now() - interval '1 day')
        LIMIT :most
    ))
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: delete_expired_tokens
-- purpose: one-time tokens a day after their expiry, used or not. Returns how many were deleted.
-- params: most int
WITH gone AS (
    DELETE FROM one_time_tokens
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM one_time_tokens WHERE expires_at < now() - interval '1 day' LIMIT :most
    ))
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: delete_old_answers
-- purpose: answers kept for a repeat of their request. The condition is asked again of the row that is deleted, since its
--   key may have been taken anew meanwhile. Returns how many were deleted.
-- params: most int
WITH gone AS (
    DELETE FROM idempotency_keys
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM idempotency_keys WHERE created_at < now() - interval '24 hours' LIMIT :most
    )) AND created_at < now() - interval '24 hours'
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: delete_released_brakes
-- purpose: brakes on guessing that are released, of networks that are not known any more. The condition is asked again of the row
--   that is deleted, since an attempt may have changed it meanwhile. Returns how many were deleted.
-- params: most int
WITH gone AS (
    DELETE FROM login_throttle
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM login_throttle
        WHERE paid_until < now() AND (succeeded_at IS NULL OR succeeded_at < now() - interval '90 days')
        LIMIT :most
    )) AND paid_until < now() AND (succeeded_at IS NULL OR succeeded_at < now() - interval '90 days')
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: delete_old_slots
-- purpose: claims of slots that nobody will ask for again. Returns how many were deleted.
-- params: most int
WITH gone AS (
    DELETE FROM job_runs
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM job_runs WHERE slot < now() - interval '7 days' LIMIT :most
    ))
    RETURNING 1
)
SELECT count(*) FROM gone;
