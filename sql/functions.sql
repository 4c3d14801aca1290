-- Functions that run with the owner's rights, since only an owner may make and drop partitions.
-- Run by every migration; each is replaced whole.

-- Makes the partition of a policy that begins at a moment, unless there is one; how many, 1 or 0.
-- Made apart and then attached: CREATE TABLE … PARTITION OF would lock the whole table against reading and writing, and
-- behind one long query every insert would wait. Of two who make the same one at once the second waits, then finds it.
CREATE OR REPLACE FUNCTION make_partition(policy partition_policies, starts timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
DECLARE
    partition_name text := policy.table_name || to_char(starts, CASE policy.span WHEN 'day' THEN '_YYYYMMDD' ELSE '_YYYYMM' END);
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('make_partition'));
    IF to_regclass('public.' || quote_ident(partition_name)) IS NOT NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
        partition_name, policy.table_name);
    EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        policy.table_name, partition_name, starts, starts + ('1 ' || policy.span)::interval);
    RETURN 1;
END $$;

-- The partitions that each policy wants from its own past to `ahead` spans after the moment; how many were made.
CREATE OR REPLACE FUNCTION make_partitions(moment timestamptz) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
    SELECT coalesce(sum(make_partition(policy, date_trunc(policy.span, moment) + step * ('1 ' || policy.span)::interval)), 0)::int
    FROM (SELECT * FROM partition_policies ORDER BY table_name) AS policy
    CROSS JOIN LATERAL generate_series(-1, policy.ahead) AS step
$$;

-- The partition for rows of a moment in the past that came late: only as far back as the table's rows are kept, so that
-- nobody fills the catalogue. How many were made.
CREATE OR REPLACE FUNCTION make_late_partition(wanted text, moment timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
DECLARE
    policy partition_policies;
BEGIN
    SELECT * INTO policy FROM partition_policies WHERE table_name = wanted AND moment BETWEEN now() - keep AND now();
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    RETURN make_partition(policy, date_trunc(policy.span, moment));
END $$;

-- Drops the next partition whose every row is older than its policy keeps; how many, 1 or 0, or -1 when all that are left
-- are in use. One at a time, since its lock lasts until the transaction ends, and is not to be held while another is waited
-- for. Inserts queue behind whoever waits: so it soon gives way to a long reader.
CREATE OR REPLACE FUNCTION drop_partitions(moment timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' SET lock_timeout = '30ms' AS $$
DECLARE
    aged record;
    outcome int := 0;
BEGIN
    FOR aged IN
        SELECT child.relname AS name
        FROM partition_policies policy
        JOIN pg_class parent ON parent.relname = policy.table_name AND parent.relnamespace = 'public'::regnamespace
        JOIN pg_inherits ON pg_inherits.inhparent = parent.oid
        JOIN pg_class child ON child.oid = pg_inherits.inhrelid
        WHERE (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz <= moment - policy.keep
        ORDER BY child.relname
    LOOP
        BEGIN
            EXECUTE format('DROP TABLE public.%I', aged.name);
            RETURN 1;
        EXCEPTION WHEN lock_not_available THEN
            RAISE NOTICE 'partition % is in use; it stays until the next run', aged.name;
            outcome := -1;
        END;
    END LOOP;
    RETURN outcome;
END $$;

-- A sketch holds amounts as counts in logarithmic bins: each amount lies within 1 % of its bin's value, since the bins
-- grow by 1.01 / 0.99, whose logarithm is 0.020000666706669543. Sketches are merged by adding the counts of equal bins,
-- in any order; a quantile of a merge is one of all amounts, which an average of quantiles never is.
CREATE OR REPLACE FUNCTION sketch_bin(amount double precision) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ceil(ln(greatest(amount, 0.001::float8)) / 0.020000666706669543::float8)::int;

CREATE OR REPLACE FUNCTION sketch_value(bin int) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN exp(bin * 0.020000666706669543::float8) * 0.99::float8;

-- The value that `share` of all amounts do not exceed; bins may stand in any order and more than once. Null of none.
CREATE OR REPLACE FUNCTION sketch_quantile(bins int[], counts bigint[], share double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT sketch_value(min(bin))
    FROM (
        SELECT bin, sum(amounts) OVER (ORDER BY bin) AS reached, sum(amounts) OVER () AS total
        FROM unnest(bins, counts) AS sketch (bin, amounts)
    ) ranked
    WHERE reached >= greatest(ceil(share * total), 1)
);

-- What requests came to between two moments, by hour, route and method, once or more each: sum them. An hour that is whole
-- and as it was rolled up is read from the hours; one that was added to since, and a ragged end, from the minutes, which
-- are whole for six days: so what is longer ago is right to the hour only. All of it in one statement's snapshot.
-- Called stable, and one expression: so it is inlined, and what narrows it reaches the indexes. Minutes are listed one by
-- one: joined by the hour, all minutes of the table would be read.
CREATE OR REPLACE FUNCTION requests_between(since timestamptz, until timestamptz) RETURNS TABLE (
    hour timestamptz, endpoint text, method text, requests bigint, status_2xx bigint, status_3xx bigint, status_4xx bigint,
    status_5xx bigint, request_bytes bigint, response_bytes bigint, duration_us bigint, bins int[], counts int[]
)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH by_minute AS (
        SELECT dirty.hour
        FROM request_dirty_hours dirty
        WHERE dirty.hour > since - interval '1 hour' AND dirty.hour < until AND dirty.hour >= now() - interval '6 days'
        UNION
        SELECT ragged.hour
        FROM (VALUES (since, date_trunc('hour', since, 'UTC')), (until, date_trunc('hour', until, 'UTC'))) AS ragged (moment, hour)
        WHERE ragged.moment <> ragged.hour
    )
    SELECT h.hour, h.endpoint, h.method, h.requests, h.status_2xx, h.status_3xx, h.status_4xx,
        h.status_5xx, h.request_bytes, h.response_bytes, h.duration_us, h.bins, h.counts
    FROM request_hours h
    WHERE h.hour >= since AND h.hour < until AND h.hour <> ALL (ARRAY(SELECT by_minute.hour FROM by_minute))
    UNION ALL
    SELECT date_trunc('hour', m.minute, 'UTC'), m.endpoint, m.method, m.requests, m.status_2xx, m.status_3xx, m.status_4xx,
        m.status_5xx, m.request_bytes, m.response_bytes, m.duration_us, m.bins, m.counts
    FROM request_minutes m
    WHERE m.minute >= since AND m.minute < until AND m.minute = ANY (ARRAY(
        SELECT generate_series(by_minute.hour, by_minute.hour + interval '59 minutes', interval '1 minute') FROM by_minute
    ))
$$;

-- The account that has an e-mail, for who may not read the e-mails of all.
CREATE OR REPLACE FUNCTION find_user_id(wanted text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
RETURN (SELECT id FROM app_users WHERE lower(email) = lower(wanted));

-- Where a device's owner is told of it, for who may not read the e-mails of all: only an address that proved to be theirs.
CREATE OR REPLACE FUNCTION find_owner_email(device uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
RETURN (
    SELECT u.email
    FROM devices d
    JOIN app_users u ON u.id = d.owner_id
    WHERE d.id = device AND d.deleted_at IS NULL AND u.is_active AND u.email_verified
);

-- Who has a book that was not returned, for who may not read the e-mails of all.
CREATE OR REPLACE FUNCTION find_borrower_email(loan bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
RETURN (
    SELECT u.email
    FROM loans l
    JOIN app_users u ON u.id = l.user_id
    WHERE l.id = loan AND l.returned_at IS NULL AND u.is_active
);

-- Who waits for a book, or may fetch it, likewise.
CREATE OR REPLACE FUNCTION find_waiting_email(reservation bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
RETURN (
    SELECT u.email
    FROM reservations r
    JOIN app_users u ON u.id = r.user_id
    WHERE r.id = reservation AND r.ended_at IS NULL AND u.is_active
);

-- The place in a book's line of a reservation that waits: behind all that wait since before it. Called stable, and one
-- statement: so it is inlined.
CREATE OR REPLACE FUNCTION place_in_line(book bigint, reservation bigint) RETURNS TABLE (place bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT 1 + count(*) FROM reservations r WHERE r.book_id = book AND r.status = 'waiting' AND r.id < reservation
$$;

-- Who looks after the books: librarians, and staff where there is none; a few, for each is mailed.
CREATE OR REPLACE FUNCTION list_librarian_emails() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT email
    FROM app_users
    WHERE is_active
      AND CASE
          WHEN EXISTS (SELECT FROM app_users WHERE role = 'librarian' AND is_active) THEN role = 'librarian'
          ELSE is_staff
      END
    ORDER BY number
    LIMIT 50
$$;

-- The incidents that somebody may know of: who does not see all, those that name a public endpoint, and those that staff wrote
-- and that name none; one by rule is never of the whole house. Called stable, and one statement: so it is inlined.
CREATE OR REPLACE FUNCTION visible_incidents(sees_all boolean) RETURNS SETOF incidents
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT i.*
    FROM incidents i
    WHERE sees_all
        OR (i.opened_by IS NOT NULL AND NOT EXISTS (SELECT FROM incident_endpoints ie WHERE ie.incident_id = i.id))
        OR EXISTS (
            SELECT FROM incident_endpoints ie JOIN endpoints e ON e.id = ie.endpoint_id WHERE ie.incident_id = i.id AND e.is_public
        )
$$;

-- Whether a lock is online: its last word said so, and it was heard within three heartbeats of 30 s. A dead broker leaves
-- the word of all as it was, and a dead collector hears nobody.
CREATE OR REPLACE FUNCTION is_online_now(said boolean, heard_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN said AND coalesce(heard_at > now() - interval '90 seconds', false);

-- The first slot of an endpoint after a moment, to the millisecond: on the absolute clock, at a place within its interval
-- that a hash of its id gives. Multiples of the golden ratio lie evenly whatever ids there are, so there is no herd.
-- One expression, and called stable since extract() is: so it is inlined, which makes claims three times as fast.
CREATE OR REPLACE FUNCTION slot_after(endpoint_id bigint, interval_seconds int, moment timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT to_timestamp((
        ((floor(extract(epoch FROM moment) * 1000)::bigint
            - (((((endpoint_id & 2147483647) * 2654435761) & 4294967295) * interval_seconds * 1000) >> 32))
        / (interval_seconds * 1000::bigint) + 1) * (interval_seconds * 1000::bigint)
        + (((((endpoint_id & 2147483647) * 2654435761) & 4294967295) * interval_seconds * 1000) >> 32)
    ) / 1000.0)
$$;
