-- The log. One row is one sighting of an event by one source object in one generation; the event is the row that ranks first among
-- those not superseded: (rank, source_id). So the log only grows, and no order of arrival can change the answer.
CREATE TABLE journey_event (
  workspace_id uuid NOT NULL,
  event_id uuid NOT NULL,
  source_id uuid NOT NULL,
  generation int NOT NULL,
  -- Hash of what the sighting says: a new form of its object replaces only the rows that it changes.
  content uuid NOT NULL,
  type text NOT NULL,
  occurred_at timestamptz(3) NOT NULL,
  recorded_at timestamptz(3) NOT NULL,
  known_assumed boolean NOT NULL,
  superseded_at timestamptz(3),
  rank smallint NOT NULL,
  origin text NOT NULL,
  touchpoint text NOT NULL,
  direction text NOT NULL,
  automated boolean NOT NULL,
  subject text,
  participants jsonb NOT NULL,
  attributes jsonb NOT NULL,
  connector text NOT NULL,
  installation_id uuid,
  object text NOT NULL,
  external_id text NOT NULL,
  url text,
  -- Root Message-ID of a mail's thread, by References (RFC 5322, 3.6.4).
  thread text,
  -- Projections of the matching in force; the only columns that change besides superseded_at. `match` is this sighting's own
  -- finding; `account_id` is the event's: the first finding by (rank, source_id) that names an account.
  account_id uuid,
  match jsonb,
  PRIMARY KEY (workspace_id, event_id, source_id, generation)
);
CREATE INDEX journey_event_account ON journey_event (workspace_id, account_id, occurred_at);
CREATE INDEX journey_event_source ON journey_event (workspace_id, source_id) WHERE superseded_at IS NULL;
CREATE INDEX journey_event_thread ON journey_event (workspace_id, thread) WHERE thread IS NOT NULL;
CREATE INDEX journey_event_unmatched ON journey_event (workspace_id, occurred_at) WHERE account_id IS NULL AND superseded_at IS NULL;
CREATE TABLE account (
  workspace_id uuid NOT NULL,
  account_id uuid NOT NULL,
  name text NOT NULL,
  domain text,
  is_customer boolean NOT NULL,
  -- The CSM by the declared CRM property, the owner only where none is named.
  csm_email text,
  csm_basis text,
  customer_since timestamptz(3),
  renewal_at timestamptz(3),
  value numeric,
  currency text,
  tier text,
  crm_stage text,
  timezone text,
  attributes jsonb NOT NULL,
  -- Followed when accounts are merged.
  merged_into uuid,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, account_id)
);
-- The CRM records that stand for an account, with the fact as last read.
CREATE TABLE account_record (
  workspace_id uuid NOT NULL,
  installation_id uuid NOT NULL,
  external_id text NOT NULL,
  account_id uuid NOT NULL,
  fact jsonb NOT NULL,
  url text,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, installation_id, external_id)
);
CREATE INDEX account_record_account ON account_record (workspace_id, account_id);
CREATE TABLE contact (
  workspace_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  installation_id uuid,
  external_id text,
  account_id uuid,
  name text,
  title text,
  persona text,
  addresses text[] NOT NULL,
  left_at timestamptz(3),
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, contact_id)
);
CREATE INDEX contact_account ON contact (workspace_id, account_id);
CREATE TABLE member (
  workspace_id uuid NOT NULL,
  member_id uuid NOT NULL,
  email text NOT NULL,
  name text,
  crm_owner_ids text[] NOT NULL,
  -- The explicit map wins; the address is a hint (failure G9).
  slack_user_id text,
  slack_basis text CHECK (slack_basis IN ('map', 'email')),
  timezone text,
  active boolean NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, member_id)
);
CREATE UNIQUE INDEX member_email ON member (workspace_id, email);
-- Matching is a dated assignment of addresses, domains, threads and single events to accounts.
CREATE TABLE assignment (
  workspace_id uuid NOT NULL,
  assignment_id uuid NOT NULL,
  subject_kind text NOT NULL CHECK (subject_kind IN ('contact', 'alias', 'domain', 'thread', 'event', 'record')),
  subject text NOT NULL,
  account_id uuid NOT NULL,
  -- crm, hand or derived.
  basis text NOT NULL,
  detail text,
  valid_from timestamptz(3),
  known_from timestamptz(3) NOT NULL,
  known_to timestamptz(3),
  by_member text,
  PRIMARY KEY (workspace_id, assignment_id)
);
CREATE INDEX assignment_subject ON assignment (workspace_id, subject_kind, subject) WHERE known_to IS NULL;
-- What matches nothing, with its reason: one row a person or domain.
CREATE TABLE unmatched (
  workspace_id uuid NOT NULL,
  subject_kind text NOT NULL,
  subject text NOT NULL,
  reason text NOT NULL,
  candidates jsonb NOT NULL,
  events bigint NOT NULL,
  first_seen_at timestamptz(3) NOT NULL,
  last_seen_at timestamptz(3) NOT NULL,
  resolved_at timestamptz(3),
  PRIMARY KEY (workspace_id, subject_kind, subject)
);
