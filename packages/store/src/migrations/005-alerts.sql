-- One open message per account and destination, holding all its flags.
CREATE TABLE alert_message (
  workspace_id uuid NOT NULL,
  message_id uuid NOT NULL,
  account_id uuid,
  kind text NOT NULL CHECK (kind IN ('account', 'digest', 'notice')),
  team_id text NOT NULL,
  destination text NOT NULL,
  channel text,
  ts text,
  content_digest text,
  detail jsonb NOT NULL,
  opened_at timestamptz(3) NOT NULL,
  closed_at timestamptz(3),
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, message_id)
);
CREATE INDEX alert_message_open ON alert_message (workspace_id, account_id) WHERE closed_at IS NULL;
CREATE TABLE outbox (
  workspace_id uuid NOT NULL,
  outbox_id uuid NOT NULL,
  -- Two rows of one key are one alert: the key is claimed before anything is posted (failure G2).
  alert_key text NOT NULL,
  message_id uuid NOT NULL,
  team_id text NOT NULL,
  action text NOT NULL CHECK (action IN ('post', 'update', 'reply')),
  payload jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('held', 'pending', 'sending', 'sent', 'uncertain', 'failed', 'canceled')),
  held_until timestamptz(3),
  held_reason text,
  attempt int NOT NULL,
  sender text,
  started_at timestamptz(3),
  next_try_at timestamptz(3),
  sent_ts text,
  error text,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, outbox_id)
);
CREATE UNIQUE INDEX outbox_key ON outbox (workspace_id, alert_key);
CREATE INDEX outbox_todo ON outbox (workspace_id, created_at) WHERE state IN ('pending', 'sending', 'uncertain', 'held');
-- Incoming Slack requests that were acted on, so that a repeat does nothing (failure G1).
CREATE TABLE slack_receipt (
  workspace_id uuid NOT NULL,
  receipt_key text NOT NULL,
  received_at timestamptz(3) NOT NULL,
  body jsonb NOT NULL,
  handled_at timestamptz(3),
  PRIMARY KEY (workspace_id, receipt_key)
);
CREATE TABLE slack_destination (
  workspace_id uuid NOT NULL,
  team_id text NOT NULL,
  destination text NOT NULL,
  channel text,
  paused_reason text,
  told_admin_at timestamptz(3),
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, team_id, destination)
);
