-- A decision by hand may also say that a subject is nobody's, or that a domain is decided person by person: then it names no account.
ALTER TABLE assignment ALTER COLUMN account_id DROP NOT NULL;
ALTER TABLE assignment ADD COLUMN verdict text CHECK (verdict IN ('not_customer', 'split'));
-- What people decided, kept when it is undone: the latest that stands about a subject is in force.
CREATE TABLE matching_decision (
  workspace_id uuid NOT NULL,
  decision_id uuid NOT NULL,
  subject_kind text NOT NULL CHECK (subject_kind IN ('contact', 'domain', 'event')),
  subject text NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('account', 'not_customer', 'split')),
  account_id uuid,
  decided_at timestamptz(3) NOT NULL,
  decided_by text NOT NULL,
  undone_at timestamptz(3),
  undone_by text,
  PRIMARY KEY (workspace_id, decision_id, subject_kind, subject)
);
CREATE INDEX matching_decision_subject ON matching_decision (workspace_id, subject_kind, subject, decided_at);
-- What is neither read nor kept.
CREATE TABLE exclusion (
  workspace_id uuid NOT NULL,
  exclusion_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('domain', 'person', 'pair', 'label', 'keyword', 'installation')),
  value text NOT NULL,
  -- The second of a pair: an address, or account:<id>; empty for all else.
  other text NOT NULL,
  -- The installation that it is limited to; empty for all of them.
  scope text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  created_by text NOT NULL,
  PRIMARY KEY (workspace_id, exclusion_id)
);
CREATE UNIQUE INDEX exclusion_what ON exclusion (workspace_id, kind, value, other, scope);
-- What an exclusion took away, without saying whose it was.
CREATE TABLE exclusion_receipt (
  workspace_id uuid NOT NULL,
  receipt_id uuid NOT NULL,
  exclusion_id uuid NOT NULL,
  kind text NOT NULL,
  action text NOT NULL CHECK (action IN ('purged', 'removed')),
  counts jsonb NOT NULL,
  digest text NOT NULL,
  at timestamptz(3) NOT NULL,
  by_member text NOT NULL,
  PRIMARY KEY (workspace_id, receipt_id)
);
CREATE INDEX exclusion_receipt_of ON exclusion_receipt (workspace_id, exclusion_id);
-- The labels or folders that a record had, so that a label excluded later finds the past.
ALTER TABLE source_object ADD COLUMN tags text[];
CREATE INDEX source_object_tags ON source_object USING gin (tags) WHERE tags IS NOT NULL;
-- preview: consented to, and nothing of it is read into the store before a person accepts.
ALTER TABLE installation DROP CONSTRAINT installation_status_check;
ALTER TABLE installation ADD CONSTRAINT installation_status_check CHECK (status IN ('active', 'needs_auth', 'disabled', 'preview'));
-- Decisions made before this table was: they stand, and can be undone like any other.
INSERT INTO matching_decision (workspace_id, decision_id, subject_kind, subject, verdict, account_id, decided_at, decided_by)
SELECT workspace_id, assignment_id, subject_kind, subject, 'account', account_id, known_from, coalesce(by_member, 'unknown') FROM assignment
 WHERE basis = 'hand' AND known_to IS NULL AND subject_kind IN ('contact', 'domain', 'event')
ON CONFLICT (workspace_id, decision_id, subject_kind, subject) DO NOTHING;
