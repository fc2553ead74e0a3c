-- How the installation signs in: by a person's consent, by an organization's grant for chosen mailboxes, or not at all (an address of ours).
ALTER TABLE installation ADD COLUMN grant_kind text NOT NULL DEFAULT 'consent';
-- The account's own base URL as the provider's token answer named it, checked against the manifest's hosts; no tenant writes it.
ALTER TABLE installation ADD COLUMN account_base text;
-- When subscriptions were last looked through, and why there are none.
ALTER TABLE installation ADD COLUMN push_checked_at timestamptz(3);
ALTER TABLE installation ADD COLUMN push_note text;
-- Subscriptions at a provider that wake streams, and posting addresses of installations that have no sign-in. The row is there before
-- the provider is asked: Graph validates the address during the call.
CREATE TABLE push_subscription (
  workspace_id uuid NOT NULL,
  installation_id uuid NOT NULL,
  -- Its name within the installation: a folder, a calendar; '' for a posting address.
  target_key text NOT NULL,
  stream text NOT NULL,
  -- SHA-256 of the token in its address. A new attempt has a new one, so that a worker that was paused cannot write over it.
  token_hash text NOT NULL,
  -- Sealed JSON: the address and the secret that each notice must carry.
  secret bytea NOT NULL,
  external_id text,
  expires_at timestamptz(3),
  -- When it is renewed, or tried again after a fault.
  due_at timestamptz(3),
  -- pending: being made; active; lapsed: to be made anew; address: a posting address.
  state text NOT NULL CHECK (state IN ('pending', 'active', 'lapsed', 'address')),
  failures int NOT NULL,
  -- kind, message, since; null while healthy.
  fault jsonb,
  last_notice_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, installation_id, target_key)
);
CREATE UNIQUE INDEX push_subscription_token ON push_subscription (workspace_id, token_hash);
-- The last place given out in each installation's inbox; its row lock puts deliveries in order.
CREATE TABLE inbox (
  workspace_id uuid NOT NULL,
  installation_id uuid NOT NULL,
  last_place bigint NOT NULL,
  PRIMARY KEY (workspace_id, installation_id)
);
-- What a verified webhook brought where that is itself the truth; durable before its 202 (I8).
CREATE TABLE inbox_delivery (
  workspace_id uuid NOT NULL,
  installation_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  place bigint NOT NULL,
  stream text NOT NULL,
  dedupe_key text NOT NULL,
  payload bytea NOT NULL,
  received_at timestamptz(3) NOT NULL,
  -- Since when a committed cursor is past it.
  passed_at timestamptz(3),
  PRIMARY KEY (workspace_id, installation_id, place)
);
CREATE UNIQUE INDEX inbox_delivery_dedupe ON inbox_delivery (workspace_id, installation_id, stream, dedupe_key);
CREATE INDEX inbox_delivery_stream ON inbox_delivery (workspace_id, installation_id, stream, place);
CREATE INDEX inbox_delivery_id ON inbox_delivery (workspace_id, delivery_id);
CREATE INDEX inbox_delivery_passed ON inbox_delivery (workspace_id, passed_at) WHERE passed_at IS NOT NULL;
-- What an organization's administrator granted, one for each provider: Google's service account key; Entra's is the app itself.
CREATE TABLE organization_grant (
  workspace_id uuid NOT NULL,
  provider text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('service-account-delegation', 'client-credentials')),
  secret bytea,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, provider)
);
-- The mailboxes that may be read under such a grant; no token is asked for another.
CREATE TABLE watched_mailbox (
  workspace_id uuid NOT NULL,
  connector text NOT NULL,
  mailbox text NOT NULL,
  installation_id uuid,
  added_at timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, connector, mailbox)
);
