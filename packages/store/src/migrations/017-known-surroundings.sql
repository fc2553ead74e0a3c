-- Stretches in which an imported source told nothing of anybody, far longer than is usual with it. Two times: valid (from, to; null
-- while it lasts) and known (recorded, superseded).
CREATE TABLE source_outage (
  workspace_id uuid NOT NULL,
  outage_id uuid NOT NULL,
  source text NOT NULL,
  touchpoint text NOT NULL,
  from_at timestamptz(3) NOT NULL,
  to_at timestamptz(3),
  recorded_at timestamptz(3) NOT NULL,
  superseded_at timestamptz(3),
  PRIMARY KEY (workspace_id, outage_id)
);
-- When outages were last looked for, and the next instant at which a source will have been silent for too long if nothing comes.
CREATE TABLE source_check (
  workspace_id uuid NOT NULL PRIMARY KEY,
  checked_at timestamptz(3) NOT NULL,
  next_at timestamptz(3)
);
-- The lulls that accounts were judged with, in known time.
CREATE TABLE season_known (
  workspace_id uuid NOT NULL,
  known_from timestamptz(3) NOT NULL,
  known_to timestamptz(3),
  lulls jsonb NOT NULL,
  PRIMARY KEY (workspace_id, known_from)
);
-- When a gap was noticed; null for those from before this was noted.
ALTER TABLE coverage_gap ADD COLUMN opened_at timestamptz(3);
