-- Keys, endpoints, jobs. What seals personal data is never changed, only deleted.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public
    TO orderlog_command_api, orderlog_read_api, orderlog_projector, orderlog_worker;
GRANT SELECT ON ALL TABLES IN SCHEMA public
    TO orderlog_command_api, orderlog_read_api, orderlog_worker;
GRANT SELECT ON subject_keys, _sqlx_migrations TO orderlog_projector;
GRANT INSERT ON secrets TO orderlog_command_api, orderlog_read_api;

GRANT INSERT, UPDATE ON api_keys, jobs, job_schedules, operations, exports
    TO orderlog_command_api;
-- Nobody makes a key of more rights by way of queries.
GRANT UPDATE (last_used_at) ON api_keys TO orderlog_read_api;
GRANT INSERT, UPDATE ON jobs, job_schedules TO orderlog_read_api;
GRANT INSERT, DELETE ON subject_keys TO orderlog_command_api;
GRANT INSERT, UPDATE, DELETE ON
    webhook_endpoints, webhook_messages, webhook_deliveries, webhook_attempts, webhook_rotations
    TO orderlog_command_api;
GRANT INSERT, UPDATE, DELETE ON operation_parts TO orderlog_command_api;
GRANT INSERT, UPDATE, DELETE ON asked_questions TO orderlog_read_api;

GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO orderlog_worker;
REVOKE INSERT, UPDATE, DELETE ON _sqlx_migrations FROM orderlog_worker;
REVOKE UPDATE ON subject_keys FROM orderlog_worker;
