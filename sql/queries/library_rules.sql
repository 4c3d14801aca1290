-- name: read_library_watch
-- purpose: whether anybody counted what auth did within an hour, how often its cache was read then, and how that fared when it
--   was looked at last: null when nobody did of late.
-- params: moment timestamptz
SELECT count(*) > 0, coalesce(sum(value), 0)::float8, (
    SELECT value
    FROM figures
    WHERE subject = 'library' AND figure = 'cache_status' AND at > :moment - interval '5 minutes' AND at <= :moment
    ORDER BY at DESC
    LIMIT 1
)
FROM figures
WHERE subject = 'library' AND figure = 'cache_reads' AND at > :moment - interval '1 hour' AND at <= :moment;
