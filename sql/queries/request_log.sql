-- name: list_requests
-- purpose: a page of the log, newest first, by request_log_in_order from the newest partition on. A rare method or status
--   has no index: so at most `most` rows are looked at, and the last of these is told too, to go on from. The bounds on
--   `at` stand apart from the cursor's, which no partition would be left out for. One row more than `page` tells whether
--   there is more.
-- params: page int, most int, moment timestamptz, cursor bigint, since timestamptz, until timestamptz, is_probe boolean,
--   method text, lowest int, highest int
SELECT looked, is_wanted, id, at, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe, user_id::text,
    ip_address, user_agent, request_id, problem_title, problem_detail
FROM (
    SELECT row_number() OVER (ORDER BY at DESC, id DESC) AS looked,
        is_probe = :is_probe AND status BETWEEN :lowest AND :highest AND (:method IS NULL OR method = :method) AS is_wanted, *
    FROM request_log
    WHERE at >= :since AND at < :until AND at <= :moment AND (at, id) < (:moment, :cursor)
    ORDER BY at DESC, id DESC
    LIMIT :most
) candidates
WHERE is_wanted OR looked = :most
ORDER BY at DESC, id DESC
LIMIT :page + 1;

-- name: list_requests_of_user
-- purpose: the same of one person, by request_log_of_user.
-- params: page int, most int, moment timestamptz, cursor bigint, since timestamptz, until timestamptz, is_probe boolean,
--   method text, lowest int, highest int, user_id uuid, endpoint text
SELECT looked, is_wanted, id, at, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe, user_id::text,
    ip_address, user_agent, request_id, problem_title, problem_detail
FROM (
    SELECT row_number() OVER (ORDER BY at DESC, id DESC) AS looked,
        is_probe = :is_probe AND status BETWEEN :lowest AND :highest AND (:method IS NULL OR method = :method)
            AND (:endpoint IS NULL OR endpoint = :endpoint) AS is_wanted, *
    FROM request_log
    WHERE user_id = :user_id AND at >= :since AND at < :until AND at <= :moment AND (at, id) < (:moment, :cursor)
    ORDER BY at DESC, id DESC
    LIMIT :most
) candidates
WHERE is_wanted OR looked = :most
ORDER BY at DESC, id DESC
LIMIT :page + 1;

-- name: list_requests_of_endpoint
-- purpose: the same of one route, by request_log_of_endpoint.
-- params: page int, most int, moment timestamptz, cursor bigint, since timestamptz, until timestamptz, is_probe boolean,
--   method text, lowest int, highest int, endpoint text
SELECT looked, is_wanted, id, at, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe, user_id::text,
    ip_address, user_agent, request_id, problem_title, problem_detail
FROM (
    SELECT row_number() OVER (ORDER BY at DESC, id DESC) AS looked,
        is_probe = :is_probe AND status BETWEEN :lowest AND :highest AND (:method IS NULL OR method = :method) AS is_wanted, *
    FROM request_log
    WHERE endpoint = :endpoint AND at >= :since AND at < :until AND at <= :moment AND (at, id) < (:moment, :cursor)
    ORDER BY at DESC, id DESC
    LIMIT :most
) candidates
WHERE is_wanted OR looked = :most
ORDER BY at DESC, id DESC
LIMIT :page + 1;

-- name: list_errors
-- purpose: the same of answers of 500 and above, by request_log_errors: few among many.
-- params: page int, most int, moment timestamptz, cursor bigint, since timestamptz, until timestamptz, is_probe boolean,
--   method text, lowest int, highest int, endpoint text
SELECT looked, is_wanted, id, at, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe, user_id::text,
    ip_address, user_agent, request_id, problem_title, problem_detail
FROM (
    SELECT row_number() OVER (ORDER BY at DESC, id DESC) AS looked,
        is_probe = :is_probe AND status BETWEEN :lowest AND :highest AND (:method IS NULL OR method = :method)
            AND (:endpoint IS NULL OR endpoint = :endpoint) AS is_wanted, *
    FROM request_log
    WHERE status >= 500 AND at >= :since AND at < :until AND at <= :moment AND (at, id) < (:moment, :cursor)
    ORDER BY at DESC, id DESC
    LIMIT :most
) candidates
WHERE is_wanted OR looked = :most
ORDER BY at DESC, id DESC
LIMIT :page + 1;
