-- The ledger of jobs: what is to be done, by whom, and what came of it. Redis
-- only tells workers of rows in here.
CREATE TABLE jobs (
    id               uuid        PRIMARY KEY,
    queue            text        NOT NULL,
    kind             text        NOT NULL,
    payload          jsonb       NOT NULL,
    -- 0 high, 1 normal, 2 low.
    priority         smallint    NOT NULL,
    state            text        NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'running', 'done', 'dead', 'cancelled')),
    -- Not before.
    run_at           timestamptz NOT NULL,
    -- When a sweeper is to tell Redis of it, if it is still pending then.
    announce_at      timestamptz NOT NULL,
    -- Attempts that were begun, but for those that somebody else ended.
    attempts         integer     NOT NULL DEFAULT 0,
    max_attempts     integer     NOT NULL,
    -- At most one job of a kind with this key is pending or running.
    unique_key       text,
    -- Whoever took it last; only they may say what became of it.
    lease            uuid,
    lease_until      timestamptz,
    worker           text,
    cancel_requested boolean     NOT NULL DEFAULT false,
    progress         jsonb,
    result           jsonb,
    last_error       text,
    -- The last ten failures: attempt, at, worker, error.
    errors           jsonb       NOT NULL DEFAULT '[]',
    traceparent      text,
    correlation_id   text,
    created_at       timestamptz NOT NULL DEFAULT statement_timestamp(),
    started_at       timestamptz,
    finished_at      timestamptz
) WITH (
    -- Every row changes three times within moments, and what it was then lies
    -- where the next one is looked for.
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.05
);

-- What to take next, and how long the oldest has been due.
CREATE INDEX jobs_due ON jobs (queue, priority, run_at) WHERE state = 'pending';
-- What to announce next.
CREATE INDEX jobs_to_announce ON jobs (queue, priority, announce_at) WHERE state = 'pending';
CREATE INDEX jobs_leases ON jobs (lease_until) WHERE state = 'running';
CREATE UNIQUE INDEX jobs_unique ON jobs (kind, unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('pending', 'running');
-- For people, and for what is thrown away one day.
CREATE INDEX jobs_finished ON jobs (state, finished_at) WHERE finished_at IS NOT NULL;

-- Jobs that are enqueued at certain times.
CREATE TABLE job_schedules (
    name          text        PRIMARY KEY,
    -- A cron expression, read in the time zone; or so many seconds instead.
    cron          text,
    time_zone     text        NOT NULL,
    every_seconds bigint,
    -- The job.
    queue         text        NOT NULL,
    kind          text        NOT NULL,
    payload       jsonb       NOT NULL,
    priority      smallint    NOT NULL,
    max_attempts  integer     NOT NULL,
    -- The next due time. Whoever moves it enqueues the run, in one statement.
    next_run_at   timestamptz NOT NULL,
    paused        boolean     NOT NULL DEFAULT false,
    -- The run that was enqueued last, and the time that it was due at; null
    -- where a person asked for it.
    last_job      uuid,
    last_due_at   timestamptz,
    CHECK ((cron IS NULL) <> (every_seconds IS NULL))
);
