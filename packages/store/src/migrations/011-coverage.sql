-- Through which touchpoints a stream sees contact, as its connector declares: only then does its silence mean something.
ALTER TABLE stream_state ADD COLUMN sees text[];
-- Runs in a row that ended with a fault, and before when the next is not made by the clock alone.
ALTER TABLE stream_state ADD COLUMN failures int NOT NULL DEFAULT 0;
ALTER TABLE stream_state ADD COLUMN retry_at timestamptz(3);
UPDATE stream_state SET sees = CASE stream
    WHEN 'messages' THEN '{email}'::text[] WHEN 'mail' THEN '{email}'::text[] WHEN 'emails' THEN '{email}'::text[]
    WHEN 'events' THEN '{meeting}'::text[] WHEN 'calendar' THEN '{meeting}'::text[] WHEN 'meetings' THEN '{meeting}'::text[]
    WHEN 'tickets' THEN '{ticket}'::text[] WHEN 'channel-messages' THEN '{chat}'::text[] ELSE '{}'::text[] END
 WHERE sees IS NULL;
-- What a partition watched that is read no more, such as a calendar that was unsubscribed: the time until then was watched all the same.
CREATE TABLE past_coverage (
  workspace_id uuid NOT NULL,
  coverage_id uuid NOT NULL,
  installation_id uuid NOT NULL,
  stream text NOT NULL,
  partition text NOT NULL,
  label text,
  sees text[] NOT NULL,
  from_at timestamptz(3) NOT NULL,
  to_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, coverage_id)
);
CREATE INDEX past_coverage_of ON past_coverage (workspace_id, installation_id);
