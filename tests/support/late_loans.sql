-- People of whom each has a book, due at a moment that is over or to come, with all that is counted with a loan.
WITH people AS (
    INSERT INTO app_users (email, password_hash)
    SELECT gen_random_uuid() || '@example.com', 'none' FROM generate_series(1, %(people)s)
    RETURNING id
), book AS (
    INSERT INTO books (title, category, copies_total, copies_available, copies_lent, borrows)
    VALUES ('A book that many have', 'Trials', %(people)s, 0, %(people)s, %(people)s)
    RETURNING id
), counted AS (
    INSERT INTO borrowers (user_id, open_loans) SELECT id, 1 FROM people
), totalled AS (
    INSERT INTO event_totals AS t (event, stripe, total) VALUES ('loan', 0, %(people)s)
    ON CONFLICT (event, stripe) DO UPDATE SET total = t.total + excluded.total
)
INSERT INTO loans (user_id, book_id, role, borrowed_at, due_at)
SELECT people.id, book.id, 'student', %(due)s - interval '14 days', %(due)s FROM people CROSS JOIN book;
