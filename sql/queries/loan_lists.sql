-- name: list_loans
-- purpose: a page of loans, newest first: of one person, or everybody's, of those all that are open by the index of open ones. A
--   branch that is not wanted costs nothing. One row more than `page` tells whether there is more.
-- params: user_id uuid, status text, cursor bigint, page int
WITH picked AS (
    (SELECT id
    FROM loans
    WHERE user_id = :user_id AND id < :cursor AND (:status IS NULL OR status = :status)
    ORDER BY id DESC
    LIMIT :page + 1)
    UNION ALL
    (SELECT id
    FROM loans
    WHERE :user_id IS NULL AND :status IN ('active', 'overdue')
      AND returned_at IS NULL AND id < :cursor AND status = :status
    ORDER BY id DESC
    LIMIT :page + 1)
    UNION ALL
    (SELECT id
    FROM loans
    WHERE :user_id IS NULL AND (:status IS NULL OR :status = 'returned')
      AND id < :cursor AND (:status IS NULL OR status = :status)
    ORDER BY id DESC
    LIMIT :page + 1)
)
SELECT l.id, u.email, b.id, b.title, b.author, l.borrowed_at, l.due_at, l.returned_at, l.status, l.renewals
FROM picked
JOIN loans l ON l.id = picked.id
JOIN books b ON b.id = l.book_id
JOIN app_users u ON u.id = l.user_id
ORDER BY l.id DESC;

-- name: list_reservations
-- purpose: a page of reservations, newest first, of one person or everybody's; and the place of each that waits. One row more
--   than `page` tells whether there is more.
-- params: user_id uuid, cursor bigint, page int
WITH picked AS (
    (SELECT id
    FROM reservations
    WHERE user_id = :user_id AND id < :cursor
    ORDER BY id DESC
    LIMIT :page + 1)
    UNION ALL
    (SELECT id
    FROM reservations
    WHERE :user_id IS NULL AND id < :cursor
    ORDER BY id DESC
    LIMIT :page + 1)
)
SELECT r.id, u.email, b.id, b.title, b.author, r.status, line.place, r.created_at, r.ready_until, r.ended_at
FROM picked
JOIN reservations r ON r.id = picked.id
JOIN books b ON b.id = r.book_id
JOIN app_users u ON u.id = r.user_id
LEFT JOIN LATERAL place_in_line(r.book_id, r.id) line ON r.status = 'waiting'
ORDER BY r.id DESC;

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
-- purpose: the books a person waits for, in the order in which they asked, with their place in each line. None of who is ready.
-- params: user_id uuid
SELECT r.book_id, b.title, b.author, r.created_at, r.ready_until, line.place
FROM reservations r
JOIN books b ON b.id = r.book_id
LEFT JOIN LATERAL place_in_line(r.book_id, r.id) line ON r.status = 'waiting'
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

-- name: read_busiest_hours
-- purpose: how many loans of the last four weeks began in each hour of the week (UTC, counted from Monday's first; the epoch
--   began on a Thursday). By arithmetic: to ask the calendar for the day and the hour of each takes half as long again. The
--   span is part of the text, so that the planner knows how little of loans_by_borrowed it has to look at.
SELECT (floor(date_part('epoch', borrowed_at) / 3600)::bigint + 72) % 168 AS hour, count(*)
FROM loans
WHERE borrowed_at >= now() - interval '28 days'
GROUP BY hour;
