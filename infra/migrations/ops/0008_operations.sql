-- Number of the last line that may have been sent: where it is past `last_line`,
-- a part was begun, and its lines have no results yet.
ALTER TABLE operations ADD COLUMN sending_to bigint NOT NULL DEFAULT 0;
