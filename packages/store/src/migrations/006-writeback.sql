CREATE TABLE writeback_mapping (
  workspace_id uuid NOT NULL,
  mapping_id uuid NOT NULL,
  installation_id uuid NOT NULL,
  journey text NOT NULL,
  property text NOT NULL,
  -- our stage -> CRM option value; a stage that is missing is not written.
  values_map jsonb NOT NULL,
  allow_backward boolean NOT NULL,
  -- Set when a person approved a first plan: from then on plans apply by themselves.
  approved_at timestamptz(3),
  approved_by text,
  enabled boolean NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, mapping_id)
);
CREATE TABLE writeback_plan (
  workspace_id uuid NOT NULL,
  plan_id uuid NOT NULL,
  mapping_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('forward', 'undo')),
  state text NOT NULL CHECK (state IN ('draft', 'approved', 'applying', 'done', 'rejected')),
  undo_of uuid,
  approved_by text,
  approved_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  finished_at timestamptz(3),
  PRIMARY KEY (workspace_id, plan_id)
);
-- The diff, and after it the journal: before, wanted, what was read back.
CREATE TABLE writeback_item (
  workspace_id uuid NOT NULL,
  item_id uuid NOT NULL,
  plan_id uuid NOT NULL,
  account_id uuid NOT NULL,
  external_id text NOT NULL,
  property text NOT NULL,
  before_value text,
  before_changed_at timestamptz(3),
  after_value text NOT NULL,
  why jsonb NOT NULL,
  conflict text,
  backward boolean NOT NULL,
  -- planned -> (clearing -> cleared ->) writing -> written -> verified | failed | skipped
  state text NOT NULL CHECK (state IN ('planned', 'clearing', 'cleared', 'writing', 'written', 'verified', 'failed', 'skipped')),
  read_back text,
  error text,
  written_at timestamptz(3),
  verified_at timestamptz(3),
  PRIMARY KEY (workspace_id, item_id)
);
CREATE INDEX writeback_item_plan ON writeback_item (workspace_id, plan_id);
-- Our own writes, so that they are recognized when they come back (failure H1).
CREATE TABLE write_ledger (
  workspace_id uuid NOT NULL,
  write_id uuid NOT NULL,
  installation_id uuid NOT NULL,
  external_id text NOT NULL,
  property text NOT NULL,
  value text NOT NULL,
  written_at timestamptz(3) NOT NULL,
  seen_back_at timestamptz(3),
  PRIMARY KEY (workspace_id, write_id)
);
CREATE INDEX write_ledger_record ON write_ledger (workspace_id, installation_id, external_id, property);
