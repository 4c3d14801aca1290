-- name: list_audit_entries
-- purpose: a page of the log, newest first, each entry as JSON with its person's e-mail; one row more than `page` tells
--   whether there is a next one. No foreign key binds the log to accounts: what was done stays.
-- params: page int, cursor bigint, action text, subject_type text, subject_id text, user_id uuid, since timestamptz,
--   until timestamptz
SELECT json_build_object('id', a.id, 'at', a.at, 'user_id', a.user_id, 'email', u.email, 'action', a.action,
    'subject_type', a.subject_type, 'subject_id', a.subject_id, 'changes', a.changes, 'ip_address', a.ip_address,
    'request_id', a.request_id)
FROM audit_log a
LEFT JOIN app_users u ON u.id = a.user_id
WHERE (:cursor = 0 OR a.id < :cursor)
  AND (:action IS NULL OR a.action = :action)
  AND (:subject_type IS NULL OR a.subject_type = :subject_type)
  AND (:subject_id IS NULL OR a.subject_id = :subject_id)
  AND (:user_id IS NULL OR a.user_id = :user_id)
  AND (:since IS NULL OR a.at >= :since)
  AND (:until IS NULL OR a.at < :until)
ORDER BY a.id DESC
LIMIT :page + 1;
