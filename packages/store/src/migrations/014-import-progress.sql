-- How far an import of a file came, by the file's digest, so that one that was cut off goes on where it was. Gone once it has ended.
CREATE TABLE import_progress (
  workspace_id uuid NOT NULL,
  import_id uuid NOT NULL,
  -- All lines up to this one are stored, merged or set aside.
  line bigint NOT NULL,
  counts jsonb NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, import_id)
);
