-- What of an account's record its answers rested on, in known time: noted with the fold that took it up.
CREATE TABLE account_known (
  workspace_id uuid NOT NULL,
  account_id uuid NOT NULL,
  known_from timestamptz(3) NOT NULL,
  known_to timestamptz(3),
  record jsonb NOT NULL,
  PRIMARY KEY (workspace_id, account_id, known_from)
);
