import type { Direction, EventType, Participant, Touchpoint } from '@waymark/journey';
import type { Tx } from '../tenancy.ts';
import { sightingsOfAccount } from './event-account-known.ts';

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

/** What `factsOf` gives, for some accounts at once: each from its own instant on, of all types or of some. For accounts whose histories fit into memory together. */
export async function factsOfAccounts(
  tx: Tx,
  asked: readonly { readonly accountId: string; readonly after: number | undefined }[],
  types?: readonly EventType[],
): Promise<ReadonlyMap<string, readonly Fact[]>> {
  const found = new Map<string, Fact[]>(asked.map(({ accountId }) => [accountId, []]));
  if (asked.length === 0) return found;
  const { rows } = await tx.query<FactRow & { account_id: string }>(
    // Account by account through the index, whatever the planner knows of the log.
    `SELECT a.id AS account_id, e.* FROM unnest($2::uuid[], $3::timestamptz[]) AS a(id, after) CROSS JOIN LATERAL (
       SELECT DISTINCT ON (event_id) event_id, type, occurred_at, recorded_at, touchpoint, direction, automated, participants, attributes
         FROM journey_event
        WHERE workspace_id = $1 AND account_id = a.id AND occurred_at >= a.after AND NOT (attributes ? 'echo') AND superseded_at IS NULL
              ${types ? 'AND type = ANY($4::text[])' : ''}
        ORDER BY event_id, rank, source_id, generation DESC) e
     ORDER BY a.id, e.occurred_at, e.event_id`,
    [
      tx.workspaceId,
      asked.map(({ accountId }) => accountId),
      asked.map(({ after }) => new Date(after ?? -62_135_596_800_000)),
      ...(types ? [types] : []),
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
