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
  merged_into: string | null;
}

const columns =
  'account_id, name, domain, is_customer, csm_email, csm_basis, customer_since, renewal_at, value, currency, tier, crm_stage, timezone, merged_into';

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

/** Writes an account as its CRM record says. Returns nothing: the caller wakes it. */
export async function upsertAccounts(tx: Tx, upserts: readonly AccountUpsert[], at: number): Promise<void> {
  if (upserts.length === 0) return;
  const date = (time: number | null) => (time === null ? null : new Date(time));
  await tx.query(
    `INSERT INTO account (workspace_id, account_id, name, domain, is_customer, csm_email, csm_basis, customer_since, renewal_at, value, currency,
         tier, crm_stage, timezone, attributes, created_at, updated_at)
     SELECT $1::uuid, account_id, name, domain, is_customer, csm_email, csm_basis, customer_since, renewal_at, value, currency, tier, crm_stage,
         timezone, attributes, $3::timestamptz, $3::timestamptz
       FROM jsonb_to_recordset($2::jsonb) AS r(account_id uuid, name text, domain text, is_customer boolean, csm_email text, csm_basis text,
         customer_since timestamptz, renewal_at timestamptz, value numeric, currency text, tier text, crm_stage text, timezone text, attributes jsonb)
     ON CONFLICT (workspace_id, account_id) DO UPDATE SET
         name = excluded.name, domain = excluded.domain, is_customer = excluded.is_customer, csm_email = excluded.csm_email,
         csm_basis = excluded.csm_basis, customer_since = excluded.customer_since, renewal_at = excluded.renewal_at, value = excluded.value,
         currency = excluded.currency, tier = excluded.tier, crm_stage = excluded.crm_stage, timezone = excluded.timezone,
         attributes = excluded.attributes, updated_at = excluded.updated_at`,
    [
      tx.workspaceId,
      JSON.stringify(
        upserts.map((one) => ({
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
          attributes: one.attributes,
        })),
      ),
      new Date(at),
    ],
  );
}

/** Lets the record of one account speak for another from now on (a CRM merge). */
export async function mergeAccount(tx: Tx, from: string, into: string, at: number): Promise<void> {
  await tx.query(
    'UPDATE account SET merged_into = $3, updated_at = $4 WHERE workspace_id = $1 AND account_id = $2 AND account_id <> $3',
    [tx.workspaceId, from, into, new Date(at)],
  );
}

/** A CRM record that stands for an account, with the fact as last read. */
export interface AccountRecord {
  readonly installationId: string;
  readonly externalId: string;
  readonly accountId: string;
  readonly fact: AccountFact;
}

export async function accountRecords(
  tx: Tx,
  filter: { readonly accountId?: string; readonly installationId?: string } = {},
): Promise<readonly AccountRecord[]> {
  const { rows } = await tx.query<{
    installation_id: string;
    external_id: string;
    account_id: string;
    fact: AccountFact;
  }>(
    `SELECT installation_id, external_id, account_id, fact FROM account_record
      WHERE workspace_id = $1 AND ($2::uuid IS NULL OR account_id = $2) AND ($3::uuid IS NULL OR installation_id = $3)
      ORDER BY installation_id, external_id`,
    [tx.workspaceId, filter.accountId ?? null, filter.installationId ?? null],
  );
  return rows.map((row) => ({
    installationId: row.installation_id,
    externalId: row.external_id,
    accountId: row.account_id,
    fact: row.fact,
  }));
}

export async function writeAccountRecords(tx: Tx, records: readonly AccountRecord[], at: number): Promise<void> {
  for (const one of records) {
    await tx.query(
      `INSERT INTO account_record (workspace_id, installation_id, external_id, account_id, fact, url, updated_at)
       VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7)
       ON CONFLICT (workspace_id, installation_id, external_id) DO UPDATE SET
         account_id = excluded.account_id, fact = excluded.fact, url = excluded.url, updated_at = excluded.updated_at`,
      [
        tx.workspaceId,
        one.installationId,
        one.externalId,
        one.accountId,
        JSON.stringify(one.fact),
        one.fact.url ?? null,
        new Date(at),
      ],
    );
  }
}
