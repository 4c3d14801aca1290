-- name: lock_erasures_shared
-- purpose: a batch and an erasure never pass each other: whoever erases holds this lock alone. A statement of its own, since
--   what is read afterwards must be seen as it is once the lock is had.
SELECT pg_advisory_xact_lock_shared(hashtext('request_erasures'));

-- name: read_erased_people
-- purpose: whose lines are made nobody's, up to when in microseconds since 1970, as ids of lines hold it.
SELECT user_id::text, floor(extract(epoch FROM asked_at) * 1000000)::bigint FROM request_erasures;

-- name: read_positions
-- purpose: how far segments are stored.
-- params: names text[]
SELECT name, position FROM journal_segments WHERE name = ANY (:names);

-- name: move_positions
-- purpose: take segments from where we believe them to be to where they will be: first in the transaction that stores, so that two
--   who read the same wait for each other here. Returns how many moved: all, or somebody else has read there.
-- params: host text, names text[], befores bigint[], afters bigint[]
WITH moves AS (
    SELECT * FROM unnest(:names, :befores, :afters) AS move (name, before, after)
),
begun AS (
    INSERT INTO journal_segments (name, host, position)
    SELECT name, :host, after FROM moves WHERE before = 0 ORDER BY name
    ON CONFLICT DO NOTHING
    RETURNING 1
),
continued AS (
    UPDATE journal_segments s
    SET position = moves.after, host = :host, updated_at = now()
    FROM moves
    WHERE s.name = moves.name AND s.position = moves.before AND moves.before > 0
    RETURNING 1
)
SELECT (SELECT count(*) FROM begun) + (SELECT count(*) FROM continued);

-- name: delete_segments
-- purpose: forget segments whose files are gone.
-- params: names text[]
DELETE FROM journal_segments WHERE name = ANY (:names);

-- name: add_minutes
-- purpose: add what a batch holds to the minutes. Sketches are merged by adding counts of equal bins; `bins` and `counts` are
--   arrays written as texts, since an array of arrays must be even. In the order of the key, so that two cannot lock each other.
-- params: host text, minutes timestamptz[], endpoints text[], methods text[], requests bigint[], status_2xx bigint[], status_3xx bigint[], status_4xx bigint[], status_5xx bigint[], request_bytes bigint[], response_bytes bigint[], duration_us bigint[], bins text[], counts text[]
INSERT INTO request_minutes AS m (minute, host, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx,
    request_bytes, response_bytes, duration_us, bins, counts)
SELECT minute, :host, endpoint, method, requests, status_2xx, status_3xx, status_4xx, status_5xx,
    request_bytes, response_bytes, duration_us, bins::int[], counts::int[]
FROM unnest(:minutes, :endpoints, :methods, :requests, :status_2xx, :status_3xx, :status_4xx, :status_5xx,
    :request_bytes, :response_bytes, :duration_us, :bins, :counts) AS added (minute, endpoint, method, requests,
    status_2xx, status_3xx, status_4xx, status_5xx, request_bytes, response_bytes, duration_us, bins, counts)
ORDER BY minute, endpoint, method
ON CONFLICT (minute, host, endpoint, method) DO UPDATE
SET requests = m.requests + excluded.requests,
    status_2xx = m.status_2xx + excluded.status_2xx,
    status_3xx = m.status_3xx + excluded.status_3xx,
    status_4xx = m.status_4xx + excluded.status_4xx,
    status_5xx = m.status_5xx + excluded.status_5xx,
    request_bytes = m.request_bytes + excluded.request_bytes,
    response_bytes = m.response_bytes + excluded.response_bytes,
    duration_us = m.duration_us + excluded.duration_us,
    (bins, counts) = (
        SELECT array_agg(bin ORDER BY bin), array_agg(amount ORDER BY bin)
        FROM (
            SELECT bin, sum(amount)::int AS amount
            FROM unnest(m.bins || excluded.bins, m.counts || excluded.counts) AS both_sketches (bin, amount)
            GROUP BY bin
        ) AS merged
    );

-- name: count_lines
-- purpose: add what a batch holds to the lines of each hour, and mark these hours as no longer what they were rolled up as. A mark that
--   stands is written again: that waits for a roll-up that is taking it away, or makes the roll-up wait for us.
-- params: host text, hours timestamptz[], lines bigint[], probes bigint[]
WITH counted AS (
    INSERT INTO journal_hours AS h (hour, host, lines, probes)
    SELECT hour, :host, lines, probes
    FROM unnest(:hours, :lines, :probes) AS added (hour, lines, probes)
    ORDER BY hour
    ON CONFLICT (hour, host) DO UPDATE SET lines = h.lines + excluded.lines, probes = h.probes + excluded.probes
)
INSERT INTO request_dirty_hours (hour, host)
SELECT hour, :host FROM unnest(:hours) AS added (hour) ORDER BY hour
ON CONFLICT (hour, host) DO UPDATE SET marked_at = excluded.marked_at;

-- name: quarantine_lines
-- purpose: keep what stands in segments and is no line, for somebody to look at.
-- params: host text, segments text[], positions bigint[], sizes int[], contents bytea[], reasons text[]
INSERT INTO quarantined_lines (host, segment, position, size, content, reason)
SELECT :host, segment, position, size, content, reason
FROM unnest(:segments, :positions, :sizes, :contents, :reasons) AS bad (segment, position, size, content, reason);

-- name: make_late_partitions
-- purpose: places for rows of days that have none: long gone ones, or those ahead when nobody has made partitions for days.
--   Returns how many were made.
-- params: days timestamptz[], moment timestamptz
SELECT make_partitions(:moment) + coalesce(sum(make_late_partition(wanted, day)), 0)::int
FROM unnest(:days) AS day
CROSS JOIN unnest(ARRAY['request_log', 'request_minutes']) AS wanted;

-- name: store_journal_state
-- purpose: how the journal of a host stands. Losses that grew did so about now; fewer of them are those of a new journal.
-- params: host text, lag_seconds double precision, backlog_bytes bigint, lost_to_errors bigint, lost_to_cap bigint
INSERT INTO journal_states AS s (host, lag_seconds, backlog_bytes, lost_to_errors, lost_to_cap, lost_at)
VALUES (:host, :lag_seconds, :backlog_bytes, :lost_to_errors, :lost_to_cap,
    CASE WHEN :lost_to_errors + :lost_to_cap > 0 THEN now() END)
ON CONFLICT (host) DO UPDATE
SET seen_at = now(), lag_seconds = excluded.lag_seconds, backlog_bytes = excluded.backlog_bytes,
    lost_to_errors = excluded.lost_to_errors, lost_to_cap = excluded.lost_to_cap,
    lost_at = CASE
        WHEN excluded.lost_to_errors > s.lost_to_errors OR excluded.lost_to_cap > s.lost_to_cap THEN now()
        ELSE s.lost_at
    END;

-- name: delete_old_quarantined_lines
-- purpose: what nobody has looked at for as long as rows are kept. In bites of `most`. Returns how many were deleted.
-- params: most int
WITH gone AS (
    DELETE FROM quarantined_lines
    WHERE id IN (SELECT id FROM quarantined_lines WHERE found_at < now() - interval '30 days' LIMIT :most)
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: delete_old_segments
-- purpose: segments whose reader was killed between taking the file away and forgetting it. Only when every line they may hold is
--   older than lines that are taken: a folder that was away for some days must not be stored a second time.
-- params: most int
WITH gone AS (
    DELETE FROM journal_segments
    WHERE name IN (SELECT name FROM journal_segments WHERE updated_at < now() - interval '40 days' LIMIT :most)
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: delete_silent_journals
-- purpose: the states of journals that nobody has read for so long. Returns how many were deleted.
-- params: most int
WITH gone AS (
    DELETE FROM journal_states
    WHERE host IN (SELECT host FROM journal_states WHERE seen_at < now() - interval '30 days' LIMIT :most)
    RETURNING 1
)
SELECT count(*) FROM gone;
