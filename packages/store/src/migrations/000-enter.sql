-- A workspace is entered once per transaction, through this function alone. The first and last line are harmless placeholders on
-- plain PostgreSQL; on Citus they carry the setting to the workers, which set_config does not.
CREATE FUNCTION waymark_enter(w uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'SET LOCAL citus.propagate_set_commands TO local';
  EXECUTE format('SET LOCAL app.workspace = %L', w);
  EXECUTE 'SET LOCAL citus.propagate_set_commands TO none';
END $$;
