-- Who may do what: the whole of it. Run by every migration after the tables are made; a test compares it with the
-- database. `metrics` owns everything; the roles below only use it. Nothing is granted to PUBLIC.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, watchhouse_auth, watchhouse_collector, watchhouse_reader, watchhouse_monitor;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, watchhouse_auth, watchhouse_collector, watchhouse_reader, watchhouse_monitor;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC, watchhouse_auth, watchhouse_collector, watchhouse_reader, watchhouse_monitor;
GRANT USAGE ON SCHEMA public TO watchhouse_auth, watchhouse_collector, watchhouse_reader;

-- auth: accounts and what people do
GRANT SELECT, INSERT, UPDATE ON app_users TO watchhouse_auth;
GRANT SELECT, INSERT, UPDATE ON sessions TO watchhouse_auth;
GRANT SELECT, INSERT, UPDATE ON one_time_tokens TO watchhouse_auth;
GRANT SELECT, INSERT, UPDATE ON login_throttle TO watchhouse_auth;
GRANT SELECT, INSERT, UPDATE, DELETE ON resources TO watchhouse_auth;
GRANT SELECT, INSERT ON usage_stats TO watchhouse_auth;
GRANT SELECT, INSERT, UPDATE ON user_action_totals TO watchhouse_auth;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO watchhouse_auth;
GRANT SELECT, INSERT ON outbox TO watchhouse_auth;
GRANT SELECT ON collectors, service_states TO watchhouse_auth;
GRANT SELECT ON alembic_version TO watchhouse_auth, watchhouse_collector;

-- collector: it sends what auth asked for, measures, and cleans up what has had its time
GRANT SELECT, UPDATE, DELETE ON outbox TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE, DELETE ON collectors TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE ON service_states TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE ON host_metrics TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE, DELETE ON job_runs TO watchhouse_collector;
GRANT SELECT, DELETE ON sessions, one_time_tokens, login_throttle, idempotency_keys TO watchhouse_collector;
GRANT SELECT ON partition_policies TO watchhouse_collector;
GRANT EXECUTE ON FUNCTION make_partitions(timestamptz), drop_partitions(timestamptz) TO watchhouse_collector;

-- reader (Grafana): figures, never a password's hash, a token, a message or an address
GRANT SELECT ON resources, usage_stats, user_action_totals, collectors, service_states, host_metrics, job_runs TO watchhouse_reader;
GRANT SELECT (id, number, role, is_active, is_staff, email_verified, phone_verified, identity_verified, professional_verified,
    last_login_at, created_at) ON app_users TO watchhouse_reader;

-- monitor (the PostgreSQL exporter): the server's statistics only
GRANT pg_monitor TO watchhouse_monitor;
