-- name: delete_old_dead_letters
-- purpose: messages of the fleet that nobody could read, after a month, and all but the newest 100,000: nobody reads more, and
--   locks that flood us must not fill the disk. Returns how many were deleted, at most `most`.
-- params: most int
WITH gone AS (
    DELETE FROM dead_letters
    WHERE id = ANY (ARRAY(
        SELECT id
        FROM dead_letters
        WHERE received_at < now() - interval '30 days' OR id <= (SELECT id FROM dead_letters ORDER BY id DESC OFFSET 100000 LIMIT 1)
        LIMIT :most
    ))
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: delete_old_commands
-- purpose: commands that ended long ago; the log of their device keeps what came of them. Returns how many were deleted.
-- params: most int
WITH gone AS (
    DELETE FROM device_commands
    WHERE id = ANY (ARRAY(SELECT id FROM device_commands WHERE finished_at < now() - interval '90 days' LIMIT :most))
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: delete_old_boots
-- purpose: what was seen of a lock's former boots: nothing of them will be resent by now. Its newest stays whatever its age,
--   since it may go on. Returns how many were deleted.
-- params: most int
WITH gone AS (
    DELETE FROM device_boots
    WHERE (device_id, boot) IN (
        SELECT old.device_id, old.boot
        FROM device_boots old
        WHERE old.updated_at < now() - interval '400 days'
            AND EXISTS (SELECT FROM device_boots newer WHERE newer.device_id = old.device_id AND newer.boot > old.boot)
        LIMIT :most
    )
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: delete_old_qr_uses
-- purpose: spent QR codes: one is good for 30 seconds, and a lock that was away tells of its use when it is back. Returns how
--   many were deleted.
-- params: most int
WITH gone AS (
    DELETE FROM qr_uses
    WHERE (device_id, nonce) IN (SELECT device_id, nonce FROM qr_uses WHERE used_at < now() - interval '90 days' LIMIT :most)
    RETURNING 1
)
SELECT count(*) FROM gone;
