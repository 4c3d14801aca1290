-- What lending counts beside the same counted from its records: what is not equal, by name, with what it concerns.
WITH open_loans AS (
    SELECT book_id, user_id FROM loans WHERE returned_at IS NULL
), ended AS (
    SELECT book_id, extract(epoch FROM returned_at - borrowed_at) AS seconds FROM loans WHERE returned_at IS NOT NULL
), of_books AS (
    SELECT b.id, b.copies_total, b.copies_available, b.copies_lent, b.copies_held, b.borrows, b.returns, b.lent_seconds,
        (SELECT count(*) FROM open_loans WHERE book_id = b.id) AS lent,
        (SELECT count(*) FROM loans WHERE book_id = b.id) AS loans,
        (SELECT count(*) FROM ended WHERE book_id = b.id) AS ended,
        (SELECT coalesce(sum(seconds), 0) FROM ended WHERE book_id = b.id) AS seconds,
        (SELECT count(*) FROM reservations WHERE book_id = b.id AND status = 'ready') AS ready,
        (SELECT count(*) FROM reservations WHERE book_id = b.id AND status = 'waiting') AS waiting
    FROM books b
), of_people AS (
    SELECT user_id, coalesce(b.open_loans, 0) AS counted, coalesce(l.loans, 0) AS loans
    FROM borrowers b
    FULL JOIN (SELECT user_id, count(*) AS loans FROM open_loans GROUP BY user_id) l USING (user_id)
), of_events AS (
    SELECT event, loans, (SELECT coalesce(sum(total), 0) FROM event_totals t WHERE t.event = records.event) AS counted
    FROM (
        SELECT 'loan' AS event, count(*) AS loans FROM loans
        UNION ALL
        SELECT 'return', count(*) FROM loans WHERE returned_at IS NOT NULL
    ) records
)
SELECT 'copies do not add up' AS what, id::text AS of FROM of_books WHERE copies_lent + copies_available <> copies_total
UNION ALL SELECT 'copies lent are not the loans', id::text FROM of_books WHERE copies_lent <> lent
UNION ALL SELECT 'copies held are not for who is ready', id::text FROM of_books WHERE copies_held <> ready
UNION ALL SELECT 'borrows are not the loans', id::text FROM of_books WHERE borrows <> loans
UNION ALL SELECT 'returns are not the ended loans', id::text FROM of_books WHERE returns <> ended
UNION ALL SELECT 'days lent are not those of the loans', id::text FROM of_books WHERE abs(lent_seconds - seconds) > ended
UNION ALL SELECT 'somebody waits while a copy is free', id::text FROM of_books WHERE waiting > 0 AND copies_available > copies_held
UNION ALL SELECT 'a person has more or fewer than is counted', user_id::text FROM of_people WHERE counted <> loans
UNION ALL SELECT 'the total is not the number of records', event FROM of_events WHERE counted <> loans
UNION ALL
SELECT 'somebody was passed over', first.id::text
FROM reservations first
JOIN reservations later ON later.book_id = first.book_id AND later.id > first.id AND later.ready_at IS NOT NULL
WHERE first.status = 'waiting';
