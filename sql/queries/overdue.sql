-- name: take_overdue_work
-- purpose: whether the work is this transaction's. One at a time over all collectors, so that a person's loans are not parted
--   among two; whoever comes second has nothing to wait for.
SELECT pg_try_advisory_xact_lock(hashtext('watchhouse overdue'));

-- name: mark_overdue
-- purpose: loans whose time is over by the clock that wrote it, this one, and of which nobody has been told: now they are
--   overdue, for ever. Those of at most `most` people, and of each all of them, so that a person gets one mail. One that is
--   being returned or renewed is left to the next run. In the order in which they were due. People are
--   numbered, not joined: nobody can guess how many are late at once, and a join that was planned for one takes seconds for
--   5,000.
-- params: most int
WITH late AS (
    SELECT id, min(id) OVER (PARTITION BY user_id) AS first
    FROM loans
    WHERE returned_at IS NULL AND status = 'active' AND due_at < now()
), numbered AS MATERIALIZED (
    SELECT id, dense_rank() OVER (ORDER BY first) AS person FROM late
), taken AS MATERIALIZED (
    SELECT loans.id
    FROM numbered
    JOIN loans USING (id)
    WHERE person <= :most AND returned_at IS NULL AND status = 'active' AND due_at < now()
    ORDER BY loans.id
    FOR NO KEY UPDATE OF loans SKIP LOCKED
), marked AS (
    UPDATE loans AS l
    SET status = 'overdue', overdue_at = now()
    FROM taken
    WHERE l.id = taken.id
    RETURNING l.id, l.user_id, l.book_id, l.due_at
)
SELECT marked.id, marked.user_id::text, b.title, marked.due_at
FROM marked
JOIN books b ON b.id = marked.book_id
ORDER BY marked.due_at, marked.id;

-- name: queue_borrower_mails
-- purpose: mails (a JSON array of `loan_id`, `subject`, `body`) to who has the books, in the transaction of their cause. Their
--   addresses are never read here.
-- params: mails jsonb
WITH queued AS (
    INSERT INTO outbox (channel, recipient, subject, body)
    SELECT 'mail', borrower.email, m.subject, m.body
    FROM ROWS FROM (jsonb_to_recordset(:mails) AS (loan_id bigint, subject text, body text)) WITH ORDINALITY
        AS m (loan_id, subject, body, place)
    CROSS JOIN LATERAL find_borrower_email(m.loan_id) AS borrower (email)
    WHERE borrower.email IS NOT NULL
    ORDER BY m.place
    RETURNING id
)
SELECT count(*), pg_notify('outbox', '') FROM queued HAVING count(*) > 0;

-- name: queue_librarian_mails
-- purpose: the same mail to each who looks after the books.
-- params: subject text, body text
WITH queued AS (
    INSERT INTO outbox (channel, recipient, subject, body)
    SELECT 'mail', email, :subject, :body FROM list_librarian_emails() AS librarian (email)
    RETURNING id
)
SELECT count(*), pg_notify('outbox', '') FROM queued HAVING count(*) > 0;
