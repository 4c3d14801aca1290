-- name: read_subject_minutes
-- purpose: every subject's figures over time, the means of each step, as JSON and in one round trip. Buckets of
--   histograms are for sums, not for eyes.
-- params: since timestamptz, until timestamptz, step interval
WITH steps AS (
    SELECT subject, figure, date_bin(:step, at, timestamptz 'epoch') AS step, avg(value) AS value
    FROM figures
    WHERE at >= :since AND at < :until AND subject NOT LIKE 'request\_buckets@%'
    GROUP BY subject, figure, step
), points AS (
    SELECT subject, step, jsonb_object_agg(figure, round(value::numeric, 3)) AS told
    FROM steps
    GROUP BY subject, step
)
SELECT subject, jsonb_agg(told || jsonb_build_object('at', extract(epoch FROM step)) ORDER BY step)
FROM points
GROUP BY subject
ORDER BY subject;

-- name: read_subject_hours
-- purpose: the same from the hours, which are kept for ever; hosts' own have a statement of theirs.
-- params: since timestamptz, until timestamptz, step interval
WITH steps AS (
    SELECT subject, figure, date_bin(:step, hour, timestamptz 'epoch') AS step,
        sum(average * samples) / nullif(sum(samples), 0) AS value
    FROM figure_hours
    WHERE hour >= :since AND hour < :until AND subject NOT LIKE 'request\_buckets@%' AND subject NOT LIKE 'host:%'
    GROUP BY subject, figure, step
), points AS (
    SELECT subject, step, jsonb_object_agg(figure, round(value::numeric, 3)) AS told
    FROM steps
    GROUP BY subject, step
)
SELECT subject, jsonb_agg(told || jsonb_build_object('at', extract(epoch FROM step)) ORDER BY step)
FROM points
GROUP BY subject
ORDER BY subject;
