import type { Tx } from '../tenancy.ts';
import { lockMatching } from './assignments.ts';
import { noteFormerAccounts } from './event-account-known.ts';

/** An account whose events changed, and the earliest instant at which they did. */
export interface AccountChange {
  readonly accountId: string;
  readonly earliest: number;
}

/**
 * Sets each event's account from its sightings' own findings: the first by (rank, source_id) that names one, so that the order of
 * arrival does not matter. Returns the accounts that gained or lost an event, with the earliest such event's time. Takes turns with
 * all other matching of the workspace: two sightings of one event that are stored at once would not see each other.
 *
 * @param at since when that is known, epoch ms: whose they were before is kept. Undefined where it counts as known all along.
 */
export async function projectAccounts(
  tx: Tx,
  eventIds: readonly string[],
  at: number | undefined,
): Promise<readonly AccountChange[]> {
  if (eventIds.length === 0) return [];
  await lockMatching(tx);
  const changes: AccountChange[] = [];
  for (const part of inParts(eventIds)) changes.push(...(await projectPart(tx, part, at)));
  return changes;
}

/** Events or sightings of one statement: the planner may join them row by row where the table has no statistics yet. */
const partSize = 500;

/** A long list in the parts that one statement takes. */
export function inParts<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / partSize) }, (_, part) =>
    all.slice(part * partSize, (part + 1) * partSize),
  );
}

async function projectPart(
  tx: Tx,
  eventIds: readonly string[],
  at: number | undefined,
): Promise<readonly AccountChange[]> {
  const { rows } = await tx.query<{
    event_id: string;
    source_id: string;
    generation: number;
    recorded_at: Date;
    known_assumed: boolean;
    before: string | null;
    after: string | null;
    occurred_at: Date;
  }>(
    `WITH live AS MATERIALIZED (
       SELECT event_id, source_id, generation, occurred_at, recorded_at, known_assumed, account_id AS before,
              (first_value(match->>'accountId') OVER (
                 PARTITION BY event_id ORDER BY (match->>'accountId' IS NULL), rank, source_id))::uuid AS after
         FROM journey_event WHERE workspace_id = $1 AND event_id = ANY($2::uuid[]) AND superseded_at IS NULL),
     changed AS MATERIALIZED (SELECT * FROM live WHERE before IS DISTINCT FROM after),
     written AS (
       UPDATE journey_event e SET account_id = changed.after FROM changed
        WHERE e.workspace_id = $1 AND e.event_id = ANY($2::uuid[]) AND e.event_id = changed.event_id AND e.source_id = changed.source_id
          AND e.generation = changed.generation
       RETURNING e.event_id)
     SELECT event_id, source_id, generation, recorded_at, known_assumed, before, after, occurred_at FROM changed`,
    [tx.workspaceId, eventIds],
  );
  if (at !== undefined)
    await noteFormerAccounts(
      tx,
      rows.map((row) => ({
        eventId: row.event_id,
        sourceId: row.source_id,
        generation: row.generation,
        recordedAt: row.recorded_at.getTime(),
        isAssumed: row.known_assumed,
        before: row.before,
      })),
      at,
    );
  return rows.flatMap((row) =>
    [row.before, row.after].flatMap((accountId) =>
      accountId === null ? [] : [{ accountId, earliest: row.occurred_at.getTime() }],
    ),
  );
}

/** The accounts of these events, with the earliest instant that any live sighting gives one of them. */
export async function earliestOf(tx: Tx, eventIds: readonly string[]): Promise<readonly AccountChange[]> {
  if (eventIds.length === 0) return [];
  const { rows } = await tx.query<{ account_id: string; earliest: Date }>(
    `SELECT account_id, min(occurred_at) AS earliest FROM journey_event
      WHERE workspace_id = $1 AND event_id = ANY($2::uuid[]) AND superseded_at IS NULL AND account_id IS NOT NULL GROUP BY account_id`,
    [tx.workspaceId, eventIds],
  );
  return rows.map((row) => ({ accountId: row.account_id, earliest: row.earliest.getTime() }));
}
