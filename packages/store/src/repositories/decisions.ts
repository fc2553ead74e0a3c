import type { Tx } from '../tenancy.ts';

/** What a person decided about one subject. Of several about it, the latest that was not undone is in force. Times are epoch milliseconds. */
export interface StoredDecision {
  readonly decisionId: string;
  readonly kind: 'contact' | 'domain' | 'event';
  /** An address key, a registrable domain or an event id. */
  readonly subject: string;
  readonly verdict: 'account' | 'not_customer' | 'split';
  readonly accountId: string | null;
  readonly at: number;
  readonly by: string;
  readonly undoneAt: number | null;
  readonly undoneBy: string | null;
}

interface Row {
  decision_id: string;
  subject_kind: StoredDecision['kind'];
  subject: string;
  verdict: StoredDecision['verdict'];
  account_id: string | null;
  decided_at: Date;
  decided_by: string;
  undone_at: Date | null;
  undone_by: string | null;
}

const columns = 'decision_id, subject_kind, subject, verdict, account_id, decided_at, decided_by, undone_at, undone_by';

const toDecision = (row: Row): StoredDecision => ({
  decisionId: row.decision_id,
  kind: row.subject_kind,
  subject: row.subject,
  verdict: row.verdict,
  accountId: row.account_id,
  at: row.decided_at.getTime(),
  by: row.decided_by,
  undoneAt: row.undone_at?.getTime() ?? null,
  undoneBy: row.undone_by,
});

/** Keeps what was decided, one row a subject. */
export async function addDecisions(tx: Tx, decided: readonly StoredDecision[]): Promise<void> {
  if (decided.length === 0) return;
  await tx.query(
    `INSERT INTO matching_decision (workspace_id, decision_id, subject_kind, subject, verdict, account_id, decided_at, decided_by)
     SELECT $1::uuid, decision_id, subject_kind, subject, verdict, account_id, decided_at, decided_by
       FROM jsonb_to_recordset($2::jsonb) AS r(decision_id uuid, subject_kind text, subject text, verdict text, account_id uuid,
         decided_at timestamptz, decided_by text)
     ON CONFLICT (workspace_id, decision_id, subject_kind, subject) DO NOTHING`,
    [
      tx.workspaceId,
      JSON.stringify(
        decided.map((one) => ({
          decision_id: one.decisionId,
          subject_kind: one.kind,
          subject: one.subject,
          verdict: one.verdict,
          account_id: one.accountId,
          decided_at: new Date(one.at),
          decided_by: one.by,
        })),
      ),
    ],
  );
}

/** The parts of one decision, or all decisions, newest first. */
export async function decisionsMade(
  tx: Tx,
  filter: { readonly decisionId?: string; readonly limit?: number } = {},
): Promise<readonly StoredDecision[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM matching_decision WHERE workspace_id = $1 AND ($2::uuid IS NULL OR decision_id = $2)
      ORDER BY decided_at DESC, decision_id DESC, subject_kind, subject LIMIT $3`,
    [tx.workspaceId, filter.decisionId ?? null, filter.limit ?? 10_000],
  );
  return rows.map(toDecision);
}

/** Of each of these subjects (`kind:subject`) the decision that stands: the latest that was not undone. */
export async function standingDecisions(tx: Tx, subjects: readonly string[]): Promise<readonly StoredDecision[]> {
  if (subjects.length === 0) return [];
  const { rows } = await tx.query<Row>(
    `SELECT DISTINCT ON (subject_kind, subject) ${columns} FROM matching_decision
      WHERE workspace_id = $1 AND subject_kind || ':' || subject = ANY($2::text[]) AND undone_at IS NULL
      ORDER BY subject_kind, subject, decided_at DESC, decision_id DESC`,
    [tx.workspaceId, subjects],
  );
  return rows.map(toDecision);
}

/** Takes a decision back; what it said stays known. Returns its parts, none where it was undone before or never made. */
export async function undoDecision(
  tx: Tx,
  decisionId: string,
  by: string,
  at: number,
): Promise<readonly StoredDecision[]> {
  const { rows } = await tx.query<Row>(
    `UPDATE matching_decision SET undone_at = $3, undone_by = $4
      WHERE workspace_id = $1 AND decision_id = $2 AND undone_at IS NULL RETURNING ${columns}`,
    [tx.workspaceId, decisionId, new Date(at), by],
  );
  return rows.map(toDecision);
}
