-- States of an account along its history, the last of them shortly before what was folded last: a row each, so that one more event
-- writes none of them and a late one reads one. Text, since nothing is asked of it and it is read as it was written.
CREATE TABLE kept_state (
  workspace_id uuid NOT NULL,
  account_id uuid NOT NULL,
  journey text NOT NULL,
  -- How many facts it has taken, and the instant of the last one: all of that instant.
  taken int NOT NULL,
  at timestamptz(3) NOT NULL,
  state text NOT NULL,
  PRIMARY KEY (workspace_id, account_id, journey, taken)
);
-- What was kept in one document is not carried over: each account is folded from its log once, at its next event.
ALTER TABLE engine_state DROP COLUMN earlier;
ALTER TABLE engine_state DROP COLUMN state;
UPDATE engine_state SET context_digest = '';
CREATE OR REPLACE FUNCTION waymark_refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET default_statistics_target = '30' AS $$
BEGIN
  ANALYZE (SKIP_LOCKED)
    journey_event (workspace_id, event_id, source_id, occurred_at, superseded_at, thread, account_id, connector, type),
    account (workspace_id, account_id),
    assignment (workspace_id, subject_kind, subject, account_id),
    account_wake (workspace_id, account_id),
    engine_state (workspace_id, account_id, journey),
    kept_state (workspace_id, account_id, journey, taken),
    stage_period (workspace_id, account_id, journey, superseded_at),
    flag (workspace_id, account_id, journey, superseded_at);
END $$;
