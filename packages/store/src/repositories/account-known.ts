import { z } from 'zod';
import type { Tx } from '../tenancy.ts';

const record = z.object({
  isCustomer: z.boolean(),
  customerSince: z.number().optional(),
  renewalAt: z.number().optional(),
  tier: z.string().optional(),
  value: z.number().optional(),
  timezone: z.string().optional(),
  /** Fields whose past dated events tell; null where no record of a CRM stands for the account, not there where that was not noted. */
  dated: z.array(z.string()).nullable().optional(),
  /** Whose account it was, and the country whose holidays counted; null for none, not there where that was not noted. */
  csmEmail: z.string().nullable().optional(),
  country: z.string().nullable().optional(),
});

/** What of an account's record its answers rest on. Times are epoch milliseconds. */
export type JudgedRecord = z.infer<typeof record>;

/** Notes what accounts are judged with from an instant of known time on; what is as before is left as it is. */
export async function noteRecords(
  tx: Tx,
  records: readonly { readonly accountId: string; readonly record: JudgedRecord }[],
  at: number,
): Promise<void> {
  if (records.length === 0) return;
  const rows = JSON.stringify(records.map((one) => ({ account_id: one.accountId, record: record.parse(one.record) })));
  await tx.query(
    `WITH noted AS MATERIALIZED (SELECT * FROM jsonb_to_recordset($2::jsonb) AS r(account_id uuid, record jsonb))
     UPDATE account_known k SET known_to = $3 FROM noted
      WHERE k.workspace_id = $1 AND k.account_id = noted.account_id AND k.known_to IS NULL AND k.record <> noted.record`,
    [tx.workspaceId, rows, new Date(at)],
  );
  await tx.query(
    `WITH noted AS MATERIALIZED (SELECT * FROM jsonb_to_recordset($2::jsonb) AS r(account_id uuid, record jsonb))
     INSERT INTO account_known (workspace_id, account_id, known_from, record)
     SELECT $1::uuid, noted.account_id, $3::timestamptz, noted.record FROM noted
      WHERE NOT EXISTS (SELECT 1 FROM account_known k
                         WHERE k.workspace_id = $1 AND k.account_id = noted.account_id AND k.known_to IS NULL)
     ON CONFLICT (workspace_id, account_id, known_from) DO UPDATE SET record = excluded.record, known_to = NULL`,
    [tx.workspaceId, rows, new Date(at)],
  );
}

/** What an account was judged with at an instant of known time; before the first note what that says. Undefined without a note. */
export async function recordKnownAt(tx: Tx, accountId: string, knownAt: number): Promise<JudgedRecord | undefined> {
  const { rows } = await tx.query<{ record: unknown }>(
    `SELECT record FROM account_known WHERE workspace_id = $1 AND account_id = $2 AND (known_to IS NULL OR known_to > $3)
      ORDER BY known_from LIMIT 1`,
    [tx.workspaceId, accountId, new Date(knownAt)],
  );
  return rows[0] && record.parse(rows[0].record);
}

/** What accounts were judged with from instants of known time on, oldest first; none for those that never were. */
export async function notedRecords(
  tx: Tx,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, readonly { readonly from: number; readonly record: JudgedRecord }[]>> {
  const { rows } = await tx.query<{ account_id: string; known_from: Date; record: unknown }>(
    `SELECT account_id, known_from, record FROM account_known WHERE workspace_id = $1 AND account_id = ANY($2::uuid[])
      ORDER BY account_id, known_from`,
    [tx.workspaceId, accountIds],
  );
  const noted = rows.map((row) => ({
    accountId: row.account_id,
    from: row.known_from.getTime(),
    record: record.parse(row.record),
  }));
  return Map.groupBy(noted, ({ accountId }) => accountId);
}
