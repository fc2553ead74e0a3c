import type { Participant } from '@waymark/journey';
import type { Tx } from '../tenancy.ts';
import { forgetFormerAccounts } from './event-account-known.ts';
import type { SightingKey } from './sightings.ts';

/** What is neither read nor kept. Times are epoch milliseconds. */
export interface Exclusion {
  readonly exclusionId: string;
  readonly kind: 'domain' | 'person' | 'pair' | 'label' | 'keyword' | 'installation';
  readonly value: string;
  /** The second of a pair: an address, or `account:<id>`; empty for all else. */
  readonly other: string;
  /** The installation that it is limited to; empty for all. */
  readonly scope: string;
  readonly createdAt: number;
  readonly createdBy: string;
}

interface Row {
  exclusion_id: string;
  kind: Exclusion['kind'];
  value: string;
  other: string;
  scope: string;
  created_at: Date;
  created_by: string;
}

const columns = 'exclusion_id, kind, value, other, scope, created_at, created_by';

const toExclusion = (row: Row): Exclusion => ({
  exclusionId: row.exclusion_id,
  kind: row.kind,
  value: row.value,
  other: row.other,
  scope: row.scope,
  createdAt: row.created_at.getTime(),
  createdBy: row.created_by,
});

/** The exclusions in force, oldest first. */
export async function exclusions(tx: Tx): Promise<readonly Exclusion[]> {
  const { rows } = await tx.query<Row>(
    `SELECT ${columns} FROM exclusion WHERE workspace_id = $1 ORDER BY created_at, exclusion_id`,
    [tx.workspaceId],
  );
  return rows.map(toExclusion);
}

/** Adds an exclusion. False where there is one that says the same. */
export async function addExclusion(tx: Tx, one: Exclusion): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO exclusion (workspace_id, ${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (workspace_id, kind, value, other, scope) DO NOTHING`,
    [
      tx.workspaceId,
      one.exclusionId,
      one.kind,
      one.value,
      one.other,
      one.scope,
      new Date(one.createdAt),
      one.createdBy,
    ],
  );
  return rowCount === 1;
}

/** Takes an exclusion away, value and all; its receipts stay. Undefined where there is none. */
export async function deleteExclusion(tx: Tx, exclusionId: string): Promise<Exclusion | undefined> {
  const { rows } = await tx.query<Row>(
    `DELETE FROM exclusion WHERE workspace_id = $1 AND exclusion_id = $2 RETURNING ${columns}`,
    [tx.workspaceId, exclusionId],
  );
  return rows[0] && toExclusion(rows[0]);
}

/** What was taken away, in figures: nobody's address, domain or word is in it. */
export interface ExclusionReceipt {
  readonly receiptId: string;
  readonly exclusionId: string;
  readonly kind: string;
  readonly action: 'purged' | 'removed';
  readonly counts: Readonly<Record<string, number>>;
  /** SHA-256, hex, over this receipt and the ids of what was purged. */
  readonly digest: string;
  readonly at: number;
  readonly by: string;
}

export async function addReceipt(tx: Tx, one: ExclusionReceipt): Promise<void> {
  await tx.query(
    `INSERT INTO exclusion_receipt (workspace_id, receipt_id, exclusion_id, kind, action, counts, digest, at, by_member)
     VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9)`,
    [
      tx.workspaceId,
      one.receiptId,
      one.exclusionId,
      one.kind,
      one.action,
      JSON.stringify(one.counts),
      one.digest,
      new Date(one.at),
      one.by,
    ],
  );
}

/** All receipts, newest first. */
export async function receipts(tx: Tx): Promise<readonly ExclusionReceipt[]> {
  const { rows } = await tx.query<{
    receipt_id: string;
    exclusion_id: string;
    kind: string;
    action: ExclusionReceipt['action'];
    counts: Record<string, number>;
    digest: string;
    at: Date;
    by_member: string;
  }>(
    `SELECT receipt_id, exclusion_id, kind, action, counts, digest, at, by_member FROM exclusion_receipt
      WHERE workspace_id = $1 ORDER BY at DESC, receipt_id DESC`,
    [tx.workspaceId],
  );
  return rows.map((row) => ({
    receiptId: row.receipt_id,
    exclusionId: row.exclusion_id,
    kind: row.kind,
    action: row.action,
    counts: row.counts,
    digest: row.digest,
    at: row.at.getTime(),
    by: row.by_member,
  }));
}

/** A sighting, in force or not, as far as exclusions ask. */
export interface ExcludableRow extends SightingKey {
  readonly installationId: string | null;
  readonly participants: readonly Participant[];
  readonly subject: string | null;
  readonly title: string | null;
  readonly tags: readonly string[];
  readonly accountId: string | null;
  readonly thread: string | null;
  readonly occurredAt: number;
  readonly superseded: boolean;
}

/** Which sightings to walk over. */
export interface ExcludableFilter {
  /** Patterns (LIKE, lower case) that participants or subject have to fit; null for all. */
  readonly patterns?: readonly string[];
  /** A pattern that a kept title has to fit. */
  readonly title?: string;
  readonly installationId?: string;
  readonly accountId?: string;
  /** Only records that have labels. */
  readonly tagged?: boolean;
}

/** A part of all sightings, those out of force too, in the order of their keys. */
export async function excludableRows(
  tx: Tx,
  filter: ExcludableFilter,
  after: SightingKey | null,
  limit: number,
): Promise<readonly ExcludableRow[]> {
  const nil = '00000000-0000-0000-0000-000000000000';
  const { rows } = await tx.query<{
    event_id: string;
    source_id: string;
    generation: number;
    installation_id: string | null;
    participants: readonly Participant[];
    subject: string | null;
    title: string | null;
    tags: string[] | null;
    account_id: string | null;
    thread: string | null;
    occurred_at: Date;
    superseded: boolean;
  }>(
    `SELECT e.event_id, e.source_id, e.generation, e.installation_id, e.participants, e.subject,
            coalesce(e.attributes->>'subject', e.attributes->>'title') AS title, s.tags, e.account_id, e.thread, e.occurred_at,
            e.superseded_at IS NOT NULL AS superseded
       FROM journey_event e LEFT JOIN source_object s ON s.workspace_id = $1 AND s.source_id = e.source_id
      WHERE e.workspace_id = $1 AND (e.event_id, e.source_id, e.generation) > ($2::uuid, $3::uuid, $4::int)
        AND ($5::text[] IS NULL OR lower(e.participants::text) LIKE ANY($5::text[]) OR lower(e.subject) LIKE ANY($5::text[]))
        AND ($6::text IS NULL OR lower(coalesce(e.attributes->>'subject', e.attributes->>'title')) LIKE $6)
        AND ($7::uuid IS NULL OR e.installation_id = $7) AND ($8::uuid IS NULL OR e.account_id = $8)
        AND (NOT $9::boolean OR s.tags IS NOT NULL)
      ORDER BY e.event_id, e.source_id, e.generation LIMIT $10`,
    [
      tx.workspaceId,
      after?.eventId ?? nil,
      after?.sourceId ?? nil,
      after?.generation ?? -1,
      filter.patterns ?? null,
      filter.title ?? null,
      filter.installationId ?? null,
      filter.accountId ?? null,
      filter.tagged ?? false,
      limit,
    ],
  );
  return rows.map((row) => ({
    eventId: row.event_id,
    sourceId: row.source_id,
    generation: row.generation,
    installationId: row.installation_id,
    participants: row.participants,
    subject: row.subject,
    title: row.title,
    tags: row.tags ?? [],
    accountId: row.account_id,
    thread: row.thread,
    occurredAt: row.occurred_at.getTime(),
    superseded: row.superseded,
  }));
}

/** The sightings of these records that are no longer in force. */
export async function supersededRows(tx: Tx, sourceIds: readonly string[]): Promise<readonly SightingKey[]> {
  if (sourceIds.length === 0) return [];
  const { rows } = await tx.query<{ event_id: string; source_id: string; generation: number }>(
    `SELECT event_id, source_id, generation FROM journey_event
      WHERE workspace_id = $1 AND source_id = ANY($2::uuid[]) AND superseded_at IS NOT NULL`,
    [tx.workspaceId, sourceIds],
  );
  return rows.map((row) => ({ eventId: row.event_id, sourceId: row.source_id, generation: row.generation }));
}

/** Deletes sightings for good. */
export async function deleteSightings(tx: Tx, keys: readonly SightingKey[]): Promise<void> {
  const part = 5000;
  for (let at = 0; at < keys.length; at += part) {
    const some = keys.slice(at, at + part);
    await tx.query(
      `WITH gone AS MATERIALIZED (
         SELECT event_id, source_id, generation FROM jsonb_to_recordset($2::jsonb) AS r(event_id uuid, source_id uuid, generation int))
       DELETE FROM journey_event e USING gone
        WHERE e.workspace_id = $1 AND e.event_id = ANY($3::uuid[]) AND e.event_id = gone.event_id AND e.source_id = gone.source_id
          AND e.generation = gone.generation`,
      [
        tx.workspaceId,
        JSON.stringify(
          some.map((one) => ({ event_id: one.eventId, source_id: one.sourceId, generation: one.generation })),
        ),
        [...new Set(some.map((one) => one.eventId))],
      ],
    );
    await forgetFormerAccounts(tx, some);
  }
}

/**
 * Brings records to what is left of them: those without an event in force end as ignored for this reason. Their content is forgotten,
 * so that the next reading counts as news. Returns how many ended.
 */
export async function emptySources(tx: Tx, sourceIds: readonly string[], reason: string): Promise<number> {
  const part = 5000;
  let ended = 0;
  for (let at = 0; at < sourceIds.length; at += part) {
    const { rows } = await tx.query<{ outcome: string }>(
      `WITH left_over AS MATERIALIZED (
         SELECT source_id, count(*)::int AS events FROM journey_event
          WHERE workspace_id = $1 AND source_id = ANY($2::uuid[]) AND superseded_at IS NULL GROUP BY source_id)
       UPDATE source_object o SET generation = o.generation + 1, content_digest = decode(repeat('00', 32), 'hex'), tags = NULL,
              events = coalesce((SELECT l.events FROM left_over l WHERE l.source_id = o.source_id), 0),
              outcome = CASE WHEN EXISTS (SELECT 1 FROM left_over l WHERE l.source_id = o.source_id) THEN o.outcome ELSE 'ignored' END,
              reason = CASE WHEN EXISTS (SELECT 1 FROM left_over l WHERE l.source_id = o.source_id) THEN o.reason ELSE $3 END
        WHERE o.workspace_id = $1 AND o.source_id = ANY($2::uuid[]) RETURNING o.outcome`,
      [tx.workspaceId, sourceIds.slice(at, at + part), reason],
    );
    ended += rows.filter((row) => row.outcome === 'ignored').length;
  }
  return ended;
}

/** The records of an installation, for one that is excluded as a whole. */
export async function sourcesOfInstallation(tx: Tx, installationId: string): Promise<readonly string[]> {
  const { rows } = await tx.query<{ source_id: string }>(
    'SELECT source_id FROM source_object WHERE workspace_id = $1 AND installation_id = $2',
    [tx.workspaceId, installationId],
  );
  return rows.map((row) => row.source_id);
}

/** All that was set aside, sealed. */
export async function setAsideRows(
  tx: Tx,
): Promise<readonly { readonly sourceId: string; readonly installationId: string | null; readonly raw: Buffer }[]> {
  const { rows } = await tx.query<{ source_id: string; installation_id: string | null; raw: Buffer }>(
    'SELECT source_id, installation_id, raw FROM set_aside WHERE workspace_id = $1 ORDER BY source_id',
    [tx.workspaceId],
  );
  return rows.map((row) => ({ sourceId: row.source_id, installationId: row.installation_id, raw: row.raw }));
}

/**
 * Makes every page that is being read now unfit to be stored, so that it is read again under the rules as they are; with `anew` the
 * streams begin from the start of their history. Of one installation or of all.
 */
export async function rereadStreams(
  tx: Tx,
  options: { readonly installationId?: string; readonly anew: boolean },
): Promise<void> {
  await tx.query(
    `UPDATE stream_state SET cursor_version = cursor_version + 1, cursor = CASE WHEN $3 THEN NULL ELSE cursor END,
            cursor_kind = CASE WHEN $3 THEN NULL ELSE cursor_kind END, cursor_format = CASE WHEN $3 THEN NULL ELSE cursor_format END,
            enumeration = CASE WHEN $3 THEN NULL ELSE enumeration END,
            enumeration_started_at = CASE WHEN $3 THEN NULL ELSE enumeration_started_at END
      WHERE workspace_id = $1 AND ($2::uuid IS NULL OR installation_id = $2)`,
    [tx.workspaceId, options.installationId ?? null, options.anew],
  );
}
