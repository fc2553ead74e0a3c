import type { Tx } from '../tenancy.ts';

/** A dated assignment of a subject to an account; those with `knownTo` null are in force. */
export interface Assignment {
  readonly assignmentId: string;
  readonly kind: 'contact' | 'alias' | 'domain' | 'thread' | 'event' | 'record';
  readonly subject: string;
  readonly accountId: string;
  readonly basis: 'crm' | 'hand' | 'import';
  /** What gave it, such as the CRM record's key; the same giver replaces its own. */
  readonly detail: string | null;
  readonly knownFrom: number;
  readonly by: string | null;
}

interface Row {
  assignment_id: string;
  subject_kind: Assignment['kind'];
  subject: string;
  account_id: string;
  basis: Assignment['basis'];
  detail: string | null;
  known_from: Date;
  by_member: string | null;
}

const toAssignment = (row: Row): Assignment => ({
  assignmentId: row.assignment_id,
  kind: row.subject_kind,
  subject: row.subject,
  accountId: row.account_id,
  basis: row.basis,
  detail: row.detail,
  knownFrom: row.known_from.getTime(),
  by: row.by_member,
});

/** The assignments in force now, or at an earlier instant. */
export async function assignments(tx: Tx, knownAt?: number): Promise<readonly Assignment[]> {
  const { rows } = await tx.query<Row>(
    `SELECT assignment_id, subject_kind, subject, account_id, basis, detail, known_from, by_member FROM assignment
      WHERE workspace_id = $1 AND CASE WHEN $2::timestamptz IS NULL THEN known_to IS NULL
                                       ELSE known_from <= $2 AND (known_to IS NULL OR known_to > $2) END
      ORDER BY known_from, assignment_id`,
    [tx.workspaceId, knownAt === undefined ? null : new Date(knownAt)],
  );
  return rows.map(toAssignment);
}

export async function addAssignments(tx: Tx, added: readonly Assignment[]): Promise<void> {
  if (added.length === 0) return;
  await tx.query(
    `INSERT INTO assignment (workspace_id, assignment_id, subject_kind, subject, account_id, basis, detail, known_from, by_member)
     SELECT $1::uuid, assignment_id, subject_kind, subject, account_id, basis, detail, known_from, by_member
       FROM jsonb_to_recordset($2::jsonb) AS r(assignment_id uuid, subject_kind text, subject text, account_id uuid, basis text, detail text,
         known_from timestamptz, by_member text)
     ON CONFLICT (workspace_id, assignment_id) DO NOTHING`,
    [
      tx.workspaceId,
      JSON.stringify(
        added.map((one) => ({
          assignment_id: one.assignmentId,
          subject_kind: one.kind,
          subject: one.subject,
          account_id: one.accountId,
          basis: one.basis,
          detail: one.detail,
          known_from: new Date(one.knownFrom),
          by_member: one.by,
        })),
      ),
    ],
  );
}

/** Ends assignments in known time; what was known then stays answerable. */
export async function endAssignments(tx: Tx, assignmentIds: readonly string[], at: number): Promise<void> {
  if (assignmentIds.length === 0) return;
  await tx.query(
    'UPDATE assignment SET known_to = $3 WHERE workspace_id = $1 AND assignment_id = ANY($2::uuid[]) AND known_to IS NULL',
    [tx.workspaceId, assignmentIds, new Date(at)],
  );
}

/** Someone or some domain that matches no account, with why. */
export interface Unmatched {
  readonly kind: string;
  readonly subject: string;
  readonly reason: string;
  readonly candidates: readonly string[];
  readonly events: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
}

/** Rewrites the queue from what is unmatched now. */
export async function replaceUnmatched(tx: Tx, queue: readonly Unmatched[]): Promise<void> {
  await tx.query('DELETE FROM unmatched WHERE workspace_id = $1', [tx.workspaceId]);
  if (queue.length === 0) return;
  await tx.query(
    `INSERT INTO unmatched (workspace_id, subject_kind, subject, reason, candidates, events, first_seen_at, last_seen_at)
     SELECT $1::uuid, subject_kind, subject, reason, candidates, events, first_seen_at, last_seen_at
       FROM jsonb_to_recordset($2::jsonb) AS r(subject_kind text, subject text, reason text, candidates jsonb, events bigint,
         first_seen_at timestamptz, last_seen_at timestamptz)
     ON CONFLICT (workspace_id, subject_kind, subject) DO NOTHING`,
    [
      tx.workspaceId,
      JSON.stringify(
        queue.map((one) => ({
          subject_kind: one.kind,
          subject: one.subject,
          reason: one.reason,
          candidates: one.candidates,
          events: one.events,
          first_seen_at: new Date(one.firstSeenAt),
          last_seen_at: new Date(one.lastSeenAt),
        })),
      ),
    ],
  );
}

export async function unmatched(tx: Tx): Promise<readonly Unmatched[]> {
  const { rows } = await tx.query<{
    subject_kind: string;
    subject: string;
    reason: string;
    candidates: string[];
    events: string;
    first_seen_at: Date;
    last_seen_at: Date;
  }>(
    `SELECT subject_kind, subject, reason, candidates, events, first_seen_at, last_seen_at FROM unmatched
      WHERE workspace_id = $1 ORDER BY events DESC, subject`,
    [tx.workspaceId],
  );
  return rows.map((row) => ({
    kind: row.subject_kind,
    subject: row.subject,
    reason: row.reason,
    candidates: row.candidates,
    events: Number(row.events),
    firstSeenAt: row.first_seen_at.getTime(),
    lastSeenAt: row.last_seen_at.getTime(),
  }));
}
