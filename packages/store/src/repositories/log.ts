import type { Direction, EventType, Participant, Touchpoint } from '@waymark/journey';
import type { Tx } from '../tenancy.ts';

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
  }>(
    `SELECT event_id, source_id, generation, content, account_id, occurred_at FROM journey_event
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
  }));
}

/** Ends rows in known time: a newer form of their object no longer says them. */
export async function supersede(tx: Tx, ended: readonly LiveRow[], at: number): Promise<void> {
  if (ended.length === 0) return;
  await tx.query(
    `WITH ended AS MATERIALIZED (
       SELECT event_id, source_id, generation FROM jsonb_to_recordset($2::jsonb) AS r(event_id uuid, source_id uuid, generation int))
     UPDATE journey_event e SET superseded_at = $3 FROM ended
      WHERE e.workspace_id = $1 AND e.event_id = ended.event_id AND e.source_id = ended.source_id AND e.generation = ended.generation`,
    [
      tx.workspaceId,
      JSON.stringify(
        ended.map((row) => ({ event_id: row.eventId, source_id: row.sourceId, generation: row.generation })),
      ),
      new Date(at),
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
 * arrival does not matter. Returns the accounts that gained or lost an event, with the earliest such event's time.
 */
export async function projectAccounts(tx: Tx, eventIds: readonly string[]): Promise<readonly AccountChange[]> {
  if (eventIds.length === 0) return [];
  const { rows } = await tx.query<{ before: string | null; after: string | null; occurred_at: Date }>(
    `WITH live AS MATERIALIZED (
       SELECT event_id, source_id, rank, account_id, match, occurred_at FROM journey_event
        WHERE workspace_id = $1 AND event_id = ANY($2::uuid[]) AND superseded_at IS NULL),
     chosen AS MATERIALIZED (
       SELECT DISTINCT ON (event_id) event_id, (match->>'accountId')::uuid AS account_id FROM live
        ORDER BY event_id, (match->>'accountId' IS NULL), rank, source_id),
     changed AS MATERIALIZED (
       SELECT l.event_id, l.source_id, l.occurred_at, l.account_id AS before, c.account_id AS after
         FROM live l JOIN chosen c ON c.event_id = l.event_id WHERE l.account_id IS DISTINCT FROM c.account_id),
     written AS (
       UPDATE journey_event e SET account_id = changed.after FROM changed
        WHERE e.workspace_id = $1 AND e.event_id = changed.event_id AND e.source_id = changed.source_id AND e.superseded_at IS NULL
       RETURNING e.event_id)
     SELECT before, after, occurred_at FROM changed`,
    [tx.workspaceId, eventIds],
  );
  return rows.flatMap((row) =>
    [row.before, row.after].flatMap((accountId) =>
      accountId === null ? [] : [{ accountId, earliest: row.occurred_at.getTime() }],
    ),
  );
}

/** The facts of one account that the engine folds, one for each event, in the engine's order (time, id). */
export async function factsOf(
  tx: Tx,
  accountId: string,
  range: { readonly after?: number; readonly knownAt?: number } = {},
): Promise<readonly Fact[]> {
  const { rows } = await tx.query<FactRow>(
    `SELECT * FROM (
       SELECT DISTINCT ON (event_id) event_id, type, occurred_at, recorded_at, touchpoint, direction, automated, participants, attributes
         FROM journey_event
        WHERE workspace_id = $1 AND account_id = $2 AND occurred_at >= $3
          AND CASE WHEN $4::timestamptz IS NULL THEN superseded_at IS NULL
                   ELSE recorded_at <= $4 AND (superseded_at IS NULL OR superseded_at > $4) END
        ORDER BY event_id, rank, source_id, generation DESC) e
     ORDER BY occurred_at, event_id`,
    [
      tx.workspaceId,
      accountId,
      new Date(range.after ?? -62_135_596_800_000),
      range.knownAt === undefined ? null : new Date(range.knownAt),
    ],
  );
  return rows.map(toFact);
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

interface FactRow {
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

function toFact(row: FactRow): Fact {
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
  if (found.length === 0) return;
  await tx.query(
    `WITH found AS MATERIALIZED (
       SELECT event_id, source_id, generation, match FROM jsonb_to_recordset($2::jsonb)
           AS r(event_id uuid, source_id uuid, generation int, match jsonb))
     UPDATE journey_event e SET match = found.match FROM found
      WHERE e.workspace_id = $1 AND e.event_id = found.event_id AND e.source_id = found.source_id AND e.generation = found.generation`,
    [
      tx.workspaceId,
      JSON.stringify(
        found.map((one) => ({
          event_id: one.eventId,
          source_id: one.sourceId,
          generation: one.generation,
          match: one.match,
        })),
      ),
    ],
  );
}

/** The installations that have seen an account's events, and the mailboxes and calendars of its CSM: those that would see contact. */
export async function sourcesOfAccount(
  tx: Tx,
  accountId: string,
  csmEmail: string | null,
): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ installation_id: string }>(
    `SELECT DISTINCT e.installation_id FROM journey_event e
      WHERE e.workspace_id = $1 AND e.account_id = $2 AND e.superseded_at IS NULL AND e.touchpoint IN ('email', 'meeting')
        AND e.installation_id IS NOT NULL
      UNION SELECT i.installation_id FROM installation i WHERE i.workspace_id = $1 AND i.address = $3`,
    [tx.workspaceId, accountId, csmEmail],
  );
  return new Set(rows.map((row) => row.installation_id));
}
