-- Global tables: what must be known before a workspace is. Nothing global points at a tenant table.
CREATE TABLE workspace (
  workspace_id uuid NOT NULL PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  -- The workspace's data key, wrapped by the master key; version grows with each rotation.
  wrapped_key bytea NOT NULL,
  key_version int NOT NULL,
  created_at timestamptz(3) NOT NULL
);
-- Leads from an outside name (Slack team, HubSpot portal, API token's hash, OAuth state's hash) to its workspace.
CREATE TABLE directory (
  kind text NOT NULL,
  key text NOT NULL,
  workspace_id uuid NOT NULL,
  installation_id uuid,
  expires_at timestamptz(3),
  PRIMARY KEY (kind, key, workspace_id)
);
-- Former data keys, until nothing is sealed with them any more.
CREATE TABLE retired_key (
  workspace_id uuid NOT NULL,
  key_version int NOT NULL,
  wrapped_key bytea NOT NULL,
  retired_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, key_version)
);
