-- Makes the role that owns and migrates, and its database. psql runs this as a superuser, once or many times:
-- the embedded server at each start, the PostgreSQL container when its volume is new. psql 15 or later (\getenv).
-- METRICS_PASSWORD is the role's password. Everything else (tables, the other roles, grants) is made by migrations.
\set ON_ERROR_STOP 1
\set metrics_password metrics_pass
\getenv metrics_password METRICS_PASSWORD
-- An ALTER ROLE that fails must not leave its password in the server's log.
SET log_min_error_statement = panic;

SELECT 'CREATE ROLE metrics'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'metrics') \gexec

ALTER ROLE metrics WITH LOGIN CREATEROLE PASSWORD :'metrics_password';

-- Migrations make the monitoring role, and may give it only what they may hand on.
SELECT 'GRANT pg_monitor TO metrics WITH ADMIN OPTION'
WHERE NOT EXISTS (
    SELECT
    FROM pg_auth_members
    WHERE roleid = 'pg_monitor'::regrole
      AND member = 'metrics'::regrole
      AND admin_option
) \gexec

-- Sorted by bytes, so an index serves LIKE; letters by Unicode, so lower() knows them all; the same everywhere.
SELECT 'CREATE DATABASE metrics OWNER metrics TEMPLATE template0 ENCODING ''UTF8'' LC_COLLATE ''C'' LC_CTYPE ''C.UTF-8'''
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'metrics') \gexec

REVOKE CONNECT, TEMPORARY ON DATABASE metrics FROM PUBLIC;
