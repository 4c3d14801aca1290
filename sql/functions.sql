-- Functions that run with the owner's rights, since only an owner may make and drop partitions.
-- Run by every migration; each is replaced whole.

-- Makes the partition of a policy that begins at a moment, unless there is one; how many, 1 or 0.
-- Made apart and then attached: CREATE TABLE … PARTITION OF would lock the whole table against reading and writing, and
-- behind one long query every insert would wait.
CREATE OR REPLACE FUNCTION make_partition(policy partition_policies, starts timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
DECLARE
    partition_name text := policy.table_name || to_char(starts, CASE policy.span WHEN 'day' THEN '_YYYYMMDD' ELSE '_YYYYMM' END);
BEGIN
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
-- nobody fills the catalogue. How many were made; two who make the same one at once: the second waits, then finds it.
CREATE OR REPLACE FUNCTION make_late_partition(wanted text, moment timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
DECLARE
    policy partition_policies;
BEGIN
    SELECT * INTO policy FROM partition_policies WHERE table_name = wanted AND moment BETWEEN now() - keep AND now();
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('make_late_partition'));
    RETURN make_partition(policy, date_trunc(policy.span, moment));
END $$;

-- Drops the next partition whose every row is older than its policy keeps; how many, 1 or 0. One at a time, since its lock
-- lasts until the transaction ends, and is not to be held while another is waited for. Inserts queue behind whoever waits:
-- so it soon gives way to a long reader, and what could not be dropped is tried again at the next run.
CREATE OR REPLACE FUNCTION drop_partitions(moment timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET timezone = 'UTC' SET lock_timeout = '30ms' AS $$
DECLARE
    aged record;
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
        END;
    END LOOP;
    RETURN 0;
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

-- The account that has an e-mail, for who may not read the e-mails of all.
CREATE OR REPLACE FUNCTION find_user_id(wanted text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
RETURN (SELECT id FROM app_users WHERE lower(email) = lower(wanted));

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
