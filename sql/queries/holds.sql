-- name: lock_unsettled_books
-- purpose: the books in whose line something is to be settled: a hold that is over by the clock that wrote it, this one, a place
--   of an account that is disabled, a free copy that somebody waits for. Their rows are held before those of the line, as by
--   who borrows; a book in use is left to the next run.
-- params: most int
WITH unsettled AS MATERIALIZED (
    SELECT DISTINCT r.book_id
    FROM reservations r
    JOIN books b ON b.id = r.book_id
    JOIN app_users u ON u.id = r.user_id
    WHERE r.ended_at IS NULL AND (
        (r.status = 'ready' AND r.ready_until < now())
        OR (r.status = 'waiting' AND b.copies_available > b.copies_held)
        OR NOT u.is_active
    )
    ORDER BY r.book_id
    LIMIT :most
)
SELECT id
FROM books
JOIN unsettled ON unsettled.book_id = books.id
ORDER BY id
FOR NO KEY UPDATE OF books SKIP LOCKED;

-- name: end_places
-- purpose: holds that are over expire, and who is disabled loses the place, in the lines of books whose rows are held by an
--   earlier statement; their copies are held no more. Returns how many expired and how many were cancelled.
-- params: book_ids bigint[]
WITH ending AS MATERIALIZED (
    SELECT r.id, r.book_id, r.status = 'ready' AS is_held, CASE WHEN u.is_active THEN 'expired' ELSE 'cancelled' END AS ends_as
    FROM reservations r
    JOIN app_users u ON u.id = r.user_id
    WHERE r.ended_at IS NULL AND r.book_id = ANY (:book_ids)
        AND ((r.status = 'ready' AND r.ready_until < now()) OR NOT u.is_active)
), ended AS (
    UPDATE reservations AS r
    SET status = ending.ends_as, ended_at = now()
    FROM ending
    WHERE r.id = ending.id
), freed AS (
    UPDATE books AS b
    SET copies_held = b.copies_held - held.copies
    FROM (SELECT book_id, count(*) AS copies FROM ending WHERE is_held GROUP BY book_id) AS held
    WHERE b.id = held.book_id
)
SELECT count(*) FILTER (WHERE ends_as = 'expired'), count(*) FILTER (WHERE ends_as = 'cancelled') FROM ending;

-- name: queue_waiting_mails
-- purpose: mails (a JSON array of `reservation_id`, `subject`, `body`) to who may fetch a book, in the transaction of their cause.
--   Their addresses are never read here.
-- params: mails jsonb
WITH queued AS (
    INSERT INTO outbox (channel, recipient, subject, body)
    SELECT 'mail', reader.email, m.subject, m.body
    FROM ROWS FROM (jsonb_to_recordset(:mails) AS (reservation_id bigint, subject text, body text)) WITH ORDINALITY
        AS m (reservation_id, subject, body, place)
    CROSS JOIN LATERAL find_waiting_email(m.reservation_id) AS reader (email)
    WHERE reader.email IS NOT NULL
    ORDER BY m.place
    RETURNING id
)
SELECT count(*), pg_notify('outbox', '') FROM queued HAVING count(*) > 0;
