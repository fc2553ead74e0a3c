import type { Direction, EventType, Participant, Touchpoint } from '@waymark/journey';
import type { Tx } from '../tenancy.ts';
import { lockMatching } from './assignments.ts';
import { noteFormerAccounts, sightingsOfAccount } from './event-account-known.ts';

/** One sighting of an event by one source object, as the log holds it. Times are epoch milliseconds. */
export interface EventRow {
  readonly eventId: string;
  readonly sourceId: string;
  readonly generation: number;
  readonly content: string;
  readonly type: string;
  readonly occurredAt: number;
  readonly recordedAt: number;
  readonly knownAssumed: boolean;
  readonly rank: number;
  readonly origin: string;
  readonly touchpoint: string;
  readonly direction: string;
  readonly automated: boolean;
  readonly subject: string | null;
  readonly participants: readonly unknown[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly connector: string;
  readonly installationId: string | null;
  readonly object: string;
  readonly externalId: string;
  readonly url: string | null;
  readonly thread: string | null;
  readonly accountId: string | null;
  readonly match: Readonly<Record<string, unknown>> | null;
}

/** The columns of a row in the order in which COPY and INSERT name them. */
export const eventColumns =
  'event_id,source_id,generation,content,type,occurred_at,recorded_at,known_assumed,rank,origin,touchpoint,direction,automated,' +
  'subject,participants,attributes,connector,installation_id,object,external_id,url,thread,account_id,match';

const recordType =
  'event_id uuid, source_id uuid, generation int, content uuid, type text, occurred_at timestamptz, recorded_at timestamptz, known_assumed boolean, ' +
  'rank smallint, origin text, touchpoint text, direction text, automated boolean, subject text, participants jsonb, attributes jsonb, ' +
  'connector text, installation_id uuid, object text, external_id text, url text, thread text, account_id uuid, match jsonb';

/**
 * Appends sightings in one statement; a row that is there already stays as it is. Returns how many were new.
 * For some thousands of rows at most: bulk goes through `copyEvents`.
 */
export async function appendEvents(tx: Tx, rows: readonly EventRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const sorted = [...rows].sort((a, b) => (a.eventId < b.eventId ? -1 : 1));
  const json = JSON.stringify(
    sorted.map((row) => ({
      event_id: row.eventId,
      source_id: row.sourceId,
      generation: row.generation,
      content: row.content,
      type: row.type,
      occurred_at: new Date(row.occurredAt),
      recorded_at: new Date(row.recordedAt),
      known_assumed: row.knownAssumed,
      rank: row.rank,
      origin: row.origin,
      touchpoint: row.touchpoint,
      direction: row.direction,
      automated: row.automated,
      subject: row.subject,
      participants: row.participants,
      attributes: row.attributes,
      connector: row.connector,
      installation_id: row.installationId,
      object: row.object,
      external_id: row.externalId,
      url: row.url,
      thread: row.thread,
      account_id: row.accountId,
      match: row.match,
    })),
  );
  const done = await tx.query(
    `INSERT INTO journey_event (workspace_id, ${eventColumns})
     SELECT $1::uuid, ${eventColumns} FROM jsonb_to_recordset($2::jsonb) AS r(${recordType})
     ON CONFLICT (workspace_id, event_id, source_id, generation) DO NOTHING`,
    [tx.workspaceId, withoutNul(json)],
  );
  return done.rowCount ?? 0;
}

/** PostgreSQL's jsonb and text cannot hold U+0000; it says nothing in mail headers and is dropped. */
function withoutNul(json: string): string {
  return json.includes('\\u0000') ? json.replaceAll(/(?<!\\)((?:\\\\)*)\\u0000/g, '$1') : json;
}

/** A live row of a source object, with what decides whether a new form changes it. */
export interface LiveRow {
  readonly eventId: string;
  readonly sourceId: string;
  readonly generation: number;
  readonly content: string;
  readonly accountId: string | null;
  readonly occurredAt: number;
  readonly thread: string | null;
}

/** The live rows of these source objects. */
export async function liveRows(tx: Tx, sourceIds: readonly string[]): Promise<readonly LiveRow[]> {
  if (sourceIds.length === 0) return [];
  const { rows } = await tx.query<{
    event_id: string;
    source_id: string;
    generation: number;
    content: string;
    account_id: string | null;
    occurred_at: Date;
    thread: string | null;
  }>(
    `SELECT event_id, source_id, generation, content, account_id, occurred_at, thread FROM journey_event
      WHERE workspace_id = $1 AND source_id = ANY($2::uuid[]) AND superseded_at IS NULL`,
    [tx.workspaceId, sourceIds],
  );
  return rows.map((row) => ({
    eventId: row.event_id,
    sourceId: row.source_id,
    generation: row.generation,
    content: row.content,
    accountId: row.account_id,
    occurredAt: row.occurred_at.getTime(),
    thread: row.thread,
  }));
}

/** What source objects say now, as their mapper said it but for the identity, which is hashed away. Oldest first. */
export async function knownEvents(tx: Tx, sourceIds: readonly string[]): Promise<ReadonlyMap<string, KnownObject>> {
  if (sourceIds.length === 0) return new Map();
  const { rows } = await tx.query<
    FactRow & { source_id: string; subject: string | null; external_id: string; url: string | null }
  >(
    `SELECT source_id, external_id, url, event_id, type, occurred_at, recorded_at, touchpoint, direction, automated, subject, participants,
            attributes
       FROM journey_event WHERE workspace_id = $1 AND source_id = ANY($2::uuid[]) AND superseded_at IS NULL
      ORDER BY source_id, occurred_at, event_id`,
    [tx.workspaceId, sourceIds],
  );
  const bySource = Map.groupBy(rows, (row) => row.source_id);
  return new Map(
    [...bySource].map(([sourceId, own]) => [
      sourceId,
      {
        externalId: own[0]?.external_id ?? '',
        url: own[0]?.url ?? null,
        events: own.map((row): KnownRow => {
          const { id: _id, recordedAt: _recordedAt, ...said } = toFact(row);
          return { ...said, ...(row.subject !== null && { subject: row.subject }) };
        }),
      },
    ]),
  );
}

/** A source object with what it says now. */
export interface KnownObject {
  readonly externalId: string;
  readonly url: string | null;
  readonly events: readonly KnownRow[];
}

/** One event of a source object, without id and identity. */
export type KnownRow = Omit<Fact, 'id' | 'recordedAt'> & { readonly subject?: string };

/** Ends rows in known time: a newer form of their object no longer says them. */
export async function supersede(
  tx: Tx,
  ended: readonly Pick<LiveRow, 'eventId' | 'sourceId' | 'generation'>[],
  at: number,
): Promise<void> {
  if (ended.length === 0) return;
  await tx.query(
    `WITH ended AS MATERIALIZED (
       SELECT event_id, source_id, generation FROM jsonb_to_recordset($2::jsonb) AS r(event_id uuid, source_id uuid, generation int))
     UPDATE journey_event e SET superseded_at = $3 FROM ended
      WHERE e.workspace_id = $1 AND e.event_id = ANY($4::uuid[]) AND e.event_id = ended.event_id AND e.source_id = ended.source_id AND e.generation = ended.generation`,
    [
      tx.workspaceId,
      JSON.stringify(
        ended.map((row) => ({ event_id: row.eventId, source_id: row.sourceId, generation: row.generation })),
      ),
      new Date(at),
      [...new Set(ended.map((row) => row.eventId))],
    ],
  );
}

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

/**
 * The facts of one account that the engine folds, our own writes come back left out, one for each event, in the engine's order (time, id).
 * With `knownAt` those that were known by then, and known to be the account's.
 */
export async function factsOf(
  tx: Tx,
  accountId: string,
  range: { readonly after?: number; readonly knownAt?: number } = {},
): Promise<readonly Fact[]> {
  const { rows } = await tx.query<FactRow>(
    `SELECT * FROM (
       SELECT DISTINCT ON (event_id) event_id, type, occurred_at, recorded_at, touchpoint, direction, automated, participants, attributes
         FROM (${sightingsOfAccount(factOrder, range.knownAt === undefined ? undefined : '$4')}) own
        WHERE occurred_at >= $3 AND NOT (attributes ? 'echo')
        ORDER BY event_id, rank, source_id, generation DESC) e
     ORDER BY occurred_at, event_id`,
    [
      tx.workspaceId,
      accountId,
      new Date(range.after ?? -62_135_596_800_000),
      ...(range.knownAt === undefined ? [] : [new Date(range.knownAt)]),
    ],
  );
  return rows.map(toFact);
}

const factOrder =
  'event_id, type, occurred_at, recorded_at, touchpoint, direction, automated, participants, attributes, rank, source_id, generation';

/** What `factsOf` gives, for some accounts at once: each from its own instant on. For accounts whose histories fit into memory together. */
export async function factsOfAccounts(
  tx: Tx,
  asked: readonly { readonly accountId: string; readonly after: number | undefined }[],
): Promise<ReadonlyMap<string, readonly Fact[]>> {
  const found = new Map<string, Fact[]>(asked.map(({ accountId }) => [accountId, []]));
  if (asked.length === 0) return found;
  const { rows } = await tx.query<FactRow & { account_id: string }>(
    // Account by account through the index, whatever the planner knows of the log.
    `SELECT a.id AS account_id, e.* FROM unnest($2::uuid[], $3::timestamptz[]) AS a(id, after) CROSS JOIN LATERAL (
       SELECT DISTINCT ON (event_id) event_id, type, occurred_at, recorded_at, touchpoint, direction, automated, participants, attributes
         FROM journey_event
        WHERE workspace_id = $1 AND account_id = a.id AND occurred_at >= a.after AND NOT (attributes ? 'echo') AND superseded_at IS NULL
        ORDER BY event_id, rank, source_id, generation DESC) e
     ORDER BY a.id, e.occurred_at, e.event_id`,
    [
      tx.workspaceId,
      asked.map(({ accountId }) => accountId),
      asked.map(({ after }) => new Date(after ?? -62_135_596_800_000)),
    ],
  );
  for (const row of rows) found.get(row.account_id)?.push(toFact(row));
  return found;
}

/** An event as the engine reads it. Times are epoch milliseconds. */
export interface Fact {
  readonly id: string;
  readonly type: EventType;
  readonly occurredAt: number;
  readonly recordedAt: number;
  readonly touchpoint: Touchpoint;
  readonly direction: Direction;
  readonly automated: boolean;
  readonly participants: readonly Participant[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface FactRow {
  event_id: string;
  type: EventType;
  occurred_at: Date;
  recorded_at: Date;
  touchpoint: Touchpoint;
  direction: Direction;
  automated: boolean;
  participants: readonly Participant[];
  attributes: Record<string, unknown>;
}

/** A row of facts as the engine reads it. */
export function toFact(row: FactRow): Fact {
  return {
    id: row.event_id,
    type: row.type,
    occurredAt: row.occurred_at.getTime(),
    recordedAt: row.recorded_at.getTime(),
    touchpoint: row.touchpoint,
    direction: row.direction,
    automated: row.automated,
    participants: row.participants,
    attributes: row.attributes,
  };
}
