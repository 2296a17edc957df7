-- How the file is to be read that was uploaded instead of lines; null where lines
-- were. A worker makes the lines of it: `prepared` says whether they are there.
ALTER TABLE operations ADD COLUMN import jsonb;
