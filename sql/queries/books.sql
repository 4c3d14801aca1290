-- name: read_books
-- purpose: a page of books for the caller in one round trip, as JSON that passes through as text; one row more than `page` tells
--   whether there is more, an empty page is one row of nulls, and no row comes when the session has ended. A search looks at the
--   words of the next `walk` books first: a word that many have fills the page there, without the many being gathered and sorted.
--   Only for one that few have is the index of words asked, and only for `narrow`, the query's rarest words and the category:
--   each beginning of a word costs it all that begin so. It would be asked for the `others` too, if NOT and !! did not hide them.
--   No book is read to judge it: one that is withdrawn has no words, and a book's category stands among them.
-- params: sid uuid, page int, cursor bigint, category text, narrow tsquery, others tsquery, isbn text, walk int,
--   is_counted boolean
WITH caller AS (
    SELECT s.user_id
    FROM sessions s
    JOIN app_users u ON u.id = s.user_id
    WHERE s.id = :sid AND s.ended_at IS NULL AND s.expires_at > now() AND u.is_active
), counted AS (
    INSERT INTO event_totals AS t (event, stripe, total)
    SELECT 'search', pg_backend_pid() % 64, 1 FROM caller WHERE :is_counted
    ON CONFLICT (event, stripe) DO UPDATE SET total = t.total + 1
), walked AS MATERIALIZED (
    SELECT book_id AS id, words @@ :narrow AND (:others IS NULL OR words @@ :others) AS is_found
    FROM book_words
    WHERE :narrow IS NOT NULL AND book_id > :cursor
    ORDER BY book_id
    LIMIT :walk
), near AS MATERIALIZED (
    SELECT id FROM walked WHERE is_found ORDER BY id LIMIT :page + 1
), far AS MATERIALIZED (
    SELECT id
    FROM (
        SELECT book_id AS id
        FROM book_words
        WHERE words @@ :narrow AND (:others IS NULL OR NOT words @@ !!:others)
          AND (SELECT count(*) FROM near) <= :page
          AND (SELECT count(*) FROM walked) = :walk
        OFFSET 0  -- else the order, or where it begins, might make the planner walk on
    ) few
    WHERE id > (SELECT max(id) FROM walked)
    ORDER BY id
    LIMIT :page + 1
), listed AS MATERIALIZED (
    (SELECT id
    FROM books
    WHERE :narrow IS NULL AND :category IS NULL AND deleted_at IS NULL AND id > :cursor
    ORDER BY id
    LIMIT :page + 1)
    UNION ALL
    (SELECT id
    FROM books
    WHERE :narrow IS NULL AND category = :category AND deleted_at IS NULL AND id > :cursor
    ORDER BY id
    LIMIT :page + 1)
), of_number AS MATERIALIZED (
    SELECT id
    FROM books
    WHERE isbn = :isbn AND deleted_at IS NULL AND id > :cursor AND (:category IS NULL OR category = :category)
), picked AS (
    SELECT id FROM near
    UNION
    SELECT id FROM far
    UNION
    SELECT id FROM listed
    UNION
    SELECT id FROM of_number
    ORDER BY id
    LIMIT :page + 1
)
SELECT page.id, page.printed
FROM caller
LEFT JOIN LATERAL (
    SELECT shown.id, row_to_json(shown)::text AS printed
    FROM (
        SELECT b.id, b.title, b.author, b.category, b.isbn, b.copies_total, b.copies_available,
            coalesce(v.views, 0) AS views, b.borrows, b.created_at, b.updated_at
        FROM picked
        JOIN books b ON b.id = picked.id
        LEFT JOIN book_views v ON v.book_id = b.id
    ) shown
) page ON true
ORDER BY page.id;

-- name: read_book
-- purpose: one book for the caller in one round trip, as JSON, and one view more in a row of its own, so that who looks never
--   waits for who borrows. One row of null is no such book, and no row a session that has ended.
-- params: sid uuid, book_id bigint, is_counted boolean
WITH caller AS (
    SELECT s.user_id
    FROM sessions s
    JOIN app_users u ON u.id = s.user_id
    WHERE s.id = :sid AND s.ended_at IS NULL AND s.expires_at > now() AND u.is_active
), book AS (
    SELECT b.id FROM books b CROSS JOIN caller WHERE b.id = :book_id AND b.deleted_at IS NULL
), viewed AS (
    INSERT INTO book_views AS v (book_id, views)
    SELECT id, 1 FROM book WHERE :is_counted
    ON CONFLICT (book_id) DO UPDATE SET views = v.views + 1
    RETURNING v.views
)
SELECT (
    SELECT row_to_json(shown)::text
    FROM (
        SELECT b.id, b.title, b.author, b.category, b.isbn, b.copies_total, b.copies_available,
            coalesce(viewed.views, v.views, 0) AS views, b.borrows, b.created_at, b.updated_at
        FROM book
        JOIN books b ON b.id = book.id
        LEFT JOIN viewed ON true
        LEFT JOIN book_views v ON v.book_id = b.id
    ) shown
)
FROM caller;

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

-- name: list_missing_titles
-- purpose: those of a demo's titles of which there never was a book; one of the same number may have got another title since.
-- params: titles text[], isbns text[]
SELECT d.title
FROM unnest(:titles, :isbns) AS d (title, isbn)
WHERE NOT EXISTS (SELECT FROM books b WHERE b.title = d.title)
  AND NOT EXISTS (SELECT FROM books b WHERE b.isbn = d.isbn);
