import type { Tx } from '../tenancy.ts';
import { sightingsOfAccount } from './event-account-known.ts';

/**
 * The installations that have seen an account’s events, and the mailboxes and calendars of its CSM: those that would see contact. With
 * `knownAt` by the log of then.
 */
export async function sourcesOfAccount(
  tx: Tx,
  accountId: string,
  csmEmail: string | null,
  knownAt?: number,
): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ installation_id: string }>(
    // Materialized, so that a planner without statistics (a log just filled) cannot take a partial index over the whole workspace.
    `WITH own AS MATERIALIZED (
       SELECT installation_id, touchpoint
         FROM (${sightingsOfAccount('installation_id, touchpoint', knownAt === undefined ? undefined : '$4')}) told)
     SELECT installation_id FROM own WHERE touchpoint IN ('email', 'meeting') AND installation_id IS NOT NULL
      UNION SELECT i.installation_id FROM installation i WHERE i.workspace_id = $1 AND i.address = $3`,
    [tx.workspaceId, accountId, csmEmail, ...(knownAt === undefined ? [] : [new Date(knownAt)])],
  );
  return new Set(rows.map((row) => row.installation_id));
}

/**
 * What `sourcesOfAccount` says now of many accounts, by account. From one installation to the next through an index, so that an account
 * with a long history costs no more than one with a short one.
 */
export async function sourcesOfAccounts(
  tx: Tx,
  accounts: readonly { readonly accountId: string; readonly csmEmail: string | null }[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map(accounts.map(({ accountId }) => [accountId, new Set<string>()]));
  const seenOf = (account: string, after: string) => `(SELECT e.installation_id FROM journey_event e
       WHERE e.workspace_id = $1 AND e.account_id = ${account} AND e.superseded_at IS NULL AND e.touchpoint IN ('email', 'meeting')
         AND e.installation_id > ${after} ORDER BY e.installation_id LIMIT 1)`;
  const { rows: seen } = await tx.query<{ account_id: string; installation_id: string }>(
    `WITH RECURSIVE seen AS (
       SELECT a.id AS account_id, ${seenOf('a.id', "'00000000-0000-0000-0000-000000000000'")} AS installation_id
         FROM unnest($2::uuid[]) AS a(id)
        UNION ALL
       SELECT s.account_id, ${seenOf('s.account_id', 's.installation_id')} FROM seen s WHERE s.installation_id IS NOT NULL)
     SELECT account_id, installation_id FROM seen WHERE installation_id IS NOT NULL`,
    [tx.workspaceId, [...found.keys()]],
  );
  for (const row of seen) found.get(row.account_id)?.add(row.installation_id);
  const csms = [...new Set(accounts.flatMap(({ csmEmail }) => (csmEmail === null ? [] : [csmEmail])))];
  if (csms.length === 0) return found;
  const { rows: own } = await tx.query<{ address: string; installation_id: string }>(
    'SELECT address, installation_id FROM installation WHERE workspace_id = $1 AND address = ANY($2::text[])',
    [tx.workspaceId, csms],
  );
  for (const { accountId, csmEmail } of accounts)
    for (const row of own) if (row.address === csmEmail) found.get(accountId)?.add(row.installation_id);
  return found;
}

/** Which of these help desks and channels told of each of these accounts; accounts of which none told are left out. */
export async function desksOfAccounts(
  tx: Tx,
  accountIds: readonly string[],
  desks: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  if (desks.length === 0 || accountIds.length === 0) return new Map();
  const { rows } = await tx.query<{ account_id: string; desks: string[] }>(
    `SELECT account_id, array_agg(DISTINCT installation_id::text) AS desks FROM journey_event
      WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) AND installation_id = ANY($3::uuid[])
        AND superseded_at IS NULL AND touchpoint IN ('ticket', 'chat')
      GROUP BY account_id`,
    [tx.workspaceId, accountIds, desks],
  );
  return new Map(rows.map((row) => [row.account_id, new Set(row.desks)]));
}

/** The same of one account, as far as it was known to be its own at an instant. */
export async function desksOfAccountThen(
  tx: Tx,
  accountId: string,
  desks: readonly string[],
  knownAt: number,
): Promise<ReadonlySet<string>> {
  if (desks.length === 0) return new Set();
  const { rows } = await tx.query<{ installation_id: string }>(
    `SELECT DISTINCT installation_id::text AS installation_id
       FROM (${sightingsOfAccount('installation_id, touchpoint', '$4')}) told
      WHERE installation_id = ANY($3::uuid[]) AND touchpoint IN ('ticket', 'chat')`,
    [tx.workspaceId, accountId, desks, new Date(knownAt)],
  );
  return new Set(rows.map((row) => row.installation_id));
}

/** The addresses of everybody in the mail of an account that came through these installations, lower case. */
export async function addressesSeen(
  tx: Tx,
  accountId: string,
  installationIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ address: string }>(
    `WITH own AS MATERIALIZED (
       SELECT participants, installation_id FROM journey_event
        WHERE workspace_id = $1 AND account_id = $2 AND superseded_at IS NULL AND touchpoint = 'email')
     SELECT DISTINCT lower(p->>'address') AS address FROM own, jsonb_array_elements(own.participants) p
      WHERE own.installation_id = ANY($3::uuid[]) AND p->>'address' IS NOT NULL`,
    [tx.workspaceId, accountId, installationIds],
  );
  return new Set(rows.map((row) => row.address));
}
