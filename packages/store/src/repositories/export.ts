import type { EventType, Participant, Sighting } from '@waymark/journey';
import type { Tx } from '../tenancy.ts';
import type { Fact } from './facts.ts';

/** One live sighting of an event with its account's key. Times are epoch milliseconds. */
export interface LoggedSighting {
  readonly eventId: string;
  readonly sourceId: string;
  readonly type: EventType;
  readonly occurredAt: number;
  readonly recordedAt: number;
  readonly knownAssumed: boolean;
  readonly origin: string;
  readonly touchpoint: Fact['touchpoint'];
  readonly direction: Fact['direction'];
  readonly automated: boolean;
  readonly subject: string | null;
  readonly participants: readonly Participant[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly accountId: string | null;
  readonly sighting: Sighting;
}

/** What of the log is meant. Times are epoch milliseconds. */
export interface LogRange {
  readonly accountId?: string;
  /** Events from this instant on. */
  readonly from?: number;
  /** Events before this instant. */
  readonly to?: number;
}

interface Row {
  event_id: string;
  source_id: string;
  type: EventType;
  occurred_at: Date;
  recorded_at: Date;
  known_assumed: boolean;
  origin: string;
  touchpoint: Fact['touchpoint'];
  direction: Fact['direction'];
  automated: boolean;
  subject: string | null;
  participants: readonly Participant[];
  attributes: Record<string, unknown>;
  connector: string;
  installation_id: string | null;
  object: string;
  external_id: string;
  url: string | null;
  account_id: string | null;
}

/** Sightings in memory at a time. */
const sightingsAPage = 2000;

/**
 * The live sightings of the log as they stand when the walk begins, account by account (those of none last), each in the order of time
 * and event; in pages, so that memory does not grow with the log. One walk at a time in a transaction.
 */
export async function* walkLog(tx: Tx, range: LogRange = {}): AsyncGenerator<readonly LoggedSighting[]> {
  const instant = (at: number | undefined) => (at === undefined ? null : new Date(at));
  // A cursor: all pages are of one instant, whatever is stored meanwhile.
  await tx.query(
    `DECLARE log_walk NO SCROLL CURSOR FOR
     SELECT event_id, source_id, type, occurred_at, recorded_at, known_assumed, origin, touchpoint, direction, automated, subject,
            participants, attributes, connector, installation_id, object, external_id, url, account_id
       FROM journey_event
      WHERE workspace_id = $1 AND superseded_at IS NULL AND ($2::uuid IS NULL OR account_id = $2)
        AND ($3::timestamptz IS NULL OR occurred_at >= $3) AND ($4::timestamptz IS NULL OR occurred_at < $4)
      ORDER BY account_id, occurred_at, event_id, rank, source_id`,
    [tx.workspaceId, range.accountId ?? null, instant(range.from), instant(range.to)],
  );
  try {
    for (;;) {
      const { rows } = await tx.query<Row>(`FETCH ${sightingsAPage} FROM log_walk`);
      if (rows.length > 0) yield rows.map(toSighting);
      if (rows.length < sightingsAPage) return;
    }
  } finally {
    // A transaction that has failed has closed it already.
    await tx.query('CLOSE log_walk').catch(() => undefined);
  }
}

function toSighting(row: Row): LoggedSighting {
  return {
    eventId: row.event_id,
    sourceId: row.source_id,
    type: row.type,
    occurredAt: row.occurred_at.getTime(),
    recordedAt: row.recorded_at.getTime(),
    knownAssumed: row.known_assumed,
    origin: row.origin,
    touchpoint: row.touchpoint,
    direction: row.direction,
    automated: row.automated,
    subject: row.subject,
    participants: row.participants,
    attributes: row.attributes,
    accountId: row.account_id,
    sighting: toWhere(row),
  };
}

function toWhere(row: Pick<Row, 'connector' | 'object' | 'external_id' | 'installation_id' | 'url'>): Sighting {
  return {
    connector: row.connector,
    object: row.object,
    externalId: row.external_id,
    ...(row.installation_id !== null && { installationId: row.installation_id }),
    ...(row.url !== null && { url: row.url }),
  };
}

/** Where an event was seen. */
export interface SightingOfEvent {
  readonly sourceId: string;
  /** The Message-ID that the sighting names among its attributes. */
  readonly messageId: string | null;
  readonly sighting: Sighting;
}

/** The live sightings of these events, the one that speaks for its event first. */
export async function sightingsOfEvents(
  tx: Tx,
  eventIds: readonly string[],
): Promise<ReadonlyMap<string, readonly SightingOfEvent[]>> {
  const { rows } = await tx.query<
    Pick<Row, 'event_id' | 'source_id' | 'connector' | 'installation_id' | 'object' | 'external_id' | 'url'> & {
      message_id: string | null;
    }
  >(
    `SELECT event_id, source_id, connector, installation_id, object, external_id, url, attributes->>'messageId' AS message_id FROM journey_event
      WHERE workspace_id = $1 AND event_id = ANY($2::uuid[]) AND superseded_at IS NULL
      ORDER BY event_id, rank, source_id, generation DESC`,
    [tx.workspaceId, eventIds],
  );
  const found = new Map<string, SightingOfEvent[]>();
  for (const row of rows) {
    const sighting = { sourceId: row.source_id, messageId: row.message_id, sighting: toWhere(row) };
    const others = found.get(row.event_id);
    if (others) others.push(sighting);
    else found.set(row.event_id, [sighting]);
  }
  return found;
}

/** A key by which another workspace can name each account: its domain, else its first id in a CRM, else the key of its import. */
export async function accountKeys(tx: Tx): Promise<ReadonlyMap<string, string>> {
  const { rows } = await tx.query<{ account_id: string; key: string | null }>(
    `SELECT a.account_id, coalesce(a.domain,
              (SELECT min(r.external_id) FROM account_record r WHERE r.workspace_id = $1 AND r.account_id = a.account_id),
              (SELECT min(s.subject) FROM assignment s WHERE s.workspace_id = $1 AND s.account_id = a.account_id
                  AND s.subject_kind = 'record' AND s.basis = 'import')) AS key
       FROM account a WHERE a.workspace_id = $1`,
    [tx.workspaceId],
  );
  return new Map(rows.flatMap(({ account_id, key }) => (key === null ? [] : [[account_id, key] as const])));
}

/** What a replay goes through: the last instant up to `until` at which anything happened, and how many events have no account. */
export async function logExtent(
  tx: Tx,
  until: number,
): Promise<{ readonly last: number | null; readonly unmatched: number }> {
  const { rows } = await tx.query<{ last: Date | null; unmatched: string }>(
    `SELECT max(occurred_at) FILTER (WHERE account_id IS NOT NULL AND NOT (attributes ? 'echo') AND occurred_at <= $2) AS last,
            count(DISTINCT event_id) FILTER (WHERE account_id IS NULL) AS unmatched
       FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL`,
    [tx.workspaceId, new Date(until)],
  );
  return { last: rows[0]?.last?.getTime() ?? null, unmatched: Number(rows[0]?.unmatched ?? 0) };
}

/** The values that an attribute of a type of event takes, those that came first in the order of time before; at most `limit`. */
export async function attributeValues(
  tx: Tx,
  type: EventType,
  attribute: string,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await tx.query<{ value: string }>(
    `SELECT attributes->>$3::text AS value FROM journey_event
      WHERE workspace_id = $1 AND type = $2 AND superseded_at IS NULL AND account_id IS NOT NULL AND attributes->>$3::text IS NOT NULL
        AND NOT (attributes ? 'echo')
      GROUP BY 1 ORDER BY min(occurred_at), (attributes->>$3::text) COLLATE "C" LIMIT $4`,
    [tx.workspaceId, type, attribute, limit],
  );
  return rows.map(({ value }) => value);
}

/** The accounts that wait to be folded because of what is new. */
export async function waitingAccounts(tx: Tx): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ account_id: string }>(
    'SELECT account_id FROM account_wake WHERE workspace_id = $1',
    [tx.workspaceId],
  );
  return new Set(rows.map((row) => row.account_id));
}

/** A line of an import that was refused, with its content sealed. */
export interface RejectedRow {
  readonly sourceId: string;
  /** Its number in the file. */
  readonly line: number;
  readonly reason: string;
  readonly detail: string;
  readonly at: number;
  readonly raw: Buffer;
}

/** Refused lines may be long. */
const rejectedAPage = 50;

/** The lines that imports refused, oldest first and then by their numbers; in pages, as `walkLog`. */
export async function* walkRejected(tx: Tx): AsyncGenerator<readonly RejectedRow[]> {
  await tx.query(
    `DECLARE rejected_walk NO SCROLL CURSOR FOR
     SELECT source_id, substring(external_id FROM '[0-9]+$')::bigint AS line, reason, detail, first_seen_at, raw FROM set_aside
      WHERE workspace_id = $1 AND installation_id IS NULL AND stream = 'import'
      ORDER BY first_seen_at, line, source_id`,
    [tx.workspaceId],
  );
  try {
    for (;;) {
      const { rows } = await tx.query<{
        source_id: string;
        line: string;
        reason: string;
        detail: string;
        first_seen_at: Date;
        raw: Buffer;
      }>(`FETCH ${rejectedAPage} FROM rejected_walk`);
      if (rows.length > 0)
        yield rows.map(({ source_id: sourceId, line, first_seen_at: at, ...row }) => ({
          ...row,
          sourceId,
          line: Number(line),
          at: at.getTime(),
        }));
      if (rows.length < rejectedAPage) return;
    }
  } finally {
    await tx.query('CLOSE rejected_walk').catch(() => undefined);
  }
}
