-- name: find_person
-- purpose: the id of a person who is named by id or by e-mail; e-mails themselves are not for the collector to read.
-- params: id uuid, email text
SELECT id FROM app_users WHERE id = :id OR id = find_user_id(:email);

-- name: list_requests_of_person
-- purpose: the next of a person's requests, oldest first, each as JSON after its place (at, id); along the index of persons.
--   In pages rather than by a cursor of the server's, since whoever reads may take hours, and no snapshot is to live so long.
-- params: person uuid, since timestamptz, after_id bigint, until timestamptz, most int
SELECT at, id, json_build_object('id', id, 'at', at, 'endpoint', endpoint, 'method', method, 'status', status,
    'duration_ms', duration_us / 1000.0, 'request_bytes', request_bytes, 'response_bytes', response_bytes,
    'is_probe', is_probe, 'user_id', user_id, 'ip_address', ip_address, 'user_agent', user_agent,
    'request_id', request_id, 'problem_title', problem_title, 'problem_detail', problem_detail)::text
FROM request_log
WHERE user_id = :person
  AND at >= :since
  AND at <= :until
  AND (at, id) > (:since, :after_id)
ORDER BY at, id
LIMIT :most;

-- name: find_first_request
-- purpose: when a person's oldest request that is kept was; null for none. Tells how far a long command has come.
-- params: person uuid
SELECT at FROM request_log WHERE user_id = :person ORDER BY at LIMIT 1;

-- name: count_quarantined_of_person
-- purpose: how many quarantined lines hold a person's id: they are bytes that could not be read, so nothing more is known.
-- params: person uuid
SELECT count(*) FROM quarantined_lines WHERE position(convert_to(:person::text, 'UTF8') IN content) > 0;

-- name: lock_erasures
-- purpose: no batch of lines is being stored from here to the end of the transaction: batches hold this lock shared. Waits
--   longer than other locks are waited for, since a batch may take a while.
SELECT set_config('lock_timeout', '9s', true), pg_advisory_xact_lock(hashtext('request_erasures'));

-- name: ask_erasure
-- purpose: from now on lines of this person are stored without them, if they were written before now. Asked again, it begins
--   anew; one that was cut short goes on counting. Returns up to when lines are erased.
-- params: person uuid
INSERT INTO request_erasures AS e (user_id, asked_at)
VALUES (:person, clock_timestamp())
ON CONFLICT (user_id) DO UPDATE
SET asked_at = excluded.asked_at, finished_at = NULL, rows = CASE WHEN e.finished_at IS NULL THEN e.rows ELSE 0 END
RETURNING asked_at;

-- name: find_bite
-- purpose: the times of the first and the last of a person's next requests to be erased; nulls for none.
-- params: person uuid, since timestamptz, until timestamptz, most int
SELECT min(at), max(at)
FROM (
    SELECT at
    FROM request_log
    WHERE user_id = :person
      AND at BETWEEN :since AND :until
    ORDER BY at
    LIMIT :most
) bite;

-- name: erase_requests
-- purpose: a person's requests between two moments become nobody's, and are counted with the erasure. The rows stay, since
--   they are what sums are checked against.
-- params: person uuid, first timestamptz, last timestamptz
WITH erased AS (
    UPDATE request_log
    SET user_id = NULL, ip_address = NULL, user_agent = NULL, request_id = NULL, problem_detail = NULL
    WHERE user_id = :person
      AND at BETWEEN :first AND :last
    RETURNING 1
)
UPDATE request_erasures
SET rows = rows + (SELECT count(*) FROM erased)
WHERE user_id = :person
RETURNING (SELECT count(*) FROM erased);

-- name: list_logged_devices
-- purpose: the next devices after one that have a log, deleted ones too.
-- params: after uuid, most int
SELECT device_id FROM device_chains WHERE :after IS NULL OR device_id > :after ORDER BY device_id LIMIT :most;

-- name: erase_device_entries
-- purpose: what a person did at some devices up to a moment becomes nobody's: entries of their logs, whose seals cover only a hash
--   of the person that cannot be guessed once its salt is gone; and commands that ended. By device, since no index is by
--   person. Returns how many entries and commands.
-- params: person uuid, device_ids uuid[], until timestamptz
WITH entries AS (
    UPDATE device_logs
    SET user_id = NULL, ip_address = NULL, personal_salt = NULL
    WHERE device_id = ANY (:device_ids) AND user_id = :person AND created_at <= :until
    RETURNING 1
), commands AS (
    UPDATE device_commands
    SET user_id = NULL, ip_address = NULL
    WHERE device_id = ANY (:device_ids) AND user_id = :person AND created_at <= :until AND finished_at IS NOT NULL
    RETURNING 1
)
SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM commands);

-- name: finish_erasure
-- purpose: nothing of the person is left that was there when it was asked for: quarantined lines that hold the id go too, and
--   the audit log says so. Returns how many rows and lines there were.
-- params: person uuid
WITH quarantined AS (
    DELETE FROM quarantined_lines
    WHERE position(convert_to(:person::text, 'UTF8') IN content) > 0
    RETURNING 1
), finished AS (
    UPDATE request_erasures SET finished_at = now() WHERE user_id = :person
    RETURNING rows, (SELECT count(*) FROM quarantined) AS lines
), noted AS (
    INSERT INTO audit_log (action, subject_type, subject_id, changes)
    SELECT 'requests.erased', 'user', :person::text,
        jsonb_build_object('rows', jsonb_build_array(NULL, rows), 'quarantined_lines', jsonb_build_array(NULL, lines))
    FROM finished
)
SELECT rows, lines FROM finished;

-- name: delete_old_erasures
-- purpose: an erasure is kept until no line from before it can come any more. Returns how many went, at most `most`.
-- params: most int
WITH gone AS (
    DELETE FROM request_erasures
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM request_erasures WHERE finished_at < now() - interval '40 days' LIMIT :most))
    RETURNING 1
)
SELECT count(*) FROM gone;
