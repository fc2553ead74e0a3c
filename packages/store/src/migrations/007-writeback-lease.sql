-- One worker at a time writes for a mapping; whoever was paused past its lease holds an older fence and can record nothing.
ALTER TABLE writeback_mapping ADD COLUMN lease_holder text;
ALTER TABLE writeback_mapping ADD COLUMN lease_until timestamptz(3);
ALTER TABLE writeback_mapping ADD COLUMN lease_fence bigint NOT NULL DEFAULT 0;
-- When a plan that was cut short by a passing fault is tried again.
ALTER TABLE writeback_plan ADD COLUMN resume_at timestamptz(3);
ALTER TABLE writeback_plan ADD COLUMN resume_reason text;
CREATE INDEX writeback_plan_mapping ON writeback_plan (workspace_id, mapping_id, state);
CREATE INDEX writeback_item_record ON writeback_item (workspace_id, external_id);
