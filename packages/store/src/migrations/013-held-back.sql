-- A complete enumeration that saw so few of the known records that a lost right is likelier than so many deletions: {records, of, at}.
-- Nothing is ended by it until a person says so. Null once an enumeration is plausible.
ALTER TABLE stream_state ADD COLUMN held_back jsonb;
