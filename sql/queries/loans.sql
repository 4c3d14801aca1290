-- name: hold_for_borrowing
-- purpose: the rows that a loan is judged by, held in the order in which all hold them: the borrower's, with one loan more if
--   they may have it, then the book's; whether they may. In a statement of its own: what the next one sees was committed by
--   those waited for here. A refusal rolls the one more back. No row comes for a book that is not there.
-- params: user_id uuid, book_id bigint, most int
WITH borrower AS (
    INSERT INTO borrowers AS b (user_id, open_loans)
    VALUES (:user_id, 1)
    ON CONFLICT (user_id) DO UPDATE SET open_loans = b.open_loans + 1 WHERE b.open_loans < :most
    RETURNING b.user_id
), counted AS MATERIALIZED (
    SELECT count(*) AS more FROM borrower
), book AS MATERIALIZED (
    SELECT id
    FROM books
    WHERE id = :book_id AND deleted_at IS NULL AND (SELECT more FROM counted) >= 0
    FOR NO KEY UPDATE
)
SELECT counted.more = 1
FROM book
CROSS JOIN counted;

-- name: lend_book
-- purpose: a loan of a book that is held, and all that is counted with it: from a free copy, or the one that was held for the
--   borrower. Their place in the line has served its purpose. No row comes when they have it, or no copy is left for them.
-- params: user_id uuid, book_id bigint, role text, span interval
WITH place AS MATERIALIZED (
    SELECT id, status = 'ready' AS is_ready
    FROM reservations
    WHERE book_id = :book_id AND user_id = :user_id AND ended_at IS NULL
), lent AS (
    UPDATE books b
    SET copies_available = b.copies_available - 1,
        copies_lent = b.copies_lent + 1,
        copies_held = b.copies_held - (SELECT count(*) FROM place WHERE is_ready),
        borrows = b.borrows + 1
    WHERE b.id = :book_id
      AND (b.copies_available > b.copies_held OR EXISTS (SELECT FROM place WHERE is_ready))
      AND NOT EXISTS (SELECT FROM loans WHERE user_id = :user_id AND book_id = :book_id AND returned_at IS NULL)
    RETURNING b.id, b.title, b.author
), fulfilled AS (
    UPDATE reservations r
    SET status = 'fulfilled', ended_at = now()
    FROM place, lent
    WHERE r.id = place.id
), loan AS (
    INSERT INTO loans (user_id, book_id, role, due_at)
    SELECT :user_id, lent.id, :role, now() + :span FROM lent
    RETURNING id, borrowed_at, due_at, returned_at, status, renewals
), counted AS (
    INSERT INTO event_totals AS t (event, stripe, total)
    SELECT 'loan', pg_backend_pid() % 64, 1 FROM loan
    ON CONFLICT (event, stripe) DO UPDATE SET total = t.total + 1
)
SELECT loan.id, lent.id, lent.title, lent.author, loan.borrowed_at, loan.due_at, loan.returned_at, loan.status, loan.renewals
FROM loan
CROSS JOIN lent;

-- name: find_open_loan
-- purpose: whether somebody has a book, for the reason of a refusal.
-- params: user_id uuid, book_id bigint
SELECT EXISTS (SELECT FROM loans WHERE user_id = :user_id AND book_id = :book_id AND returned_at IS NULL);

-- name: hold_loan
-- purpose: the rows that a loan's end or renewal is judged by, held in the order in which all hold them. In a statement of its
--   own, as above: who joined the book's line meanwhile is seen by the next. Of nobody but `only_of`, when one is given.
-- params: loan_id bigint, only_of uuid
WITH loan AS MATERIALIZED (
    SELECT user_id, book_id FROM loans WHERE id = :loan_id AND (:only_of IS NULL OR user_id = :only_of)
), borrower AS MATERIALIZED (
    SELECT b.user_id FROM borrowers b WHERE b.user_id = (SELECT user_id FROM loan) FOR NO KEY UPDATE
), book AS MATERIALIZED (
    SELECT id
    FROM books
    WHERE id = (SELECT book_id FROM loan) AND (SELECT count(*) FROM borrower) >= 0
    FOR NO KEY UPDATE
)
SELECT book.id, u.id, u.role, u.email
FROM book
CROSS JOIN loan
JOIN app_users u ON u.id = loan.user_id;

-- name: end_loan
-- purpose: a loan that is held comes to its end, with all that is counted with it; whether somebody waits for the book. No row
--   comes when it has ended already. A clock that went back makes no loan end before it began.
-- params: loan_id bigint
WITH ended AS (
    UPDATE loans
    SET status = 'returned', returned_at = greatest(now(), borrowed_at)
    WHERE id = :loan_id AND returned_at IS NULL
    RETURNING id, user_id, book_id, borrowed_at, due_at, returned_at, status, renewals
), fewer AS (
    UPDATE borrowers b SET open_loans = b.open_loans - 1 FROM ended WHERE b.user_id = ended.user_id
), back AS (
    UPDATE books b
    SET copies_available = b.copies_available + 1,
        copies_lent = b.copies_lent - 1,
        returns = b.returns + 1,
        lent_seconds = b.lent_seconds + extract(epoch FROM ended.returned_at - ended.borrowed_at)::bigint
    FROM ended
    WHERE b.id = ended.book_id
    RETURNING b.id, b.title, b.author
), counted AS (
    INSERT INTO event_totals AS t (event, stripe, total)
    SELECT 'return', pg_backend_pid() % 64, 1 FROM ended
    ON CONFLICT (event, stripe) DO UPDATE SET total = t.total + 1
)
SELECT ended.id, back.id, back.title, back.author, ended.borrowed_at, ended.due_at, ended.returned_at, ended.status,
    ended.renewals,
    EXISTS (SELECT FROM reservations r WHERE r.book_id = ended.book_id AND r.status = 'waiting')
FROM ended
CROSS JOIN back;

-- name: pass_on_copies
-- purpose: each copy of books that is free goes to who waits longest for it, and is held for them. The books' rows must be held
--   since an earlier statement: then nobody can join a line unseen. Returns whose places are ready: they are to be told.
-- params: book_ids bigint[], hold interval
WITH free AS MATERIALIZED (
    SELECT id, title, copies_available - copies_held AS copies
    FROM books
    WHERE id = ANY (:book_ids) AND copies_available > copies_held AND deleted_at IS NULL
), next AS MATERIALIZED (
    SELECT line.id, free.id AS book_id, free.title
    FROM free
    CROSS JOIN LATERAL (
        SELECT r.id
        FROM reservations r
        WHERE r.book_id = free.id AND r.status = 'waiting'
        ORDER BY r.id
        LIMIT free.copies
    ) line
), ready AS (
    UPDATE reservations r
    SET status = 'ready', ready_at = now(), ready_until = now() + :hold
    FROM next
    WHERE r.id = next.id
    RETURNING r.id, r.ready_until
), held AS (
    UPDATE books b
    SET copies_held = b.copies_held + taken.copies
    FROM (SELECT book_id, count(*) AS copies FROM next GROUP BY book_id) taken
    WHERE b.id = taken.book_id
)
SELECT next.id, next.title, ready.ready_until
FROM next
JOIN ready ON ready.id = next.id
ORDER BY next.id;

-- name: renew_loan
-- purpose: a loan that is held is due later, if nothing stands against it; else what does. It is late from the moment it is due,
--   whether or not that was found yet.
-- params: loan_id bigint, most int, span interval
WITH found AS MATERIALIZED (
    SELECT l.id, l.book_id,
        CASE
            WHEN l.returned_at IS NOT NULL THEN 'returned'
            WHEN l.status = 'overdue' OR l.due_at <= now() THEN 'overdue'
            WHEN l.renewals >= :most THEN 'used up'
            WHEN EXISTS (SELECT FROM reservations r WHERE r.book_id = l.book_id AND r.status = 'waiting') THEN 'awaited'
        END AS refusal
    FROM loans l
    WHERE l.id = :loan_id
    FOR NO KEY UPDATE
), renewed AS (
    UPDATE loans l
    SET due_at = l.due_at + :span, renewals = l.renewals + 1
    FROM found
    WHERE l.id = found.id AND found.refusal IS NULL
    RETURNING l.id, l.borrowed_at, l.due_at, l.returned_at, l.status, l.renewals
)
SELECT found.refusal, renewed.id, b.id, b.title, b.author, renewed.borrowed_at, renewed.due_at, renewed.returned_at,
    renewed.status, renewed.renewals
FROM found
JOIN books b ON b.id = found.book_id
LEFT JOIN renewed ON renewed.id = found.id;

-- name: hold_for_reserving
-- purpose: the rows that a place in a line is judged by, held in the order in which all hold them: so places are numbered in the
--   order in which they are committed. A borrower's row is made when there is none.
-- params: user_id uuid, book_id bigint
WITH borrower AS (
    INSERT INTO borrowers AS b (user_id, open_loans)
    VALUES (:user_id, 0)
    ON CONFLICT (user_id) DO UPDATE SET open_loans = b.open_loans
    RETURNING b.user_id
)
SELECT id
FROM books
WHERE id = :book_id AND deleted_at IS NULL AND (SELECT count(*) FROM borrower) = 1
FOR NO KEY UPDATE;

-- name: join_line
-- purpose: a place at the end of the line for a book that is held; else what stands against it.
-- params: user_id uuid, book_id bigint
WITH judged AS MATERIALIZED (
    SELECT b.id, b.title, b.author,
        CASE
            WHEN EXISTS (
                SELECT FROM loans l WHERE l.user_id = :user_id AND l.book_id = b.id AND l.returned_at IS NULL
            ) THEN 'has it'
            WHEN EXISTS (
                SELECT FROM reservations r WHERE r.book_id = b.id AND r.user_id = :user_id AND r.ended_at IS NULL
            ) THEN 'waits'
            WHEN b.copies_available > b.copies_held THEN 'free'
        END AS refusal
    FROM books b
    WHERE b.id = :book_id
), joined AS (
    INSERT INTO reservations (book_id, user_id)
    SELECT id, :user_id FROM judged WHERE refusal IS NULL
    RETURNING id, status, created_at, ready_until, ended_at
)
SELECT judged.refusal, joined.id, judged.id, judged.title, judged.author, joined.status,
    line.place, joined.created_at, joined.ready_until, joined.ended_at
FROM judged
LEFT JOIN joined ON true
CROSS JOIN LATERAL place_in_line(judged.id, joined.id) line;

-- name: hold_book
-- purpose: a book that is there, held for what is done to it or its line next.
-- params: book_id bigint
SELECT id FROM books WHERE id = :book_id AND deleted_at IS NULL FOR NO KEY UPDATE;

-- name: leave_line
-- purpose: give one's place up in the line for a book that is held; a copy that was held for it is free again. No row comes for
--   who has none.
-- params: user_id uuid, book_id bigint
WITH place AS MATERIALIZED (
    SELECT id, status = 'ready' AS is_ready
    FROM reservations
    WHERE book_id = :book_id AND user_id = :user_id AND ended_at IS NULL
), given_up AS (
    UPDATE reservations r SET status = 'cancelled', ended_at = now() FROM place WHERE r.id = place.id
), freed AS (
    UPDATE books b SET copies_held = b.copies_held - 1 FROM place WHERE b.id = :book_id AND place.is_ready
)
SELECT is_ready FROM place;

-- name: close_line
-- purpose: nobody waits any more for a book that is withdrawn. One for whom a copy is held keeps it from being withdrawn.
-- params: book_id bigint
UPDATE reservations SET status = 'cancelled', ended_at = now() WHERE book_id = :book_id AND status = 'waiting';

-- name: make_demo_loans
-- purpose: what a demo's person has borrowed before the house was there, if they have not borrowed anything yet: books that are
--   to be had, days ago, some returned. With all that is counted with it.
-- params: user_id uuid, role text, span interval, titles text[], borrowed int[], returned int[]
WITH told AS (
    SELECT b.id AS book_id, now() - make_interval(days => d.borrowed) AS borrowed_at,
        now() - make_interval(days => d.returned) AS returned_at
    FROM unnest(:titles, :borrowed, :returned) AS d (title, borrowed, returned)
    JOIN books b ON b.title = d.title AND b.deleted_at IS NULL AND b.copies_available > b.copies_held
    WHERE NOT EXISTS (SELECT FROM loans WHERE user_id = :user_id)
), lent AS (
    INSERT INTO loans (user_id, book_id, role, status, borrowed_at, due_at, returned_at)
    SELECT :user_id, book_id, :role, CASE WHEN returned_at IS NULL THEN 'active' ELSE 'returned' END, borrowed_at,
        borrowed_at + :span, returned_at
    FROM told
    RETURNING book_id, borrowed_at, returned_at
), borrower AS (
    INSERT INTO borrowers AS b (user_id, open_loans)
    SELECT :user_id, count(*) FILTER (WHERE returned_at IS NULL) FROM lent
    ON CONFLICT (user_id) DO UPDATE SET open_loans = b.open_loans + excluded.open_loans
), moved AS (
    UPDATE books b
    SET copies_available = b.copies_available - l.still,
        copies_lent = b.copies_lent + l.still,
        borrows = b.borrows + l.borrows,
        returns = b.returns + l.borrows - l.still,
        lent_seconds = b.lent_seconds + l.seconds
    FROM (
        SELECT book_id, count(*) AS borrows, count(*) FILTER (WHERE returned_at IS NULL) AS still,
            coalesce(extract(epoch FROM sum(returned_at - borrowed_at)), 0)::bigint AS seconds
        FROM lent
        GROUP BY book_id
    ) l
    WHERE b.id = l.book_id
), counted AS (
    INSERT INTO event_totals AS t (event, stripe, total)
    SELECT e.event, pg_backend_pid() % 64, e.total
    FROM (
        SELECT 'loan' AS event, count(*) AS total FROM lent
        UNION ALL
        SELECT 'return', count(*) FROM lent WHERE returned_at IS NOT NULL
    ) e
    WHERE e.total > 0
    ON CONFLICT (event, stripe) DO UPDATE SET total = t.total + excluded.total
)
SELECT count(*) FROM lent;
