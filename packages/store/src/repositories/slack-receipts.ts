import type { Tx } from '../tenancy.ts';

/** Notes an incoming request before it is acted on. False: it was there already, so it is a repeat (failure G1). */
export async function addSlackReceipt(
  tx: Tx,
  receiptKey: string,
  body: Readonly<Record<string, unknown>>,
  at: number,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO slack_receipt (workspace_id, receipt_key, received_at, body) VALUES ($1, $2, $3, $4::jsonb)
     ON CONFLICT (workspace_id, receipt_key) DO NOTHING`,
    [tx.workspaceId, receiptKey, new Date(at), JSON.stringify(body)],
  );
  return rowCount === 1;
}

/** Says that a request was acted on. */
export async function settleSlackReceipt(tx: Tx, receiptKey: string, at: number): Promise<void> {
  await tx.query('UPDATE slack_receipt SET handled_at = $3 WHERE workspace_id = $1 AND receipt_key = $2', [
    tx.workspaceId,
    receiptKey,
    new Date(at),
  ]);
}

/** Requests that were noted before an instant and never acted on: the process ended in between. */
export async function openSlackReceipts(
  tx: Tx,
  before: number,
): Promise<readonly { readonly receiptKey: string; readonly body: Readonly<Record<string, unknown>> }[]> {
  const { rows } = await tx.query<{ receipt_key: string; body: Record<string, unknown> }>(
    `SELECT receipt_key, body FROM slack_receipt WHERE workspace_id = $1 AND handled_at IS NULL AND received_at < $2
      ORDER BY received_at LIMIT 100`,
    [tx.workspaceId, new Date(before)],
  );
  return rows.map((row) => ({ receiptKey: row.receipt_key, body: row.body }));
}

/** Removes receipts that no repeat can follow any more. */
export async function sweepSlackReceipts(tx: Tx, before: number): Promise<number> {
  const { rowCount } = await tx.query(
    'DELETE FROM slack_receipt WHERE workspace_id = $1 AND received_at < $2 AND handled_at IS NOT NULL',
    [tx.workspaceId, new Date(before)],
  );
  return rowCount ?? 0;
}
