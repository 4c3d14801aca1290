-- name: read_library_figures
-- purpose: what /metrics tells of the library, in one round trip: totals of what happened, people who signed in within 30 days,
--   copies that are available, and how many % of all requests of the last five minutes failed. Available are copies, as
--   the monitor of books counts them; each table is read once.
-- params:
SELECT
    happened.loans,
    happened.returns,
    happened.registrations,
    happened.logins,
    happened.searches,
    (SELECT count(*) FROM app_users WHERE is_active AND last_login_at > now() - interval '30 days'),
    (SELECT coalesce(sum(copies_available), 0)::bigint FROM books WHERE deleted_at IS NULL),
    (
        SELECT coalesce(round(100.0 * sum(status_5xx) / nullif(sum(requests), 0), 2), 0)::float8
        FROM request_minutes
        WHERE minute > now() - interval '5 minutes' AND endpoint = '' AND method = ''
    )
FROM (
    SELECT
        coalesce(sum(total) FILTER (WHERE event = 'loan'), 0)::bigint AS loans,
        coalesce(sum(total) FILTER (WHERE event = 'return'), 0)::bigint AS returns,
        coalesce(sum(total) FILTER (WHERE event = 'registration'), 0)::bigint AS registrations,
        coalesce(sum(total) FILTER (WHERE event = 'login'), 0)::bigint AS logins,
        coalesce(sum(total) FILTER (WHERE event = 'search'), 0)::bigint AS searches
    FROM event_totals
) happened;
