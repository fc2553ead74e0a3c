CREATE TABLE journey_definition (
  workspace_id uuid NOT NULL,
  journey text NOT NULL,
  digest text NOT NULL,
  version int NOT NULL,
  source text NOT NULL,
  activated_at timestamptz(3),
  activated_by text,
  retired_at timestamptz(3),
  PRIMARY KEY (workspace_id, journey, digest)
);
-- A checkpoint; any mismatch of digest or engine version refolds.
CREATE TABLE engine_state (
  workspace_id uuid NOT NULL,
  account_id uuid NOT NULL,
  journey text NOT NULL,
  definition_digest text NOT NULL,
  engine_version int NOT NULL,
  context_digest text NOT NULL,
  state jsonb NOT NULL,
  stage text,
  health numeric,
  digest text NOT NULL,
  as_of timestamptz(3) NOT NULL,
  next_change_at timestamptz(3),
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, account_id, journey)
);
CREATE INDEX engine_state_wake ON engine_state (workspace_id, next_change_at) WHERE next_change_at IS NOT NULL;
-- Accounts to fold: written in the transaction that stores their events, deleted by the one that folds the version it read.
CREATE TABLE account_wake (
  workspace_id uuid NOT NULL,
  account_id uuid NOT NULL,
  version bigint NOT NULL,
  since timestamptz(3) NOT NULL,
  -- The earliest instant at which anything changed: before it the fold still holds.
  earliest timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, account_id)
);
-- Two times: valid (entered, exited) and known (recorded, superseded).
CREATE TABLE stage_period (
  workspace_id uuid NOT NULL,
  period_id uuid NOT NULL,
  account_id uuid NOT NULL,
  journey text NOT NULL,
  stage text NOT NULL,
  entered_at timestamptz(3) NOT NULL,
  exited_at timestamptz(3),
  detail jsonb NOT NULL,
  recorded_at timestamptz(3) NOT NULL,
  superseded_at timestamptz(3),
  PRIMARY KEY (workspace_id, period_id)
);
CREATE INDEX stage_period_account ON stage_period (workspace_id, account_id, journey);
CREATE TABLE flag (
  workspace_id uuid NOT NULL,
  flag_id uuid NOT NULL,
  generation int NOT NULL,
  account_id uuid NOT NULL,
  journey text NOT NULL,
  rule text NOT NULL,
  kind text NOT NULL,
  severity text NOT NULL,
  opened_at timestamptz(3) NOT NULL,
  cleared_at timestamptz(3),
  detail jsonb NOT NULL,
  recorded_at timestamptz(3) NOT NULL,
  superseded_at timestamptz(3),
  PRIMARY KEY (workspace_id, flag_id, generation)
);
CREATE INDEX flag_open ON flag (workspace_id, account_id) WHERE superseded_at IS NULL;
-- What people did with a flag: kept apart from what the engine says.
CREATE TABLE flag_handling (
  workspace_id uuid NOT NULL,
  flag_id uuid NOT NULL,
  claimed_by text,
  claimed_at timestamptz(3),
  snoozed_until timestamptz(3),
  answer text,
  answered_by text,
  answered_at timestamptz(3),
  PRIMARY KEY (workspace_id, flag_id)
);
