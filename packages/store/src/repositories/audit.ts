import { createHash, randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Tx } from '../tenancy.ts';

/** Who did what to what. `detail` holds no secret and no mail body. Times are epoch milliseconds. */
export type AuditEntry = {
  readonly at: number;
  /** A member's address, `token:<id>`, `system` or the like. */
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
};

/** An entry of the log, with its place in the chain. */
export type StoredAuditEntry = AuditEntry & {
  readonly auditId: string;
  readonly seq: number;
  readonly erasedAt: number | null;
};

/** What a check of the chain found: the first entry that was altered, removed or slipped in, if any. */
export type AuditVerdict =
  | { readonly ok: true; readonly entries: number; readonly head: string }
  | { readonly ok: false; readonly seq: number; readonly reason: 'missing' | 'altered' | 'broken_chain' };

type Row = {
  audit_id: string;
  seq: number;
  at: Date;
  actor: string;
  action: string;
  subject: string;
  detail: Record<string, unknown>;
  salt: Buffer | null;
  content_digest: Buffer;
  previous_digest: Buffer;
  digest: Buffer;
  erased_at: Date | null;
};
const columns =
  'audit_id, seq, at, actor, action, subject, detail, salt, content_digest, previous_digest, digest, erased_at';
const start = Buffer.alloc(32);

/** Appends an entry. Appends of one workspace wait for one another, so that each knows its predecessor. */
export async function recordAudit(
  tx: Tx,
  entry: AuditEntry,
  random: (size: number) => Buffer = randomBytes,
): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [`audit ${tx.workspaceId}`]);
  const last = await tx.query<{ seq: number; digest: Buffer }>(
    'SELECT seq, digest FROM audit_entry WHERE workspace_id = $1 ORDER BY seq DESC LIMIT 1',
    [tx.workspaceId],
  );
  const seq = (last.rows[0]?.seq ?? 0) + 1;
  const previous = last.rows[0]?.digest ?? start;
  const salt = random(16);
  const content = contentDigest(salt, entry.actor, entry.subject, entry.detail);
  await tx.query(
    `INSERT INTO audit_entry (workspace_id, audit_id, seq, at, actor, action, subject, detail, salt, content_digest, previous_digest, digest)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      tx.workspaceId,
      uuidv7(),
      seq,
      new Date(entry.at),
      entry.actor,
      entry.action,
      entry.subject,
      JSON.stringify(entry.detail),
      salt,
      content,
      previous,
      chainDigest(previous, seq, entry.at, entry.action, content),
    ],
  );
}

/** The newest entries first. */
export async function auditLog(
  tx: Tx,
  page: { readonly beforeSeq?: number; readonly limit: number },
): Promise<readonly StoredAuditEntry[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM audit_entry WHERE workspace_id = $1 AND ($2::bigint IS NULL OR seq < $2) ORDER BY seq DESC LIMIT $3`,
    [tx.workspaceId, page.beforeSeq ?? null, page.limit],
  );
  return rows.map((row) => ({
    auditId: row.audit_id,
    seq: row.seq,
    at: row.at.getTime(),
    actor: row.actor,
    action: row.action,
    subject: row.subject,
    detail: row.detail,
    erasedAt: row.erased_at?.getTime() ?? null,
  }));
}

/**
 * Walks the whole chain (guarantee I12). An entry's loss at the end shows only against a `head` that was noted elsewhere, so the
 * verdict gives the present one.
 */
export async function verifyAudit(tx: Tx, pageSize = 1000): Promise<AuditVerdict> {
  let previous: Buffer = start;
  let seq = 0;
  for (;;) {
    const { rows } = await tx.query<Row>(
      `SELECT ${columns} FROM audit_entry WHERE workspace_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
      [tx.workspaceId, seq, pageSize],
    );
    for (const row of rows) {
      if (row.seq !== seq + 1) return { ok: false, seq: seq + 1, reason: 'missing' };
      seq = row.seq;
      if (!row.previous_digest.equals(previous)) return { ok: false, seq, reason: 'broken_chain' };
      const content = row.salt ? contentDigest(row.salt, row.actor, row.subject, row.detail) : row.content_digest;
      const whole = row.content_digest.equals(content) && (row.salt !== null || row.erased_at !== null);
      if (!whole || !row.digest.equals(chainDigest(previous, seq, row.at.getTime(), row.action, content))) {
        return { ok: false, seq, reason: 'altered' };
      }
      previous = row.digest;
    }
    if (rows.length < pageSize) return { ok: true, entries: seq, head: previous.toString('hex') };
  }
}

/** Takes a person out of the log: entries by or about them lose actor, subject, detail and salt; the chain stays whole (R27). */
export async function eraseFromAudit(tx: Tx, person: string, at: number): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE audit_entry SET actor = 'erased', subject = 'erased', detail = '{}', salt = NULL, erased_at = $3
      WHERE workspace_id = $1 AND (actor = $2 OR subject = $2 OR strpos(detail::text, $2) > 0) AND erased_at IS NULL`,
    [tx.workspaceId, person, new Date(at)],
  );
  return rowCount ?? 0;
}

function contentDigest(salt: Buffer, actor: string, subject: string, detail: unknown): Buffer {
  return createHash('sha256')
    .update(salt)
    .update(canonical([actor, subject, detail]))
    .digest();
}

function chainDigest(previous: Buffer, seq: number, at: number, action: string, content: Buffer): Buffer {
  return createHash('sha256')
    .update(previous)
    .update(canonical([seq, at, action]))
    .update(content)
    .digest();
}

/** JSON with its keys in order, since jsonb does not keep theirs. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
