-- Since when a webhook's hints wait for a run. A wish of a person (wanted_at) asks for all streams, a hint only for its own.
ALTER TABLE installation ADD COLUMN hinted_at timestamptz(3);
