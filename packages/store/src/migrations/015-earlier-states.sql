-- States of an account further back in its history, so that a late event does not have all of it folded again.
ALTER TABLE engine_state ADD COLUMN earlier jsonb;
