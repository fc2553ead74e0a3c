import type { Tx } from '../tenancy.ts';

/** A record of a provider in its latest form. */
export interface SourceObject {
  readonly sourceId: string;
  readonly installationId: string;
  readonly stream: string;
  readonly partition: string;
  readonly object: string;
  readonly externalId: string;
  readonly version: string;
  /** SHA-256 of what was mapped, hex: the same content again is no change. */
  readonly contentDigest: string;
  readonly generation: number;
  readonly outcome: 'stored' | 'ignored' | 'rejected';
  readonly reason: string | null;
  readonly events: number;
  readonly occurredAt: number | null;
  readonly seenEnumeration: string | null;
  /** Names of its labels or folders. */
  readonly tags: readonly string[];
}

export interface KnownSource {
  readonly sourceId: string;
  readonly version: string;
  readonly contentDigest: string;
  readonly generation: number;
  readonly gone: boolean;
  readonly partition: string;
  readonly events: number;
  readonly occurredAt: number | null;
  /** Whether the form in force could be read. */
  readonly readable: boolean;
}

/** What is known of these records. */
export async function knownSources(tx: Tx, sourceIds: readonly string[]): Promise<ReadonlyMap<string, KnownSource>> {
  const { rows } = await tx.query<{
    source_id: string;
    version: string;
    digest: string;
    generation: number;
    gone: boolean;
    partition: string;
    events: number;
    occurred_at: Date | null;
    readable: boolean;
  }>(
    `SELECT source_id, version, encode(content_digest, 'hex') AS digest, generation, gone_at IS NOT NULL AS gone, partition, events,
            occurred_at, outcome <> 'rejected' OR events > 0 AS readable
       FROM source_object WHERE workspace_id = $1 AND source_id = ANY($2::uuid[])`,
    [tx.workspaceId, sourceIds],
  );
  return new Map(
    rows.map((row) => [
      row.source_id,
      {
        sourceId: row.source_id,
        version: row.version,
        contentDigest: row.digest,
        generation: row.generation,
        gone: row.gone,
        partition: row.partition,
        events: row.events,
        occurredAt: row.occurred_at?.getTime() ?? null,
        readable: row.readable,
      },
    ]),
  );
}

/** Writes the latest forms, and clears a former claim that they are gone. */
export async function writeSources(tx: Tx, sources: readonly SourceObject[], at: number): Promise<void> {
  if (sources.length === 0) return;
  await tx.query(
    `INSERT INTO source_object (workspace_id, source_id, installation_id, stream, partition, object, external_id, version, content_digest,
         generation, outcome, reason, events, occurred_at, seen_enumeration, tags, first_seen_at, last_seen_at)
     SELECT $1::uuid, source_id, installation_id, stream, partition, object, external_id, version, decode(content_digest, 'hex'),
         generation, outcome, reason, events, occurred_at, seen_enumeration, tags, $3::timestamptz, $3::timestamptz
       FROM jsonb_to_recordset($2::jsonb) AS r(source_id uuid, installation_id uuid, stream text, partition text, object text,
         external_id text, version text, content_digest text, generation int, outcome text, reason text, events int,
         occurred_at timestamptz, seen_enumeration text, tags text[])
     ON CONFLICT (workspace_id, source_id) DO UPDATE SET
         partition = excluded.partition, version = excluded.version, content_digest = excluded.content_digest, generation = excluded.generation,
         outcome = excluded.outcome, reason = excluded.reason, events = excluded.events, occurred_at = excluded.occurred_at,
         seen_enumeration = excluded.seen_enumeration, tags = excluded.tags, last_seen_at = excluded.last_seen_at, gone_at = NULL`,
    [
      tx.workspaceId,
      JSON.stringify(
        sources.map((one) => ({
          source_id: one.sourceId,
          installation_id: one.installationId,
          stream: one.stream,
          partition: one.partition,
          object: one.object,
          external_id: one.externalId,
          version: one.version,
          content_digest: one.contentDigest,
          generation: one.generation,
          outcome: one.outcome,
          reason: one.reason,
          events: one.events,
          occurred_at: one.occurredAt === null ? null : new Date(one.occurredAt),
          seen_enumeration: one.seenEnumeration,
          tags: one.tags.length === 0 ? null : one.tags,
        })),
      ),
      new Date(at),
    ],
  );
}

/**
 * Marks records as seen again without a change, by this partition. Of the same content in a newer version the version is kept: a page
 * from between the two must not replace it.
 */
export async function touchSources(
  tx: Tx,
  seen: readonly { readonly sourceId: string; readonly version: string }[],
  partition: string,
  enumeration: string | null,
  at: number,
): Promise<void> {
  if (seen.length === 0) return;
  await tx.query(
    `WITH seen AS MATERIALIZED (SELECT source_id, version FROM unnest($2::uuid[], $3::text[]) AS s(source_id, version))
     UPDATE source_object o SET last_seen_at = $4, seen_enumeration = coalesce($5, o.seen_enumeration), version = seen.version, partition = $6
       FROM seen WHERE o.workspace_id = $1 AND o.source_id = ANY($2::uuid[]) AND o.source_id = seen.source_id`,
    [
      tx.workspaceId,
      seen.map((one) => one.sourceId),
      seen.map((one) => one.version),
      new Date(at),
      enumeration,
      partition,
    ],
  );
}

/** Records of a stream's partition inside a window that a complete enumeration did not see: these, and only these, are gone (A3, A5). */
export async function unseenSources(
  tx: Tx,
  stream: { readonly installationId: string; readonly stream: string; readonly partition: string },
  enumeration: string,
  window: { readonly from: number | null; readonly to: number | null },
): Promise<readonly string[]> {
  const { rows } = await tx.query<{ source_id: string }>(
    `SELECT source_id FROM source_object
      WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND partition = $4 AND gone_at IS NULL
        AND seen_enumeration IS DISTINCT FROM $5
        AND ($6::timestamptz IS NULL OR occurred_at >= $6) AND ($7::timestamptz IS NULL OR occurred_at < $7)`,
    [
      tx.workspaceId,
      stream.installationId,
      stream.stream,
      stream.partition,
      enumeration,
      window.from === null ? null : new Date(window.from),
      window.to === null ? null : new Date(window.to),
    ],
  );
  return rows.map((row) => row.source_id);
}

/** Of the stored records of a partition inside a window: how many there are, and how many an enumeration did not see. */
export async function enumerationShare(
  tx: Tx,
  stream: { readonly installationId: string; readonly stream: string; readonly partition: string },
  enumeration: string,
  window: { readonly from: number | null; readonly to: number | null },
): Promise<{ readonly stored: number; readonly unseen: number }> {
  const { rows } = await tx.query<{ stored: string; unseen: string }>(
    `SELECT count(*) AS stored, count(*) FILTER (WHERE seen_enumeration IS DISTINCT FROM $5) AS unseen FROM source_object
      WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND partition = $4 AND gone_at IS NULL AND outcome = 'stored'
        AND ($6::timestamptz IS NULL OR occurred_at >= $6) AND ($7::timestamptz IS NULL OR occurred_at < $7)`,
    [
      tx.workspaceId,
      stream.installationId,
      stream.stream,
      stream.partition,
      enumeration,
      window.from === null ? null : new Date(window.from),
      window.to === null ? null : new Date(window.to),
    ],
  );
  return { stored: Number(rows[0]?.stored ?? 0), unseen: Number(rows[0]?.unseen ?? 0) };
}

/** Records that the provider says are gone. Their events are ended by `supersede`; the row stays as the memory of it. */
export async function markGone(
  tx: Tx,
  gone: readonly { readonly sourceId: string; readonly events: number }[],
  at: number,
): Promise<void> {
  if (gone.length === 0) return;
  await tx.query(
    `WITH gone AS MATERIALIZED (SELECT source_id, events FROM unnest($2::uuid[], $3::int[]) AS g(source_id, events))
     UPDATE source_object o SET gone_at = $4, generation = o.generation + 1, events = gone.events
       FROM gone WHERE o.workspace_id = $1 AND o.source_id = ANY($2::uuid[]) AND o.source_id = gone.source_id AND o.gone_at IS NULL`,
    [tx.workspaceId, gone.map((one) => one.sourceId), gone.map((one) => one.events), new Date(at)],
  );
}

/** A record that could not be read, kept sealed and without its body (I9). */
export interface SetAside {
  readonly sourceId: string;
  readonly installationId: string | null;
  readonly stream: string;
  readonly externalId: string;
  readonly reason: string;
  readonly detail: string;
  readonly raw: Buffer;
}

export async function setAside(tx: Tx, records: readonly SetAside[], at: number): Promise<void> {
  for (const one of records) {
    await tx.query(
      `INSERT INTO set_aside (workspace_id, source_id, installation_id, stream, external_id, reason, detail, raw, first_seen_at, last_seen_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
       ON CONFLICT (workspace_id, source_id) DO UPDATE SET
         reason = excluded.reason, detail = excluded.detail, raw = excluded.raw, last_seen_at = excluded.last_seen_at`,
      [
        tx.workspaceId,
        one.sourceId,
        one.installationId,
        one.stream,
        one.externalId,
        one.reason,
        one.detail.slice(0, 2000),
        one.raw,
        new Date(at),
      ],
    );
  }
}

/** Takes back what was set aside once the record could be read. */
export async function dropSetAside(tx: Tx, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return;
  await tx.query('DELETE FROM set_aside WHERE workspace_id = $1 AND source_id = ANY($2::uuid[])', [
    tx.workspaceId,
    sourceIds,
  ]);
}

/** How the records of each stream ended, counted from the records themselves. */
export interface StreamCounts {
  readonly installationId: string;
  readonly stream: string;
  readonly outcome: 'stored' | 'ignored' | 'rejected';
  readonly reason: string | null;
  readonly records: number;
}

export async function streamCounts(tx: Tx): Promise<readonly StreamCounts[]> {
  const { rows } = await tx.query<{
    installation_id: string;
    stream: string;
    outcome: StreamCounts['outcome'];
    reason: string | null;
    records: string;
  }>(
    `SELECT installation_id, stream, outcome, reason, count(*) AS records FROM source_object
      WHERE workspace_id = $1 AND gone_at IS NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
    [tx.workspaceId],
  );
  return rows.map((row) => ({
    installationId: row.installation_id,
    stream: row.stream,
    outcome: row.outcome,
    reason: row.reason,
    records: Number(row.records),
  }));
}
