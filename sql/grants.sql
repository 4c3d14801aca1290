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
GRANT SELECT, INSERT ON audit_log TO watchhouse_auth;
GRANT SELECT ON collectors, service_states TO watchhouse_auth;

-- auth: what is watched, what went wrong, what is planned. A channel's url may hold a password: auth writes it, and never reads it
GRANT SELECT, INSERT, UPDATE, DELETE ON endpoints, maintenance, maintenance_endpoints, incident_endpoints TO watchhouse_auth;
GRANT SELECT, INSERT, UPDATE ON incidents TO watchhouse_auth;
GRANT SELECT, INSERT ON incident_updates, check_requests TO watchhouse_auth;
GRANT SELECT, UPDATE ON status_page TO watchhouse_auth;
GRANT SELECT (id, name, shown, kinds, is_enabled, created_at, updated_at) ON channels TO watchhouse_auth;
GRANT INSERT, UPDATE, DELETE ON channels TO watchhouse_auth;
GRANT SELECT ON endpoint_schedule, checks, endpoint_states, state_intervals, endpoint_hours, endpoint_days, endpoint_figures, alerts,
    host_metrics, figures, figure_hours, daily_figures, job_runs, house_keys TO watchhouse_auth;
GRANT SELECT ON request_log, request_minutes, request_hours, request_dirty_hours, request_audits, journal_hours, journal_states, quarantined_lines
    TO watchhouse_auth;
GRANT SELECT ON alembic_version TO watchhouse_auth, watchhouse_collector;

-- auth: locks, who may use them, what they are told. What they say is the collector's to write; a device's rows are made with it
GRANT SELECT, INSERT, UPDATE ON devices TO watchhouse_auth;
GRANT SELECT, INSERT, UPDATE, DELETE ON device_shares, access_pins TO watchhouse_auth;
GRANT SELECT, INSERT ON device_states, device_commands, qr_uses TO watchhouse_auth;
GRANT UPDATE (status, reason, finished_at, params) ON device_commands TO watchhouse_auth;
GRANT SELECT, INSERT, UPDATE ON device_chains, code_brakes TO watchhouse_auth;
GRANT SELECT, INSERT ON device_logs TO watchhouse_auth;
GRANT SELECT ON device_boots, device_telemetry, device_checkpoints, dead_letters TO watchhouse_auth;
GRANT UPDATE (acknowledged_at, acknowledged_by, resolved_at, resolved_by) ON alerts TO watchhouse_auth;

-- auth: books, who has them, who waits. Nothing of it is ever deleted but the words of a book that is withdrawn; what happened
-- is counted where it happens
GRANT SELECT, INSERT, UPDATE ON books, book_words, book_views, borrowers, loans, reservations, event_totals TO watchhouse_auth;
GRANT DELETE ON book_words TO watchhouse_auth;

-- collector: it sends what auth asked for, measures, and cleans up what has had its time
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE, DELETE ON collectors TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE ON service_states TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE ON host_metrics TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE, DELETE ON job_runs TO watchhouse_collector;
GRANT SELECT, DELETE ON sessions, one_time_tokens, login_throttle, idempotency_keys TO watchhouse_collector;
GRANT SELECT, INSERT ON endpoints TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE, DELETE ON endpoint_schedule, endpoint_states, state_intervals, endpoint_figures, endpoint_days TO watchhouse_collector;
GRANT SELECT, INSERT ON checks TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE, DELETE ON check_requests TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE ON endpoint_hours, figures, figure_hours, daily_figures, counter_totals, alerts, incidents TO watchhouse_collector;
GRANT SELECT, INSERT ON incident_updates, incident_endpoints TO watchhouse_collector;
GRANT SELECT ON maintenance, maintenance_endpoints, channels, house_keys TO watchhouse_collector;
GRANT SELECT (id, role, is_active, is_staff, email_verified, identity_verified, professional_verified,
    last_login_at, created_at) ON app_users TO watchhouse_collector;
GRANT SELECT ON usage_stats TO watchhouse_collector;
GRANT SELECT (id, created_at) ON resources TO watchhouse_collector;
GRANT SELECT, INSERT ON request_log TO watchhouse_collector;
GRANT UPDATE (user_id, ip_address, user_agent, request_id, problem_detail) ON request_log TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE ON request_minutes, request_audits, journal_hours TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE, DELETE ON request_hours TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE, DELETE ON request_dirty_hours, request_erasures, journal_segments, journal_states TO watchhouse_collector;
GRANT SELECT, INSERT, DELETE ON quarantined_lines TO watchhouse_collector;
GRANT EXECUTE ON FUNCTION make_late_partition(text, timestamptz), find_user_id(text) TO watchhouse_collector;
GRANT INSERT ON audit_log TO watchhouse_collector;
GRANT SELECT ON partition_policies TO watchhouse_auth, watchhouse_collector;

-- collector: the fleet. It learns which locks there are, and never whose e-mail stands behind one
GRANT SELECT ON devices, device_shares, code_brakes TO watchhouse_collector;
GRANT SELECT, UPDATE ON device_states TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE, DELETE ON device_boots, device_commands, device_checkpoints TO watchhouse_collector;
GRANT SELECT, INSERT, UPDATE ON device_chains TO watchhouse_collector;
GRANT SELECT, INSERT ON device_logs, device_telemetry TO watchhouse_collector;
GRANT SELECT, INSERT, DELETE ON dead_letters, qr_uses TO watchhouse_collector;
GRANT SELECT ON access_pins TO watchhouse_collector;
GRANT UPDATE (uses, is_active) ON access_pins TO watchhouse_collector;
GRANT UPDATE (user_id, ip_address, personal_salt) ON device_logs TO watchhouse_collector;

-- collector: the library. It finds what is overdue and whose turn it is, and never whose e-mail that is
GRANT SELECT ON books, book_views, loans, reservations, event_totals TO watchhouse_collector;
GRANT UPDATE (status, overdue_at) ON loans TO watchhouse_collector;
GRANT UPDATE (status, ready_at, ready_until, ended_at) ON reservations TO watchhouse_collector;
GRANT UPDATE (copies_held) ON books TO watchhouse_collector;
GRANT EXECUTE ON FUNCTION find_borrower_email(bigint), find_waiting_email(bigint), list_librarian_emails() TO watchhouse_collector;

GRANT USAGE ON SEQUENCE device_logs_numbers TO watchhouse_auth, watchhouse_collector;
GRANT EXECUTE ON FUNCTION find_waiting_email(bigint), place_in_line(bigint, bigint) TO watchhouse_auth;
GRANT EXECUTE ON FUNCTION find_owner_email(uuid) TO watchhouse_collector;
GRANT EXECUTE ON FUNCTION visible_incidents(boolean) TO watchhouse_auth;
GRANT EXECUTE ON FUNCTION is_online_now(boolean, timestamptz) TO watchhouse_auth, watchhouse_collector, watchhouse_reader;
GRANT EXECUTE ON FUNCTION slot_after(bigint, int, timestamptz) TO watchhouse_collector;
GRANT EXECUTE ON FUNCTION make_partitions(timestamptz), drop_partitions(timestamptz) TO watchhouse_collector;

-- reader (Grafana): figures, never a password's hash, a token, a message or an address
GRANT SELECT ON resources, usage_stats, user_action_totals, collectors, service_states, host_metrics, job_runs TO watchhouse_reader;
GRANT SELECT ON endpoint_schedule, checks, endpoint_states, state_intervals, endpoint_hours, endpoint_days, endpoint_figures, alerts, incidents,
    incident_endpoints, incident_updates, maintenance, maintenance_endpoints, figures, figure_hours, daily_figures, status_page TO watchhouse_reader;
GRANT SELECT (id, name, method, interval_seconds, timeout_seconds, retries, expected_status, degraded_after_ms, is_enabled, is_public, group_name,
    parent_id, position, created_at, updated_at) ON endpoints TO watchhouse_reader;
GRANT SELECT (id, name, kinds, is_enabled, created_at, updated_at) ON channels TO watchhouse_reader;
GRANT SELECT (id, at, endpoint, method, status, duration_us, request_bytes, response_bytes, is_probe, problem_title) ON request_log TO watchhouse_reader;
GRANT SELECT ON request_minutes, request_hours, request_dirty_hours, request_audits, journal_hours, journal_states TO watchhouse_reader;
GRANT SELECT (id, number, role, is_active, is_staff, email_verified, phone_verified, identity_verified, professional_verified,
    last_login_at, created_at) ON app_users TO watchhouse_reader;

GRANT SELECT ON devices, device_states, device_telemetry, device_chains TO watchhouse_reader;
GRANT SELECT (id, device_id, command, status, tries, created_at, expires_at, sent_at, received_at, finished_at) ON device_commands TO watchhouse_reader;
GRANT SELECT (id, device_id, position, event_type, success, happened_at, created_at) ON device_logs TO watchhouse_reader;
GRANT SELECT (id, received_at, topic, payload_bytes, reason) ON dead_letters TO watchhouse_reader;
GRANT SELECT ON books, book_views, event_totals TO watchhouse_reader;
GRANT SELECT (id, book_id, role, status, renewals, borrowed_at, due_at, overdue_at, returned_at) ON loans TO watchhouse_reader;
GRANT SELECT (id, book_id, status, created_at, ready_at, ready_until, ended_at) ON reservations TO watchhouse_reader;

-- arithmetic, of no secret
GRANT EXECUTE ON FUNCTION sketch_bin(double precision), sketch_value(int), sketch_quantile(int[], bigint[], double precision)
    TO watchhouse_auth, watchhouse_collector, watchhouse_reader;
GRANT EXECUTE ON FUNCTION requests_between(timestamptz, timestamptz) TO watchhouse_auth, watchhouse_collector, watchhouse_reader;

-- monitor (the PostgreSQL exporter): the server's statistics only
GRANT pg_monitor TO watchhouse_monitor;
