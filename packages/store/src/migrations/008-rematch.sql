-- Whose assignment changed: the sightings that name them are matched again, once for many pages, in a transaction that deletes the row.
CREATE TABLE rematch_subject (
  workspace_id uuid NOT NULL,
  -- contact (an address key), domain, record (a CRM id) or account.
  subject_kind text NOT NULL,
  subject text NOT NULL,
  since timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, subject_kind, subject)
);
CREATE INDEX assignment_detail ON assignment (workspace_id, detail) WHERE known_to IS NULL AND detail IS NOT NULL;
CREATE INDEX assignment_hand ON assignment (workspace_id) WHERE known_to IS NULL AND basis = 'hand';
CREATE INDEX account_merged ON account (workspace_id) WHERE merged_into IS NOT NULL;
-- The record that says it, so that it ends when the record is gone.
ALTER TABLE account_record ADD COLUMN source_id uuid;
ALTER TABLE account_record ADD COLUMN gone_at timestamptz(3);
CREATE INDEX account_record_source ON account_record (workspace_id, source_id);
ALTER TABLE contact ADD COLUMN source_id uuid;
-- CRM ids of companies, the primary one first: a company that comes later is still found.
ALTER TABLE contact ADD COLUMN account_external_ids text[] NOT NULL DEFAULT '{}';
CREATE INDEX contact_source ON contact (workspace_id, source_id);
