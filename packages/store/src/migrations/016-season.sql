-- Stretches in which the whole workspace was quieter than usual, as worked out for a day: every account is judged with the same ones.
CREATE TABLE workspace_season (
  workspace_id uuid NOT NULL PRIMARY KEY,
  day date NOT NULL,
  -- What had been read to its end by then: with more, they are worked out anew.
  basis text NOT NULL,
  lulls jsonb NOT NULL
);
