import { v7 as uuidv7 } from 'uuid';
import type { Tx } from '../tenancy.ts';

/** What a webhook said: which stream of an installation to wake. Never the truth, only a reason to read. */
export type StoredHint = {
  readonly installationId: string;
  readonly stream: string;
  /** The same delivery carries the same key, however often it comes. */
  readonly dedupeKey: string;
  /** The objects that it names; empty for all. */
  readonly externalIds: readonly string[];
  /** Epoch milliseconds. */
  readonly receivedAt: number;
};

/** Keeps hints before their webhook is acknowledged (guarantee I8). Returns how many were new. */
export async function addHints(tx: Tx, hints: readonly StoredHint[], newId: () => string = uuidv7): Promise<number> {
  if (hints.length === 0) return 0;
  const rows = hints.map((hint) => ({
    hint_id: newId(),
    installation_id: hint.installationId,
    stream: hint.stream,
    // Half of a surrogate pair is text to JavaScript and none to PostgreSQL.
    dedupe_key: hint.dedupeKey.toWellFormed(),
    external_ids: hint.externalIds.map((id) => id.toWellFormed()),
    received_at: new Date(hint.receivedAt),
  }));
  const { rowCount } = await tx.query(
    `INSERT INTO hint (workspace_id, hint_id, installation_id, stream, dedupe_key, external_ids, received_at)
     SELECT $1::uuid, hint_id, installation_id, stream, dedupe_key, external_ids, received_at
       FROM jsonb_to_recordset($2::jsonb) AS r(hint_id uuid, installation_id uuid, stream text, dedupe_key text, external_ids text[],
         received_at timestamptz)
      -- One order for all who write, so that two of them never wait for each other.
      ORDER BY installation_id, dedupe_key
     ON CONFLICT (workspace_id, installation_id, dedupe_key) DO NOTHING`,
    [tx.workspaceId, JSON.stringify(rows)],
  );
  return rowCount ?? 0;
}

/**
 * Takes the open hints of an installation that came until a time. Take them in the transaction that stores what they led to: a
 * crash before its COMMIT leaves them open.
 */
export async function takeHints(
  tx: Tx,
  installationId: string,
  until: number,
  at: number,
): Promise<readonly StoredHint[]> {
  const { rows } = await tx.query<{ stream: string; dedupe_key: string; external_ids: string[]; received_at: Date }>(
    `UPDATE hint SET taken_at = $4 WHERE workspace_id = $1 AND installation_id = $2 AND received_at <= $3 AND taken_at IS NULL
     RETURNING stream, dedupe_key, external_ids, received_at`,
    [tx.workspaceId, installationId, new Date(until), new Date(at)],
  );
  return rows.map((row) => ({
    installationId,
    stream: row.stream,
    dedupeKey: row.dedupe_key,
    externalIds: row.external_ids,
    receivedAt: row.received_at.getTime(),
  }));
}

/** Takes these hints, of those that `hintsOf` gave: one that came between the two stays open. */
export async function takeTheseHints(tx: Tx, hints: readonly StoredHint[], at: number): Promise<void> {
  const first = hints[0];
  if (!first) return;
  await tx.query(
    `UPDATE hint SET taken_at = $4
      WHERE workspace_id = $1 AND installation_id = $2 AND dedupe_key = ANY($3::text[]) AND taken_at IS NULL`,
    [tx.workspaceId, first.installationId, hints.map((hint) => hint.dedupeKey), new Date(at)],
  );
}

/** The open hints of an installation that came until a time, left open: they are taken when what they led to is stored. */
export async function hintsOf(tx: Tx, installationId: string, until: number): Promise<readonly StoredHint[]> {
  const { rows } = await tx.query<{ stream: string; dedupe_key: string; external_ids: string[]; received_at: Date }>(
    `SELECT stream, dedupe_key, external_ids, received_at FROM hint
      WHERE workspace_id = $1 AND installation_id = $2 AND received_at <= $3 AND taken_at IS NULL ORDER BY received_at`,
    [tx.workspaceId, installationId, new Date(until)],
  );
  return rows.map((row) => ({
    installationId,
    stream: row.stream,
    dedupeKey: row.dedupe_key,
    externalIds: row.external_ids,
    receivedAt: row.received_at.getTime(),
  }));
}

/** The installations with open hints and their oldest, for the sweep that finds what a lost job left. */
export async function openHints(tx: Tx): Promise<
  readonly {
    readonly installationId: string;
    readonly hints: number;
    readonly oldestAt: number;
    readonly streams: readonly string[];
  }[]
> {
  const { rows } = await tx.query<{ installation_id: string; hints: number; oldest: Date; streams: string[] }>(
    `SELECT installation_id, count(*) AS hints, min(received_at) AS oldest, array_agg(DISTINCT stream) AS streams
       FROM hint WHERE workspace_id = $1 AND taken_at IS NULL GROUP BY installation_id ORDER BY min(received_at)`,
    [tx.workspaceId],
  );
  return rows.map((row) => ({
    installationId: row.installation_id,
    hints: row.hints,
    oldestAt: row.oldest.getTime(),
    streams: row.streams,
  }));
}

/** Removes hints that were taken before a time; until then a repeat is recognized. Returns how many. */
export async function sweepHints(tx: Tx, takenBefore: number): Promise<number> {
  const { rowCount } = await tx.query('DELETE FROM hint WHERE workspace_id = $1 AND taken_at < $2', [
    tx.workspaceId,
    new Date(takenBefore),
  ]);
  return rowCount ?? 0;
}
