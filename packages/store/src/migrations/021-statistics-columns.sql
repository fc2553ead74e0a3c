-- Only the columns by which rows are looked up, and a sample that is large enough to choose an index by: whole states and attributes cost
-- seconds.
CREATE OR REPLACE FUNCTION waymark_refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET default_statistics_target = '30' AS $$
BEGIN
  ANALYZE (SKIP_LOCKED)
    journey_event (workspace_id, event_id, source_id, occurred_at, superseded_at, thread, account_id, connector, type),
    account (workspace_id, account_id),
    assignment (workspace_id, subject_kind, subject, account_id),
    account_wake (workspace_id, account_id),
    engine_state (workspace_id, account_id, journey),
    stage_period (workspace_id, account_id, journey, superseded_at),
    flag (workspace_id, account_id, journey, superseded_at);
END $$;
