-- Of whom a help desk or a channel told: asked while one is not read, of each account that is folded.
CREATE INDEX journey_event_desk ON journey_event (workspace_id, account_id, installation_id)
 WHERE superseded_at IS NULL AND installation_id IS NOT NULL AND touchpoint IN ('ticket', 'chat');
