import type { Direction, Participant } from '@waymark/journey';
import type { Tx } from '../tenancy.ts';
import { inParts } from './event-accounts.ts';

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

/** Events of an account that belong there for one reason, by one subject, with the accounts that lost them and why. */
export interface MatchedBy {
  readonly reason: string;
  readonly subject: string;
  readonly events: number;
  readonly lost: readonly {
    readonly accountId: string;
    readonly name: string;
    readonly why: string;
    readonly events: number;
  }[];
}

/** Why an account's events are its own, the commonest reasons first; at most 50 of them. */
export async function matchSummary(tx: Tx, accountId: string): Promise<readonly MatchedBy[]> {
  const { rows } = await tx.query<{ reason: string; subject: string; events: string; lost: MatchedBy['lost'] }>(
    `WITH own AS MATERIALIZED (
       SELECT DISTINCT ON (event_id) event_id, coalesce(match->>'reason', 'unknown') AS reason, coalesce(match->>'subject', '') AS subject,
              CASE WHEN jsonb_typeof(match->'lost') = 'array' THEN match->'lost' ELSE '[]'::jsonb END AS lost
         FROM journey_event WHERE workspace_id = $1 AND account_id = $2 AND superseded_at IS NULL
        ORDER BY event_id, (match->>'accountId' IS NULL), rank, source_id),
     counted AS MATERIALIZED (
       SELECT reason, CASE WHEN reason = 'hand' AND subject ~ '^[0-9a-f-]{36}$' THEN 'single events' ELSE subject END AS subject, lost FROM own),
     total AS MATERIALIZED (SELECT reason, subject, count(*) AS events FROM counted GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 50),
     loser AS MATERIALIZED (
       SELECT c.reason, c.subject, l.value->>'accountId' AS account_id, coalesce(l.value->>'why', 'weaker') AS why, count(*) AS events
         FROM counted c CROSS JOIN LATERAL jsonb_array_elements(c.lost) AS l(value) GROUP BY 1, 2, 3, 4),
     named AS MATERIALIZED (
       SELECT l.reason, l.subject, jsonb_agg(jsonb_build_object('accountId', l.account_id, 'name', coalesce(a.name, l.account_id), 'why', l.why,
                'events', l.events) ORDER BY l.events DESC, l.account_id) AS lost
         FROM loser l LEFT JOIN account a ON a.workspace_id = $1 AND a.account_id::text = l.account_id GROUP BY 1, 2)
     SELECT t.reason, t.subject, t.events, coalesce(n.lost, '[]'::jsonb) AS lost
       FROM total t LEFT JOIN named n ON n.reason = t.reason AND n.subject = t.subject ORDER BY t.events DESC, t.reason, t.subject`,
    [tx.workspaceId, accountId],
  );
  return rows.map((row) => ({ ...row, events: Number(row.events) }));
}

/** The pages at the provider of these events, where one is known. */
export async function eventUrls(tx: Tx, eventIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (eventIds.length === 0) return new Map();
  const { rows } = await tx.query<{ event_id: string; url: string }>(
    `SELECT DISTINCT ON (event_id) event_id, url FROM journey_event
      WHERE workspace_id = $1 AND event_id = ANY($2::uuid[]) AND superseded_at IS NULL AND url IS NOT NULL
      ORDER BY event_id, rank, source_id`,
    [tx.workspaceId, eventIds],
  );
  return new Map(rows.map((row) => [row.event_id, row.url]));
}
