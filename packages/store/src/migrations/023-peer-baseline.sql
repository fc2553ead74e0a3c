-- What is usual in a tier at the end of a week, for what definitions ask. Two times: valid (week_end) and known (recorded, superseded).
CREATE TABLE peer_median (
  workspace_id uuid NOT NULL,
  tier text NOT NULL,
  measure text NOT NULL,
  week_end timestamptz(3) NOT NULL,
  -- Null where the tier has too few customers.
  median float8,
  accounts int NOT NULL,
  recorded_at timestamptz(3) NOT NULL,
  superseded_at timestamptz(3),
  PRIMARY KEY (workspace_id, tier, measure, week_end, recorded_at)
);
-- When medians were last worked out, and from what: with more read, or more asked, they are worked out anew.
CREATE TABLE peer_check (
  workspace_id uuid NOT NULL PRIMARY KEY,
  day date NOT NULL,
  basis text NOT NULL
);
