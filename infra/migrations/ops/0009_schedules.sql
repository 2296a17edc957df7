-- Why a schedule enqueues nothing as workers are configured; null: it does.
ALTER TABLE job_schedules ADD COLUMN off text;

-- Questions that were asked of statistics, so that answers can be there before they
-- are asked again: of each day, in how many minutes. Nothing is lost with it.
CREATE TABLE asked_questions (
    day   date   NOT NULL,
    -- A path and its parameters, sorted; or the same relative to the day.
    form  text   NOT NULL,
    asked bigint NOT NULL,
    PRIMARY KEY (day, form)
);
