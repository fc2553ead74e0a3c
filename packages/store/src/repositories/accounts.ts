import type { AccountFact } from '@waymark/journey';
import type { Tx } from '../tenancy.ts';

/** A customer, prospect or partner. Times are epoch milliseconds; the value is yearly, in its own currency. */
export interface Account {
  readonly accountId: string;
  readonly name: string;
  readonly domain: string | null;
  readonly isCustomer: boolean;
  readonly csmEmail: string | null;
  /** `csm` where the declared property names one, `owner` where it does not and the record's owner stands in. */
  readonly csmBasis: 'csm' | 'owner' | null;
  readonly customerSince: number | null;
  readonly renewalAt: number | null;
  readonly value: number | null;
  readonly currency: string | null;
  readonly tier: string | null;
  readonly crmStage: string | null;
  readonly timezone: string | null;
  /** Fields whose past dated events tell, as `datedField` names them; null where no record of a CRM stands for it. */
  readonly dated?: readonly string[] | null;
  readonly mergedInto: string | null;
}

interface Row {
  account_id: string;
  name: string;
  domain: string | null;
  is_customer: boolean;
  csm_email: string | null;
  csm_basis: Account['csmBasis'];
  customer_since: Date | null;
  renewal_at: Date | null;
  value: string | null;
  currency: string | null;
  tier: string | null;
  crm_stage: string | null;
  timezone: string | null;
  dated: string[] | null;
  merged_into: string | null;
}

const columns =
  'account_id, name, domain, is_customer, csm_email, csm_basis, customer_since, renewal_at, value, currency, tier, crm_stage, timezone, dated, merged_into';

const toAccount = (row: Row): Account => ({
  accountId: row.account_id,
  name: row.name,
  domain: row.domain,
  isCustomer: row.is_customer,
  csmEmail: row.csm_email,
  csmBasis: row.csm_basis,
  customerSince: row.customer_since?.getTime() ?? null,
  renewalAt: row.renewal_at?.getTime() ?? null,
  value: row.value === null ? null : Number(row.value),
  currency: row.currency,
  tier: row.tier,
  crmStage: row.crm_stage,
  timezone: row.timezone,
  dated: row.dated,
  mergedInto: row.merged_into,
});

/** All accounts that stand for themselves, by name. */
export async function accounts(tx: Tx): Promise<readonly Account[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM account WHERE workspace_id = $1 AND merged_into IS NULL ORDER BY name, account_id`,
    [tx.workspaceId],
  );
  return rows.map(toAccount);
}

export async function account(tx: Tx, accountId: string): Promise<Account | undefined> {
  const { rows } = await tx.query<Row>(`SELECT ${columns} FROM account WHERE workspace_id = $1 AND account_id = $2`, [
    tx.workspaceId,
    accountId,
  ]);
  return rows[0] && toAccount(rows[0]);
}

/** These accounts, in the order of their ids. */
export async function accountsOf(tx: Tx, accountIds: readonly string[]): Promise<readonly Account[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM account WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) ORDER BY account_id`,
    [tx.workspaceId, accountIds],
  );
  return rows.map(toAccount);
}

/** These accounts, locked against other folds of them for the rest of the transaction; in the order of their ids, so that two who lock some do not wait for one another. */
export async function lockAccounts(tx: Tx, accountIds: readonly string[]): Promise<readonly Account[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM account WHERE workspace_id = $1 AND account_id = ANY($2::uuid[]) ORDER BY account_id FOR UPDATE`,
    [tx.workspaceId, accountIds],
  );
  return rows.map(toAccount);
}

/** Accounts whose name, domain or id a person means: exact first, then by beginning, then by any part. At most `limit`. */
export async function findAccounts(tx: Tx, text: string, limit: number): Promise<readonly Account[]> {
  const like = text.replaceAll(/[\\%_]/g, (special) => `\\${special}`);
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM account WHERE workspace_id = $1 AND merged_into IS NULL
        AND (account_id::text = $2 OR name ILIKE '%' || $3 || '%' OR domain ILIKE '%' || $3 || '%')
      ORDER BY (lower(name) = lower($2) OR lower(domain) = lower($2)) DESC, name ILIKE $3 || '%' DESC, name, account_id LIMIT $4`,
    [tx.workspaceId, text, like, limit],
  );
  return rows.map(toAccount);
}

export type AccountUpsert = Omit<Account, 'mergedInto'> & { readonly attributes: Readonly<Record<string, unknown>> };

const byId = (a: { readonly accountId: string }, b: { readonly accountId: string }): number =>
  a.accountId < b.accountId ? -1 : 1;

/** Writes an account as its CRM record says. Returns nothing: the caller wakes it. */
export async function upsertAccounts(tx: Tx, upserts: readonly AccountUpsert[], at: number): Promise<void> {
  if (upserts.length === 0) return;
  const date = (time: number | null) => (time === null ? null : new Date(time));
  await tx.query(
    `INSERT INTO account (workspace_id, account_id, name, domain, is_customer, csm_email, csm_basis, customer_since, renewal_at, value, currency,
         tier, crm_stage, timezone, dated, attributes, created_at, updated_at)
     SELECT $1::uuid, account_id, name, domain, is_customer, csm_email, csm_basis, customer_since, renewal_at, value, currency, tier, crm_stage,
         timezone, coalesce(dated, '{}'), attributes, $3::timestamptz, $3::timestamptz
       FROM jsonb_to_recordset($2::jsonb) AS r(account_id uuid, name text, domain text, is_customer boolean, csm_email text, csm_basis text,
         customer_since timestamptz, renewal_at timestamptz, value numeric, currency text, tier text, crm_stage text, timezone text, dated text[], attributes jsonb)
     ON CONFLICT (workspace_id, account_id) DO UPDATE SET
         name = excluded.name, domain = excluded.domain, is_customer = excluded.is_customer, csm_email = excluded.csm_email,
         csm_basis = excluded.csm_basis, customer_since = excluded.customer_since, renewal_at = excluded.renewal_at, value = excluded.value,
         currency = excluded.currency, tier = excluded.tier, crm_stage = excluded.crm_stage, timezone = excluded.timezone,
         dated = excluded.dated, attributes = excluded.attributes, updated_at = excluded.updated_at`,
    [
      tx.workspaceId,
      JSON.stringify(
        // In the order in which folds lock them.
        upserts.toSorted(byId).map((one) => ({
          account_id: one.accountId,
          name: one.name,
          domain: one.domain,
          is_customer: one.isCustomer,
          csm_email: one.csmEmail,
          csm_basis: one.csmBasis,
          customer_since: date(one.customerSince),
          renewal_at: date(one.renewalAt),
          value: one.value,
          currency: one.currency,
          tier: one.tier,
          crm_stage: one.crmStage,
          timezone: one.timezone,
          dated: one.dated ?? [],
          attributes: one.attributes,
        })),
      ),
      new Date(at),
    ],
  );
}

/** An account's records no longer stand for a customer: the CRM has deleted or archived the last of them. The row stays for its history. */
export async function endCustomers(tx: Tx, accountIds: readonly string[], at: number): Promise<void> {
  if (accountIds.length === 0) return;
  await tx.query(
    'UPDATE account SET is_customer = FALSE, updated_at = $3 WHERE workspace_id = $1 AND account_id = ANY($2::uuid[])',
    [tx.workspaceId, accountIds, new Date(at)],
  );
}

/** A CRM record that stands for an account, with the fact as last read. Of a merged record the fact is its survivor's. */
export interface AccountRecord {
  readonly installationId: string;
  readonly externalId: string;
  readonly accountId: string;
  readonly fact: AccountFact;
}

interface RecordRow {
  installation_id: string;
  external_id: string;
  account_id: string;
  fact: AccountFact;
}

const toRecord = (row: RecordRow): AccountRecord => ({
  installationId: row.installation_id,
  externalId: row.external_id,
  accountId: row.account_id,
  fact: row.fact,
});

/** The CRM records that stand for accounts now: of all, of one account, or of one installation. */
export async function accountRecords(
  tx: Tx,
  filter: { readonly accountId?: string; readonly installationId?: string } = {},
): Promise<readonly AccountRecord[]> {
  const { rows } = await tx.query<RecordRow>(
    `SELECT installation_id, external_id, account_id, fact FROM account_record
      WHERE workspace_id = $1 AND gone_at IS NULL AND ($2::uuid IS NULL OR account_id = $2) AND ($3::uuid IS NULL OR installation_id = $3)
      ORDER BY installation_id, external_id`,
    [tx.workspaceId, filter.accountId ?? null, filter.installationId ?? null],
  );
  return rows.map(toRecord);
}

/** The records of these accounts that stand for them now, those of the installation that is there longest first. */
export async function recordsOfAccounts(tx: Tx, accountIds: readonly string[]): Promise<readonly AccountRecord[]> {
  const { rows } = await tx.query<RecordRow>(
    `SELECT r.installation_id, r.external_id, r.account_id, r.fact FROM account_record r
       LEFT JOIN installation i ON i.workspace_id = $1 AND i.installation_id = r.installation_id
      WHERE r.workspace_id = $1 AND r.gone_at IS NULL AND r.account_id = ANY($2::uuid[])
      ORDER BY i.created_at, r.installation_id, r.external_id`,
    [tx.workspaceId, accountIds],
  );
  return rows.map(toRecord);
}

/** The accounts that the records of these accounts name as their parents, in a lasting order. */
export async function parentLinks(
  tx: Tx,
  accountIds: readonly string[],
): Promise<readonly { readonly accountId: string; readonly parentId: string }[]> {
  if (accountIds.length === 0) return [];
  const { rows } = await tx.query<{ account_id: string; parent_id: string }>(
    `SELECT c.account_id, p.account_id AS parent_id FROM account_record c
       JOIN account_record p ON p.workspace_id = $1 AND p.installation_id = c.installation_id AND p.external_id = c.fact->>'parentExternalId'
            AND p.gone_at IS NULL
      WHERE c.workspace_id = $1 AND c.account_id = ANY($2::uuid[]) AND c.gone_at IS NULL
      ORDER BY c.installation_id, c.external_id`,
    [tx.workspaceId, accountIds],
  );
  return rows.map((row) => ({ accountId: row.account_id, parentId: row.parent_id }));
}

/** Which account a record leads to, and whether it is a record of its own rather than one that was merged into another. */
export interface KnownRecord {
  readonly installationId: string;
  readonly externalId: string;
  readonly accountId: string;
  readonly merged: boolean;
  readonly gone: boolean;
  /** The record that it names as its parent. */
  readonly parent: string | null;
}

/** What is known of these records, those that are gone included. */
export async function crmRecords(
  tx: Tx,
  installationIds: readonly string[],
  externalIds: readonly string[],
): Promise<readonly KnownRecord[]> {
  if (externalIds.length === 0 || installationIds.length === 0) return [];
  const { rows } = await tx.query<{
    installation_id: string;
    external_id: string;
    account_id: string;
    merged: boolean;
    gone: boolean;
    parent: string | null;
  }>(
    `SELECT installation_id, external_id, account_id, fact->>'externalId' <> external_id AS merged, gone_at IS NOT NULL AS gone,
            fact->>'parentExternalId' AS parent
       FROM account_record
      WHERE workspace_id = $1 AND installation_id = ANY($2::uuid[]) AND external_id = ANY($3::text[])`,
    [tx.workspaceId, installationIds, externalIds],
  );
  return rows.map((row) => ({
    installationId: row.installation_id,
    externalId: row.external_id,
    accountId: row.account_id,
    merged: row.merged,
    gone: row.gone,
    parent: row.parent,
  }));
}

/** The accounts whose records name one of these owners of a CRM. */
export async function accountsOfOwners(
  tx: Tx,
  installationId: string,
  ownerIds: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await tx.query<{ account_id: string }>(
    `SELECT DISTINCT account_id FROM account_record
      WHERE workspace_id = $1 AND installation_id = $2 AND gone_at IS NULL
        AND (fact->'csm'->>'ownerId' = ANY($3::text[]) OR fact->'owner'->>'ownerId' = ANY($3::text[]))`,
    [tx.workspaceId, installationId, ownerIds],
  );
  return rows.map((row) => row.account_id);
}

/** Writes records as last read; one that was gone is back. */
export async function writeAccountRecords(
  tx: Tx,
  records: readonly (AccountRecord & { readonly sourceId: string })[],
  at: number,
): Promise<void> {
  if (records.length === 0) return;
  await tx.query(
    `INSERT INTO account_record (workspace_id, installation_id, external_id, account_id, fact, url, source_id, updated_at)
     SELECT $1::uuid, installation_id, external_id, account_id, fact, url, source_id, $3::timestamptz
       FROM jsonb_to_recordset($2::jsonb) AS r(installation_id uuid, external_id text, account_id uuid, fact jsonb, url text, source_id uuid)
     ON CONFLICT (workspace_id, installation_id, external_id) DO UPDATE SET
       account_id = excluded.account_id, fact = excluded.fact, url = excluded.url, source_id = excluded.source_id,
       updated_at = excluded.updated_at, gone_at = NULL`,
    [
      tx.workspaceId,
      JSON.stringify(
        records.map((one) => ({
          installation_id: one.installationId,
          external_id: one.externalId,
          account_id: one.accountId,
          fact: one.fact,
          url: one.fact.url ?? null,
          source_id: one.sourceId,
        })),
      ),
      new Date(at),
    ],
  );
}

/** Ends the records that these source objects gave, those merged into them included. Returns which. */
export async function endAccountRecords(
  tx: Tx,
  sourceIds: readonly string[],
  at: number,
): Promise<readonly Omit<AccountRecord, 'fact'>[]> {
  if (sourceIds.length === 0) return [];
  const { rows } = await tx.query<Omit<RecordRow, 'fact'>>(
    `UPDATE account_record SET gone_at = $3 WHERE workspace_id = $1 AND source_id = ANY($2::uuid[]) AND gone_at IS NULL
     RETURNING installation_id, external_id, account_id`,
    [tx.workspaceId, sourceIds, new Date(at)],
  );
  return rows.map((row) => ({
    installationId: row.installation_id,
    externalId: row.external_id,
    accountId: row.account_id,
  }));
}
