-- The installation whose silence an outage is; null for that of an import. Its source is then the installation's id.
ALTER TABLE source_outage ADD COLUMN installation_id uuid;
-- When the silence of installations was last looked at, and when it is to be looked at again if nothing comes.
CREATE TABLE live_check (
  workspace_id uuid NOT NULL PRIMARY KEY,
  checked_at timestamptz(3) NOT NULL,
  next_at timestamptz(3)
);
