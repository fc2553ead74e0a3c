import type { Tx } from '../tenancy.ts';

/** Lets one account go on as another from now on (a CRM merge): its records and contacts follow. */
export async function mergeAccount(tx: Tx, from: string, into: string, at: number): Promise<void> {
  const values = [tx.workspaceId, from, into, new Date(at)];
  await tx.query(
    'UPDATE account SET merged_into = $3, updated_at = $4 WHERE workspace_id = $1 AND account_id = $2 AND account_id <> $3',
    values,
  );
  await tx.query(
    'UPDATE account_record SET account_id = $3, updated_at = $4 WHERE workspace_id = $1 AND account_id = $2',
    values,
  );
  await tx.query(
    'UPDATE contact SET account_id = $3, updated_at = $4 WHERE workspace_id = $1 AND account_id = $2',
    values,
  );
}

/** Lets an account go on as another, or (null) stand for itself. False where it did already, or where there is no such account. */
export async function setSurvivor(tx: Tx, accountId: string, survivor: string | null, at: number): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE account SET merged_into = $3::uuid, updated_at = $4
      WHERE workspace_id = $1 AND account_id = $2 AND merged_into IS DISTINCT FROM $3::uuid AND account_id IS DISTINCT FROM $3::uuid`,
    [tx.workspaceId, accountId, survivor, new Date(at)],
  );
  return rowCount === 1;
}

/** Gives an account that an import named by an id the domain that it has, or none. */
export async function setImportedDomain(tx: Tx, accountId: string, domain: string | null, at: number): Promise<void> {
  await tx.query(
    'UPDATE account SET domain = $3, updated_at = $4 WHERE workspace_id = $1 AND account_id = $2 AND domain IS DISTINCT FROM $3',
    [tx.workspaceId, accountId, domain, new Date(at)],
  );
}

/** Which of these accounts there are. */
export async function existingAccounts(tx: Tx, accountIds: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ account_id: string }>(
    'SELECT account_id FROM account WHERE workspace_id = $1 AND account_id = ANY($2::uuid[])',
    [tx.workspaceId, accountIds],
  );
  return new Set(rows.map((row) => row.account_id));
}

/** Which of these accounts have an event. */
export async function accountsWithEvents(tx: Tx, accountIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (accountIds.length === 0) return new Set();
  const { rows } = await tx.query<{ account_id: string }>(
    `SELECT account_id FROM account a WHERE a.workspace_id = $1 AND a.account_id = ANY($2::uuid[])
        AND EXISTS (SELECT 1 FROM journey_event e WHERE e.workspace_id = $1 AND e.account_id = a.account_id AND e.superseded_at IS NULL)`,
    [tx.workspaceId, accountIds],
  );
  return new Set(rows.map((row) => row.account_id));
}

/** Lets accounts stand for themselves again. */
export async function standAlone(tx: Tx, accountIds: readonly string[], at: number): Promise<void> {
  await tx.query(
    'UPDATE account SET merged_into = NULL, updated_at = $3 WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) AND merged_into IS NOT NULL',
    [tx.workspaceId, accountIds, new Date(at)],
  );
}

/** Leads records, and those that were merged into them, to other accounts; an account that is left without any goes on as the new one. */
export async function moveRecords(
  tx: Tx,
  moved: readonly {
    readonly installationId: string;
    readonly externalId: string;
    readonly from: string;
    readonly to: string;
  }[],
  at: number,
): Promise<void> {
  if (moved.length === 0) return;
  const list = JSON.stringify(
    moved.map((one) => ({
      installation_id: one.installationId,
      external_id: one.externalId,
      former: one.from,
      account_id: one.to,
    })),
  );
  const former = [...new Set(moved.map((one) => one.from))];
  const values = [tx.workspaceId, list, former, new Date(at)];
  const listed = `SELECT installation_id, external_id, former, account_id
       FROM jsonb_to_recordset($2::jsonb) AS m(installation_id uuid, external_id text, former uuid, account_id uuid)`;
  // By the accounts that they leave, which are indexed.
  await tx.query(
    `WITH moved AS MATERIALIZED (${listed})
     UPDATE account_record r SET account_id = moved.account_id, updated_at = $4 FROM moved
      WHERE r.workspace_id = $1 AND r.account_id = ANY($3::uuid[]) AND r.account_id = moved.former
        AND r.installation_id = moved.installation_id
        AND (r.external_id = moved.external_id OR r.fact->>'externalId' = moved.external_id)`,
    values,
  );
  await tx.query(
    `WITH moved AS MATERIALIZED (${listed})
     UPDATE account a SET merged_into = one.account_id, updated_at = $4
       FROM (SELECT former, min(account_id::text)::uuid AS account_id FROM moved GROUP BY former) one
      WHERE a.workspace_id = $1 AND a.account_id = ANY($3::uuid[]) AND a.account_id = one.former
        AND NOT EXISTS (SELECT 1 FROM account_record r WHERE r.workspace_id = $1 AND r.account_id = a.account_id AND r.gone_at IS NULL)`,
    values,
  );
}

/** The accounts that were merged, each with the one that it goes on as; chains are followed to their end, and of a circle one stays. */
export async function mergedAccounts(tx: Tx): Promise<ReadonlyMap<string, string>> {
  const { rows } = await tx.query<{ account_id: string; merged_into: string }>(
    'SELECT account_id, merged_into FROM account WHERE workspace_id = $1 AND merged_into IS NOT NULL',
    [tx.workspaceId],
  );
  const next = new Map(rows.map((row) => [row.account_id, row.merged_into]));
  const survivor = (accountId: string): string => {
    const seen: string[] = [accountId];
    for (let after = next.get(accountId); after !== undefined; after = next.get(after)) {
      const again = seen.indexOf(after);
      // Two that go on as each other: the first by id, from wherever one asks.
      if (again >= 0) return seen.slice(again).sort()[0] ?? accountId;
      seen.push(after);
    }
    return seen.at(-1) ?? accountId;
  };
  return new Map([...next.keys()].map((accountId) => [accountId, survivor(accountId)]));
}
