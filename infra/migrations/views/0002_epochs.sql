-- The epoch of the log that a build was made from: after the log was restored,
-- rows may hold what it lost, and the build is made anew.
ALTER TABLE projections ADD COLUMN epoch integer NOT NULL DEFAULT 1;
