-- What each role of a deployment may do to the log: append to it and read it. Nobody
-- but its owner changes or deletes an event, and its owner is only needed to migrate
-- and to begin an epoch.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public
    TO orderlog_command_api, orderlog_read_api, orderlog_relay, orderlog_projector, orderlog_worker;
GRANT SELECT ON events, log_epochs, relay_topics, _sqlx_migrations
    TO orderlog_command_api, orderlog_read_api, orderlog_relay, orderlog_projector, orderlog_worker;

GRANT INSERT ON events TO orderlog_command_api;
GRANT SELECT, INSERT, UPDATE ON order_numbers, aggregate_snapshots TO orderlog_command_api;

-- What it finds missing, and which topics it has published to.
GRANT UPDATE (contradiction) ON log_epochs TO orderlog_relay;
GRANT INSERT, DELETE ON relay_topics TO orderlog_relay;
