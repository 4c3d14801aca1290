-- name: read_busiest_hours
-- purpose: how many loans began in each hour of each week day (UTC, Monday first) within the last four weeks. The span is
--   part of the text, so that the planner knows how little of loans_by_borrowed it has to look at.
SELECT extract(isodow FROM borrowed_at AT TIME ZONE 'UTC')::int AS weekday,
    extract(hour FROM borrowed_at AT TIME ZONE 'UTC')::int AS hour,
    count(*)
FROM loans
WHERE borrowed_at >= now() - interval '28 days'
GROUP BY weekday, hour;

-- name: list_low_stock
-- purpose: books with one or two copies left, those that are borrowed most first, with how many people wait for each.
-- params: page int
SELECT b.id, b.title, b.author, b.copies_available, b.copies_total,
    (SELECT count(*) FROM reservations r WHERE r.book_id = b.id AND r.status = 'waiting')
FROM (
    SELECT id, title, author, copies_available, copies_total, borrows
    FROM books
    WHERE deleted_at IS NULL AND copies_available BETWEEN 1 AND 2
    ORDER BY borrows DESC, id
    LIMIT :page
) b
ORDER BY b.borrows DESC, b.id;

-- name: list_due_soon
-- purpose: loans that end within a span from now, the next to end first, with who has what; found by loans_by_due.
-- params: span interval, page int
SELECT l.id, u.email, l.book_id, b.title, l.due_at
FROM loans l
JOIN books b ON b.id = l.book_id
JOIN app_users u ON u.id = l.user_id
WHERE l.returned_at IS NULL AND l.due_at >= now() AND l.due_at < now() + :span
ORDER BY l.due_at
LIMIT :page;

-- name: list_open_loans
-- purpose: what a person has now, the next to end first, and whether somebody waits for it: then it is not renewed. They
--   have at most as many as lending lets them, so it is no list by cursor.
-- params: user_id uuid
SELECT l.id, l.book_id, b.title, b.author, l.borrowed_at, l.due_at, l.status = 'overdue' OR l.due_at < now(), l.renewals,
    EXISTS (SELECT FROM reservations r WHERE r.book_id = l.book_id AND r.status = 'waiting')
FROM loans l
JOIN books b ON b.id = l.book_id
WHERE l.user_id = :user_id AND l.returned_at IS NULL
ORDER BY l.due_at, l.id;

-- name: list_places
-- purpose: the books a person waits for, in the order in which they asked, with their place in each line: how many asked
--   before them and still wait, and themselves. None of who is ready.
-- params: user_id uuid
SELECT r.book_id, b.title, b.author, r.created_at, r.ready_until,
    CASE WHEN r.status = 'waiting' THEN (
        SELECT count(*)
        FROM reservations earlier
        WHERE earlier.book_id = r.book_id AND earlier.status = 'waiting' AND earlier.id <= r.id
    ) END
FROM reservations r
JOIN books b ON b.id = r.book_id
WHERE r.user_id = :user_id AND r.ended_at IS NULL
ORDER BY r.id;

-- name: list_standings
-- purpose: how books of a page of the catalogue stand to a person: copies that nobody has and none is held of, whether they
--   have it, and their place in its line.
-- params: user_id uuid, book_ids bigint[]
SELECT b.id, b.copies_available - b.copies_held,
    EXISTS (SELECT FROM loans l WHERE l.user_id = :user_id AND l.book_id = b.id AND l.returned_at IS NULL),
    r.status
FROM books b
LEFT JOIN reservations r ON r.book_id = b.id AND r.user_id = :user_id AND r.ended_at IS NULL
WHERE b.id = ANY (:book_ids);

-- name: list_categories
-- purpose: every category that a book is in, to choose from: a step along books_by_category for each, since a DISTINCT
--   would read all books.
WITH RECURSIVE known AS (
    (SELECT category FROM books WHERE deleted_at IS NULL ORDER BY category LIMIT 1)
    UNION ALL
    SELECT (
        SELECT b.category FROM books b WHERE b.deleted_at IS NULL AND b.category > known.category ORDER BY b.category LIMIT 1
    )
    FROM known
    WHERE known.category IS NOT NULL
)
SELECT category FROM known WHERE category IS NOT NULL;
