-- Who put which definition in force, and when. What follows from one is told as one digest and written to the CRM on approval alone.
CREATE TABLE journey_activation (
  workspace_id uuid NOT NULL,
  activation_id uuid NOT NULL,
  journey text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('activated', 'rolled_back', 'retired')),
  -- Null where the journey was retired.
  digest text,
  former_digest text,
  at timestamptz(3) NOT NULL,
  by_member text NOT NULL,
  -- When every account was folded by it and what followed was told.
  settled_at timestamptz(3),
  PRIMARY KEY (workspace_id, activation_id)
);
CREATE INDEX journey_activation_of ON journey_activation (workspace_id, journey, at);
CREATE INDEX journey_activation_open ON journey_activation (workspace_id) WHERE settled_at IS NULL;
-- Definitions that are only looked at beside the active one: nothing is posted or written for them.
CREATE TABLE journey_shadow (
  workspace_id uuid NOT NULL,
  journey text NOT NULL,
  digest text NOT NULL,
  version int NOT NULL,
  source text NOT NULL,
  started_at timestamptz(3) NOT NULL,
  started_by text NOT NULL,
  PRIMARY KEY (workspace_id, journey)
);
-- What was activated before this table was.
INSERT INTO journey_activation (workspace_id, activation_id, journey, kind, digest, at, by_member, settled_at)
SELECT workspace_id, md5(workspace_id::text || journey || digest)::uuid, journey, 'activated', digest, activated_at, coalesce(activated_by, 'unknown'), activated_at
  FROM journey_definition WHERE activated_at IS NOT NULL
ON CONFLICT (workspace_id, activation_id) DO NOTHING;
