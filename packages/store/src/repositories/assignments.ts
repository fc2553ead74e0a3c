import type { Tx } from '../tenancy.ts';

/** A dated assignment of a subject to an account; those with `knownTo` null are in force. */
export interface Assignment {
  readonly assignmentId: string;
  readonly kind: 'contact' | 'alias' | 'domain' | 'thread' | 'event' | 'record';
  readonly subject: string;
  /** Null where a decision by hand says that the subject is nobody's, or that it is split: see `verdict`. */
  readonly accountId: string | null;
  readonly verdict?: 'not_customer' | 'split' | null;
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
  account_id: string | null;
  verdict: 'not_customer' | 'split' | null;
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
  verdict: row.verdict,
  basis: row.basis,
  detail: row.detail,
  knownFrom: row.known_from.getTime(),
  by: row.by_member,
});

const columns = 'assignment_id, subject_kind, subject, account_id, verdict, basis, detail, known_from, by_member';

/** The assignments in force now, or at an earlier instant. */
export async function assignments(tx: Tx, knownAt?: number): Promise<readonly Assignment[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM assignment
      WHERE workspace_id = $1 AND CASE WHEN $2::timestamptz IS NULL THEN known_to IS NULL
                                       ELSE known_from <= $2 AND (known_to IS NULL OR known_to > $2) END
      ORDER BY known_from, assignment_id`,
    [tx.workspaceId, knownAt === undefined ? null : new Date(knownAt)],
  );
  return rows.map(toAssignment);
}

/** Only these: by whom they were given, or about whom they are. */
export type AssignmentFilter =
  | { readonly givers: readonly string[] }
  | { readonly basis: 'hand' }
  | { readonly accounts: readonly string[] }
  | {
      /** Address keys, for contacts and aliases. */
      readonly people: readonly string[];
      readonly domains: readonly string[];
      readonly records: readonly string[];
    };

/** The assignments in force that a filter names. */
export async function assignmentsOf(tx: Tx, filter: AssignmentFilter): Promise<readonly Assignment[]> {
  if ('givers' in filter) {
    const { rows } = await tx.query<Row>(
      `SELECT ${columns} FROM assignment WHERE workspace_id = $1 AND known_to IS NULL AND detail = ANY($2::text[])
        ORDER BY known_from, assignment_id`,
      [tx.workspaceId, filter.givers],
    );
    return rows.map(toAssignment);
  }
  if ('accounts' in filter) {
    const { rows } = await tx.query<Row>(
      `SELECT ${columns} FROM assignment WHERE workspace_id = $1 AND known_to IS NULL AND account_id = ANY($2::uuid[])
        ORDER BY known_from, assignment_id`,
      [tx.workspaceId, filter.accounts],
    );
    return rows.map(toAssignment);
  }
  if ('basis' in filter) {
    const { rows } = await tx.query<Row>(
      `SELECT ${columns} FROM assignment WHERE workspace_id = $1 AND known_to IS NULL AND basis = 'hand'
        ORDER BY known_from, assignment_id`,
      [tx.workspaceId],
    );
    return rows.map(toAssignment);
  }
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM assignment WHERE workspace_id = $1 AND known_to IS NULL
        AND (subject_kind IN ('contact', 'alias') AND subject = ANY($2::text[])
          OR subject_kind = 'domain' AND subject = ANY($3::text[]) OR subject_kind = 'record' AND subject = ANY($4::text[]))
      ORDER BY known_from, assignment_id`,
    [tx.workspaceId, filter.people, filter.domains, filter.records],
  );
  return rows.map(toAssignment);
}

/** The names below these domains by which imports name accounts: `eu.acme.example` below `acme.example`. Walks over all names. */
export async function importedSubjectsBelow(tx: Tx, domains: readonly string[]): Promise<readonly string[]> {
  if (domains.length === 0) return [];
  const { rows } = await tx.query<{ subject: string }>(
    `SELECT subject FROM assignment WHERE workspace_id = $1 AND known_to IS NULL AND subject_kind = 'record' AND basis = 'import'
        AND EXISTS (SELECT 1 FROM unnest($2::text[]) AS d(domain) WHERE right(subject, length(domain) + 1) = '.' || domain)`,
    [tx.workspaceId, domains],
  );
  return rows.map((row) => row.subject);
}

/**
 * One at a time in a workspace until the transaction ends: whoever matches events, or changes what matching rests on. Without it an
 * event that is being stored would be missed by the rematch of an assignment that it could not yet see.
 */
export async function lockMatching(tx: Tx): Promise<void> {
  if (matching.has(tx)) return;
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 7))', [tx.workspaceId]);
  matching.add(tx);
}

/** Transactions that have their turn: what they call asks for it as well. */
const matching = new WeakSet<Tx>();

/** Someone whose assignment changed: a contact's address key, a domain, a CRM record's id, or an account that was merged. */
export interface RematchSubject {
  readonly kind: 'contact' | 'domain' | 'record' | 'account';
  readonly subject: string;
}

/** Asks for the sightings that name these to be matched again. */
export async function wantRematch(tx: Tx, subjects: readonly RematchSubject[], at: number): Promise<void> {
  if (subjects.length === 0) return;
  const unique = new Map(subjects.map((one) => [`${one.kind}:${one.subject}`, one]));
  const sorted = [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  await tx.query(
    `INSERT INTO rematch_subject (workspace_id, subject_kind, subject, since)
     SELECT $1::uuid, kind, subject, $4::timestamptz FROM unnest($2::text[], $3::text[]) AS r(kind, subject)
     ON CONFLICT (workspace_id, subject_kind, subject) DO NOTHING`,
    [tx.workspaceId, sorted.map((one) => one.kind), sorted.map((one) => one.subject), new Date(at)],
  );
}

/** Takes subjects whose sightings are to be matched again, at most `limit`; the caller matches them in the same transaction. */
export async function takeRematch(tx: Tx, limit: number): Promise<readonly RematchSubject[]> {
  const { rows } = await tx.query<{ subject_kind: RematchSubject['kind']; subject: string }>(
    `WITH taken AS MATERIALIZED (
       SELECT subject_kind, subject FROM rematch_subject WHERE workspace_id = $1 ORDER BY subject_kind, subject LIMIT $2)
     DELETE FROM rematch_subject r USING taken
      WHERE r.workspace_id = $1 AND r.subject_kind = taken.subject_kind AND r.subject = taken.subject
     RETURNING r.subject_kind, r.subject`,
    [tx.workspaceId, limit],
  );
  return rows.map((row) => ({ kind: row.subject_kind, subject: row.subject }));
}

/** Whether any sighting is to be matched again. */
export async function rematchWanted(tx: Tx): Promise<boolean> {
  const { rows } = await tx.query('SELECT 1 FROM rematch_subject WHERE workspace_id = $1 LIMIT 1', [tx.workspaceId]);
  return rows.length > 0;
}

export async function addAssignments(tx: Tx, added: readonly Assignment[]): Promise<void> {
  if (added.length === 0) return;
  await tx.query(
    `INSERT INTO assignment (workspace_id, assignment_id, subject_kind, subject, account_id, verdict, basis, detail, known_from, by_member)
     SELECT $1::uuid, assignment_id, subject_kind, subject, account_id, verdict, basis, detail, known_from, by_member
       FROM jsonb_to_recordset($2::jsonb) AS r(assignment_id uuid, subject_kind text, subject text, account_id uuid, verdict text, basis text,
         detail text, known_from timestamptz, by_member text)
     ON CONFLICT (workspace_id, assignment_id) DO NOTHING`,
    [
      tx.workspaceId,
      JSON.stringify(
        added.map((one) => ({
          assignment_id: one.assignmentId,
          subject_kind: one.kind,
          subject: one.subject,
          account_id: one.accountId,
          verdict: one.verdict ?? null,
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

/**
 * Rewrites the review queue from what is unmatched: one entry a person, domain or record, with why, which accounts would claim it, and
 * how much hangs on it.
 */
export async function rewriteUnmatched(tx: Tx): Promise<void> {
  await tx.query('DELETE FROM unmatched WHERE workspace_id = $1', [tx.workspaceId]);
  await tx.query(
    `WITH open AS MATERIALIZED (
       SELECT s.value->>'kind' AS kind, left(s.value->>'subject', 500) AS subject, e.match->>'reason' AS reason, e.event_id, e.occurred_at
         FROM journey_event e CROSS JOIN LATERAL jsonb_array_elements(
              CASE WHEN jsonb_typeof(e.match->'subjects') = 'array' THEN e.match->'subjects' ELSE '[]'::jsonb END) AS s(value)
        WHERE e.workspace_id = $1 AND e.account_id IS NULL AND e.superseded_at IS NULL),
     entry AS MATERIALIZED (
       SELECT kind, subject, min(reason) AS reason, count(DISTINCT event_id) AS events, min(occurred_at) AS first_seen_at,
              max(occurred_at) AS last_seen_at
         FROM open WHERE kind IS NOT NULL AND subject IS NOT NULL GROUP BY kind, subject),
     claim AS MATERIALIZED (
       SELECT CASE a.subject_kind WHEN 'alias' THEN 'contact' ELSE a.subject_kind END AS kind, a.subject,
              jsonb_agg(DISTINCT coalesce(m.merged_into, a.account_id)) AS candidates
         FROM assignment a LEFT JOIN account m ON m.workspace_id = $1 AND m.account_id = a.account_id
        WHERE a.workspace_id = $1 AND a.known_to IS NULL AND a.account_id IS NOT NULL
          AND a.subject_kind IN ('contact', 'alias', 'domain') GROUP BY 1, 2)
     INSERT INTO unmatched (workspace_id, subject_kind, subject, reason, candidates, events, first_seen_at, last_seen_at)
     SELECT $1::uuid, entry.kind, entry.subject, entry.reason, coalesce(claim.candidates, '[]'::jsonb), entry.events, entry.first_seen_at,
            entry.last_seen_at
       FROM entry LEFT JOIN claim ON claim.kind = CASE entry.kind WHEN 'record' THEN 'domain' ELSE entry.kind END AND claim.subject = entry.subject
     ON CONFLICT (workspace_id, subject_kind, subject) DO NOTHING`,
    [tx.workspaceId],
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
