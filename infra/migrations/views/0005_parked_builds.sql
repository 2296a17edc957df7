-- Orders that a build cannot make, or not as far as the log has them. They are
-- parked with the switch; until then nobody but the builder knows of them.
CREATE TABLE projection_build_parked (
    projection  text    NOT NULL,
    build       bigint  NOT NULL,
    id          text    NOT NULL,
    "partition" integer NOT NULL,
    -- Version of the order's row in the build; 0 without one.
    version     bigint  NOT NULL,
    reason      text    NOT NULL,
    PRIMARY KEY (projection, build, id),
    FOREIGN KEY (projection, build) REFERENCES projection_builds ON DELETE CASCADE
);

-- Added to the revisions of the rows that are served, so that none of a later
-- build is one that an earlier build has shown: another build may make another
-- document of the same version of an order.
ALTER TABLE projections ADD COLUMN revision_base integer NOT NULL DEFAULT 0;
