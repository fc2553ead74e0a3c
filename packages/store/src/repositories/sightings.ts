import type { Direction, Participant } from '@waymark/journey';
import type { Tx } from '../tenancy.ts';
import { inParts } from './log.ts';

/** What matching needs of stored sightings, to match them again. */
export interface MatchableRow {
  readonly eventId: string;
  readonly sourceId: string;
  readonly generation: number;
  readonly direction: Direction;
  readonly participants: readonly Participant[];
  readonly subject: string | null;
  readonly installationId: string | null;
  readonly thread: string | null;
  readonly match: Record<string, unknown> | null;
  readonly occurredAt: number;
}

interface MatchableSql {
  event_id: string;
  source_id: string;
  generation: number;
  direction: Direction;
  participants: readonly Participant[];
  subject: string | null;
  installation_id: string | null;
  thread: string | null;
  match: Record<string, unknown> | null;
  occurred_at: Date;
}

const matchableColumns =
  'event_id, source_id, generation, direction, participants, subject, installation_id, thread, match, occurred_at';

const toMatchable = (row: MatchableSql): MatchableRow => ({
  eventId: row.event_id,
  sourceId: row.source_id,
  generation: row.generation,
  direction: row.direction,
  participants: row.participants,
  subject: row.subject,
  installationId: row.installation_id,
  thread: row.thread,
  match: row.match,
  occurredAt: row.occurred_at.getTime(),
});

/** Live sightings that no account has, or that one of these accounts has: what a change of assignments can touch. */
export async function sightingsToRematch(tx: Tx, accountIds: readonly string[]): Promise<readonly MatchableRow[]> {
  const { rows } = await tx.query<MatchableSql>(
    `SELECT ${matchableColumns} FROM journey_event
      WHERE workspace_id = $1 AND superseded_at IS NULL AND (account_id IS NULL OR account_id = ANY($2::uuid[]))`,
    [tx.workspaceId, accountIds],
  );
  return rows.map(toMatchable);
}

/** Where a walk over sightings stands: after this one. */
export type SightingKey = Pick<MatchableRow, 'eventId' | 'sourceId' | 'generation'>;

/**
 * A part of the live sightings that may name certain people, domains or records, in the order of their keys.
 *
 * @param named patterns (LIKE, lower case) that a participant or subject has to fit, or null for all; and whole subjects
 */
export async function sightingsNaming(
  tx: Tx,
  named: { readonly patterns: readonly string[] | null; readonly subjects: readonly string[] },
  after: SightingKey | null,
  limit: number,
): Promise<readonly MatchableRow[]> {
  const nil = '00000000-0000-0000-0000-000000000000';
  const { rows } = await tx.query<MatchableSql>(
    `SELECT ${matchableColumns} FROM journey_event
      WHERE workspace_id = $1 AND superseded_at IS NULL AND (event_id, source_id, generation) > ($2::uuid, $3::uuid, $4::int)
        AND ($5::text[] IS NULL OR subject = ANY($6::text[]) OR lower(participants::text) LIKE ANY($5::text[]) OR lower(subject) LIKE ANY($5::text[]))
      ORDER BY event_id, source_id, generation LIMIT $7`,
    [
      tx.workspaceId,
      after?.eventId ?? nil,
      after?.sourceId ?? nil,
      after?.generation ?? -1,
      named.patterns,
      named.subjects,
      limit,
    ],
  );
  return rows.map(toMatchable);
}

/** Live sightings of mails of these threads. */
export async function sightingsOfThreads(tx: Tx, threads: readonly string[]): Promise<readonly MatchableRow[]> {
  const { rows } = await tx.query<MatchableSql>(
    `SELECT ${matchableColumns} FROM journey_event
      WHERE workspace_id = $1 AND thread = ANY($2::text[]) AND superseded_at IS NULL`,
    [tx.workspaceId, threads],
  );
  return rows.map(toMatchable);
}

/** Live sightings of single events. */
export async function sightingsOf(tx: Tx, eventIds: readonly string[]): Promise<readonly MatchableRow[]> {
  const { rows } = await tx.query<MatchableSql>(
    `SELECT ${matchableColumns} FROM journey_event
      WHERE workspace_id = $1 AND event_id = ANY($2::uuid[]) AND superseded_at IS NULL`,
    [tx.workspaceId, eventIds],
  );
  return rows.map(toMatchable);
}

/** Writes new findings of sightings; `projectAccounts` has to follow. */
export async function writeMatches(
  tx: Tx,
  found: readonly {
    readonly eventId: string;
    readonly sourceId: string;
    readonly generation: number;
    readonly match: object;
  }[],
): Promise<void> {
  for (const part of inParts(found)) {
    await tx.query(
      `WITH found AS MATERIALIZED (
         SELECT event_id, source_id, generation, match FROM jsonb_to_recordset($2::jsonb)
             AS r(event_id uuid, source_id uuid, generation int, match jsonb))
       UPDATE journey_event e SET match = found.match FROM found
        WHERE e.workspace_id = $1 AND e.event_id = ANY($3::uuid[]) AND e.event_id = found.event_id AND e.source_id = found.source_id
          AND e.generation = found.generation`,
      [
        tx.workspaceId,
        JSON.stringify(
          part.map((one) => ({
            event_id: one.eventId,
            source_id: one.sourceId,
            generation: one.generation,
            match: one.match,
          })),
        ),
        [...new Set(part.map((one) => one.eventId))],
      ],
    );
  }
}
