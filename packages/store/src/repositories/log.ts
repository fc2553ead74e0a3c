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
