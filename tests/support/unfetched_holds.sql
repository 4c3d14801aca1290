-- Books of one copy each, held for somebody who did not fetch it in time, with two more people in each line.
WITH shelf AS (
    INSERT INTO books (title, category, copies_total, copies_available, copies_held)
    SELECT %(name)s || ' ' || number, 'Trials', 1, 1, 1 FROM generate_series(1, %(books)s) AS number
    RETURNING id
), people AS (
    INSERT INTO app_users (email, password_hash)
    SELECT who || ' of ' || %(name)s || '@example.com', 'none' FROM unnest(ARRAY['late', 'next', 'last']) AS who
    RETURNING id, split_part(email, ' ', 1) AS who
)
INSERT INTO reservations (user_id, book_id, status, ready_at, ready_until)
SELECT people.id, shelf.id, line.status, line.since, line.since + interval '2 days'
FROM (VALUES (1, 'late', 'ready', now() - interval '3 days'), (2, 'next', 'waiting', NULL), (3, 'last', 'waiting', NULL))
    AS line (place, who, status, since)
JOIN people ON people.who = line.who
CROSS JOIN shelf
ORDER BY line.place, shelf.id;
