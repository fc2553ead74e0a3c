-- Whose a sighting was in known time, where that changed: until `known_to` it was this account's (null: nobody's), since then it is the
-- next row's, or the log's. Written only when it changes.
CREATE TABLE event_account_known (
  workspace_id uuid NOT NULL,
  event_id uuid NOT NULL,
  source_id uuid NOT NULL,
  generation int NOT NULL,
  known_to timestamptz(3) NOT NULL,
  account_id uuid,
  PRIMARY KEY (workspace_id, event_id, source_id, generation, known_to)
);
CREATE INDEX event_account_known_account ON event_account_known (workspace_id, account_id);
-- The people of an account that its answers rested on, one row for each address, in known time: noted with the fold that took them up.
CREATE TABLE account_contact_known (
  workspace_id uuid NOT NULL,
  account_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  address text NOT NULL,
  known_from timestamptz(3) NOT NULL,
  known_to timestamptz(3),
  installation_id uuid,
  place int NOT NULL,
  person jsonb NOT NULL,
  PRIMARY KEY (workspace_id, account_id, contact_id, address, known_from)
);
-- Of those who were there before anybody was noted it is not known that they were ever otherwise.
INSERT INTO account_contact_known (workspace_id, account_id, contact_id, address, known_from, installation_id, place, person)
SELECT c.workspace_id, c.account_id, c.contact_id, a.address, to_timestamp(0), c.installation_id, min(a.place) - 1,
       jsonb_strip_nulls(jsonb_build_object('persona', c.persona, 'name', c.name, 'title', c.title,
         'leftAt', floor(extract(epoch FROM c.left_at) * 1000)))
  FROM contact c CROSS JOIN LATERAL unnest(c.addresses) WITH ORDINALITY AS a(address, place)
 WHERE c.account_id IS NOT NULL
 GROUP BY c.workspace_id, c.account_id, c.contact_id, a.address, c.installation_id, c.persona, c.name, c.title, c.left_at
ON CONFLICT (workspace_id, account_id, contact_id, address, known_from) DO NOTHING;
