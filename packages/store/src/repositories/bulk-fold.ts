import type { Account } from './accounts.ts';
import type { Checkpoint } from './engine.ts';
import type { Tx } from '../tenancy.ts';

/** An account that an import made and that nobody has touched since, with the version of its wake. */
export interface FreshAccount {
  readonly account: Account;
  readonly wakeVersion: number;
}

/** Of these accounts, those that are as `addImportedAccounts` made them, without contacts and never folded; locked, wake and all. */
export async function freshAccounts(tx: Tx, accountIds: readonly string[]): Promise<readonly FreshAccount[]> {
  if (accountIds.length === 0) return [];
  const { rows: plain } = await tx.query<{ account_id: string; name: string; domain: string | null }>(
    `SELECT account_id, name, domain FROM account
      WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) AND is_customer AND merged_into IS NULL AND csm_email IS NULL
        AND customer_since IS NULL AND renewal_at IS NULL AND value IS NULL AND tier IS NULL AND timezone IS NULL AND dated IS NULL
      ORDER BY account_id FOR UPDATE`,
    [tx.workspaceId, accountIds],
  );
  // The accounts are named again within, so that a planner that takes these tables for small reads no more than theirs.
  const { rows: wakes } = await tx.query<{ account_id: string; version: number }>(
    `SELECT w.account_id, w.version FROM account_wake w
      WHERE w.workspace_id = $1 AND w.account_id = ANY($2::uuid[])
        AND NOT EXISTS (SELECT 1 FROM contact c WHERE c.workspace_id = $1 AND c.account_id = ANY($2::uuid[]) AND c.account_id = w.account_id)
        AND NOT EXISTS (SELECT 1 FROM engine_state e WHERE e.workspace_id = $1 AND e.account_id = ANY($2::uuid[]) AND e.account_id = w.account_id)
      ORDER BY w.account_id FOR UPDATE OF w`,
    [tx.workspaceId, plain.map((one) => one.account_id)],
  );
  const versions = new Map(wakes.map((one) => [one.account_id, Number(one.version)]));
  return plain.flatMap(({ account_id: accountId, name, domain }) => {
    const wakeVersion = versions.get(accountId);
    return wakeVersion === undefined ? [] : [{ account: { ...asMade, accountId, name, domain }, wakeVersion }];
  });
}

const asMade = {
  isCustomer: true,
  csmEmail: null,
  csmBasis: null,
  customerSince: null,
  renewalAt: null,
  value: null,
  currency: null,
  tier: null,
  crmStage: null,
  timezone: null,
  dated: null,
  mergedInto: null,
} satisfies Omit<Account, 'accountId' | 'name' | 'domain'>;

/** Writes checkpoints in one statement. */
export async function writeCheckpoints(tx: Tx, checkpoints: readonly Checkpoint[], at: number): Promise<void> {
  if (checkpoints.length === 0) return;
  await tx.query(
    `INSERT INTO engine_state (workspace_id, account_id, journey, definition_digest, engine_version, context_digest, stage, health,
         digest, as_of, next_change_at, updated_at)
     SELECT $1::uuid, account_id, journey, definition_digest, engine_version, context_digest, stage, health, digest,
         as_of, next_change_at, $2::timestamptz
       FROM unnest($3::uuid[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[], $9::numeric[], $10::text[],
         $11::timestamptz[], $12::timestamptz[]) AS r(account_id, journey, definition_digest, engine_version, context_digest, stage,
         health, digest, as_of, next_change_at)
     ON CONFLICT (workspace_id, account_id, journey) DO UPDATE SET
         definition_digest = excluded.definition_digest, engine_version = excluded.engine_version, context_digest = excluded.context_digest,
         stage = excluded.stage, health = excluded.health, digest = excluded.digest, as_of = excluded.as_of,
         next_change_at = excluded.next_change_at, updated_at = excluded.updated_at`,
    [
      tx.workspaceId,
      new Date(at),
      checkpoints.map((one) => one.accountId),
      checkpoints.map((one) => one.journey),
      checkpoints.map((one) => one.definitionDigest),
      checkpoints.map((one) => one.engineVersion),
      checkpoints.map((one) => one.contextDigest),
      checkpoints.map((one) => one.stage),
      checkpoints.map((one) => one.health),
      checkpoints.map((one) => one.digest),
      checkpoints.map((one) => new Date(one.asOf)),
      checkpoints.map((one) => (one.nextChangeAt === null ? null : new Date(one.nextChangeAt))),
    ],
  );
}
