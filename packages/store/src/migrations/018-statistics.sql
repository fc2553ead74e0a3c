-- What the planner knows of the tables by which accounts are worked out. Without it, it takes any index that begins with the workspace
-- and reads the whole log for each account; the server's own look comes a minute too late for an import. Only the owner may look, hence
-- the definer's rights.
CREATE FUNCTION waymark_refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  ANALYZE (SKIP_LOCKED) journey_event, account, assignment, account_wake, engine_state, stage_period, flag;
END $$;
