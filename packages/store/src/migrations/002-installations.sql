CREATE TABLE workspace_settings (
  workspace_id uuid NOT NULL PRIMARY KEY,
  -- own_domains, timezone, working hours, caps, alert routes: validated by zod in the repository.
  settings jsonb NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
-- The OAuth app's credentials that an admin gave for a provider.
CREATE TABLE provider_app (
  workspace_id uuid NOT NULL,
  provider text NOT NULL,
  client_id text NOT NULL,
  client_secret bytea NOT NULL,
  extra bytea,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, provider)
);
CREATE TABLE oauth_attempt (
  workspace_id uuid NOT NULL,
  state_hash text NOT NULL,
  provider text NOT NULL,
  connector text NOT NULL,
  browser_hash text,
  verifier bytea,
  redirect_uri text NOT NULL,
  scopes text[] NOT NULL,
  settings jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3),
  PRIMARY KEY (workspace_id, state_hash)
);
CREATE TABLE installation (
  workspace_id uuid NOT NULL,
  installation_id uuid NOT NULL,
  connector text NOT NULL,
  provider text NOT NULL,
  external_account_id text NOT NULL,
  label text NOT NULL,
  address text,
  -- active: runs; needs_auth: the grant is dead, a person must reconnect; disabled: switched off by hand.
  status text NOT NULL CHECK (status IN ('active', 'needs_auth', 'disabled')),
  status_reason text,
  settings jsonb NOT NULL,
  granted_scopes text[] NOT NULL,
  -- Grows with each new grant; events older than it do not end it (failure G6).
  generation int NOT NULL,
  access_token bytea,
  refresh_token bytea,
  access_expires_at timestamptz(3),
  token_version int NOT NULL,
  revoked_signals int NOT NULL,
  -- One worker at a time; the fence is checked in every commit (failures A14, A15).
  lease_holder text,
  lease_until timestamptz(3),
  lease_fence bigint NOT NULL,
  resume_at timestamptz(3),
  resume_reason text,
  wanted_at timestamptz(3),
  next_run_at timestamptz(3),
  last_resync_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, installation_id)
);
CREATE UNIQUE INDEX installation_account ON installation (workspace_id, connector, external_account_id);
CREATE TABLE stream_state (
  workspace_id uuid NOT NULL,
  installation_id uuid NOT NULL,
  stream text NOT NULL,
  partition text NOT NULL,
  label text,
  cursor jsonb,
  cursor_kind text,
  cursor_format int,
  -- Fencing: an update names the version it read.
  cursor_version bigint NOT NULL,
  -- The enumeration that runs, with its start; what it has not seen when complete is gone.
  enumeration text,
  enumeration_started_at timestamptz(3),
  backfilled_from timestamptz(3),
  backfill_done_at timestamptz(3),
  last_attempt_at timestamptz(3),
  last_success_at timestamptz(3),
  -- kind, message, since; null while healthy.
  fault jsonb,
  paused_reason text,
  progress_done bigint NOT NULL,
  progress_expected bigint,
  PRIMARY KEY (workspace_id, installation_id, stream, partition)
);
-- Every record read, in its latest form: the older never replaces the newer.
CREATE TABLE source_object (
  workspace_id uuid NOT NULL,
  source_id uuid NOT NULL,
  installation_id uuid NOT NULL,
  stream text NOT NULL,
  partition text NOT NULL,
  object text NOT NULL,
  external_id text NOT NULL,
  version text NOT NULL,
  content_digest bytea NOT NULL,
  generation int NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('stored', 'ignored', 'rejected')),
  reason text,
  events int NOT NULL,
  occurred_at timestamptz(3),
  seen_enumeration text,
  first_seen_at timestamptz(3) NOT NULL,
  last_seen_at timestamptz(3) NOT NULL,
  gone_at timestamptz(3),
  PRIMARY KEY (workspace_id, source_id)
);
CREATE INDEX source_object_stream ON source_object (workspace_id, installation_id, stream, partition, occurred_at);
-- Rejected records, sealed and without bodies.
CREATE TABLE set_aside (
  workspace_id uuid NOT NULL,
  source_id uuid NOT NULL,
  installation_id uuid,
  stream text NOT NULL,
  external_id text NOT NULL,
  reason text NOT NULL,
  detail text NOT NULL,
  raw bytea NOT NULL,
  first_seen_at timestamptz(3) NOT NULL,
  last_seen_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, source_id)
);
-- A webhook is durable before its 2xx (I8).
CREATE TABLE hint (
  workspace_id uuid NOT NULL,
  hint_id uuid NOT NULL,
  installation_id uuid NOT NULL,
  stream text NOT NULL,
  dedupe_key text NOT NULL,
  external_ids text[] NOT NULL,
  received_at timestamptz(3) NOT NULL,
  taken_at timestamptz(3),
  PRIMARY KEY (workspace_id, hint_id)
);
CREATE UNIQUE INDEX hint_dedupe ON hint (workspace_id, installation_id, dedupe_key);
CREATE INDEX hint_open ON hint (workspace_id, installation_id) WHERE taken_at IS NULL;
CREATE TABLE coverage_gap (
  workspace_id uuid NOT NULL,
  gap_id uuid NOT NULL,
  installation_id uuid NOT NULL,
  stream text NOT NULL,
  partition text NOT NULL,
  from_at timestamptz(3) NOT NULL,
  to_at timestamptz(3),
  reason text NOT NULL,
  -- Set when a later run read what the gap had missed.
  healed_at timestamptz(3),
  PRIMARY KEY (workspace_id, gap_id)
);
-- A chain: each entry's digest covers the former one's (I12). Content enters as a salted digest, so that erasing a person's
-- entries leaves the chain whole (failure R27).
CREATE TABLE audit_entry (
  workspace_id uuid NOT NULL,
  audit_id uuid NOT NULL,
  seq bigint NOT NULL,
  at timestamptz(3) NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  detail jsonb NOT NULL,
  salt bytea,
  content_digest bytea NOT NULL,
  previous_digest bytea NOT NULL,
  digest bytea NOT NULL,
  erased_at timestamptz(3),
  PRIMARY KEY (workspace_id, audit_id)
);
CREATE UNIQUE INDEX audit_entry_seq ON audit_entry (workspace_id, seq);
