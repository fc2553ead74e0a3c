import type { Tx } from '../tenancy.ts';

/** A sighting whose account changes. */
interface Moved {
  readonly eventId: string;
  readonly sourceId: string;
  readonly generation: number;
  readonly recordedAt: number;
  readonly isAssumed: boolean;
  readonly before: string | null;
}

/** How long after a first reading what it led to still belongs to it, ms: what it named is matched at its end. */
const afterReading = 3_600_000;

/**
 * Notes whose sightings were until an instant of known time. What is stored with that very instant was nobody else's before; nor is
 * anything noted of a history while a source is read for the first time, since it counts as known when it happened, and whose it is with
 * it, whichever source was connected first.
 */
export async function noteFormerAccounts(tx: Tx, moved: readonly Moved[], at: number): Promise<void> {
  const stored = moved.filter((one) => one.recordedAt < at);
  if (stored.length === 0) return;
  const reading = stored.some((one) => one.isAssumed) && (await isHistoryBeingRead(tx, at));
  const noted = stored.filter((one) => !(reading && one.isAssumed));
  if (noted.length === 0) return;
  await tx.query(
    `INSERT INTO event_account_known (workspace_id, event_id, source_id, generation, known_to, account_id)
     SELECT $1::uuid, event_id, source_id, generation, $3::timestamptz, account_id
       FROM jsonb_to_recordset($2::jsonb) AS r(event_id uuid, source_id uuid, generation int, account_id uuid)
     ON CONFLICT (workspace_id, event_id, source_id, generation, known_to) DO NOTHING`,
    [
      tx.workspaceId,
      JSON.stringify(
        noted.map((one) => ({
          event_id: one.eventId,
          source_id: one.sourceId,
          generation: one.generation,
          account_id: one.before,
        })),
      ),
      new Date(at),
    ],
  );
}

async function isHistoryBeingRead(tx: Tx, at: number): Promise<boolean> {
  const { rows } = await tx.query<{ reading: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM stream_state WHERE workspace_id = $1 AND paused_reason IS NULL
                       AND (backfill_done_at IS NULL OR backfill_done_at > $2)) AS reading`,
    [tx.workspaceId, new Date(at - afterReading)],
  );
  return rows[0]?.reading === true;
}

/** Forgets whose sightings were, with the sightings. */
export async function forgetFormerAccounts(
  tx: Tx,
  keys: readonly Pick<Moved, 'eventId' | 'sourceId' | 'generation'>[],
): Promise<void> {
  await tx.query(
    `WITH gone AS MATERIALIZED (SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::int[]) AS r(event_id, source_id, generation))
     DELETE FROM event_account_known k USING gone
      WHERE k.workspace_id = $1 AND k.event_id = gone.event_id AND k.source_id = gone.source_id AND k.generation = gone.generation`,
    [
      tx.workspaceId,
      keys.map((one) => one.eventId),
      keys.map((one) => one.sourceId),
      keys.map((one) => one.generation),
    ],
  );
}

/**
 * SQL for the sightings of an account ($2), as rows `e`: those in force; with `knownAt`, the parameter that holds an instant of known
 * time, those that were known by then to be its own.
 */
export function sightingsOfAccount(columns: string, knownAt?: string): string {
  const listed = (of: string) =>
    columns
      .split(',')
      .map((column) => `${of}.${column.trim()}`)
      .join(', ');
  if (knownAt === undefined)
    return `SELECT ${listed('e')} FROM journey_event e
      WHERE e.workspace_id = $1 AND e.account_id = $2 AND e.superseded_at IS NULL`;
  const wasKnown = `e.recorded_at <= ${knownAt} AND (e.superseded_at IS NULL OR e.superseded_at > ${knownAt})`;
  const same = (one: string, other: string) =>
    `${one}.event_id = ${other}.event_id AND ${one}.source_id = ${other}.source_id AND ${one}.generation = ${other}.generation`;
  return `SELECT ${listed('e')} FROM journey_event e
      WHERE e.workspace_id = $1 AND e.account_id = $2 AND ${wasKnown}
        AND NOT EXISTS (SELECT 1 FROM event_account_known k
                         WHERE k.workspace_id = $1 AND ${same('k', 'e')} AND k.known_to > ${knownAt})
     UNION ALL
     SELECT ${listed('e')} FROM event_account_known k JOIN journey_event e ON e.workspace_id = $1 AND ${same('e', 'k')}
      WHERE k.workspace_id = $1 AND k.account_id = $2 AND k.known_to > ${knownAt} AND ${wasKnown}
        AND NOT EXISTS (SELECT 1 FROM event_account_known n
                         WHERE n.workspace_id = $1 AND ${same('n', 'k')} AND n.known_to > ${knownAt} AND n.known_to < k.known_to)`;
}
