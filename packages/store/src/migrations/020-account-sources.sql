-- Who sees mail and meetings of an account, one installation after the other: without it every fold reads all that the account ever wrote.
CREATE INDEX journey_event_sees ON journey_event (workspace_id, account_id, installation_id)
 WHERE superseded_at IS NULL AND installation_id IS NOT NULL AND touchpoint IN ('email', 'meeting');
