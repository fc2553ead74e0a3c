import type { Tx } from '../tenancy.ts';

/** The log in figures. `merged` is how many sightings were of events that another sighting had told already. */
export interface EventTotals {
  readonly total: number;
  readonly merged: number;
  readonly unmatched: number;
  readonly byType: Readonly<Record<string, number>>;
  readonly bySource: Readonly<Record<string, number>>;
}

/** Counts the events in force. */
export async function eventTotals(tx: Tx): Promise<EventTotals> {
  const { rows } = await tx.query<{ type: string; connector: string; sightings: number }>(
    `SELECT type, connector, count(*) AS sightings FROM journey_event
      WHERE workspace_id = $1 AND superseded_at IS NULL GROUP BY type, connector`,
    [tx.workspaceId],
  );
  const distinct = await tx.query<{ type: string; events: number; unmatched: number }>(
    `SELECT type, count(DISTINCT event_id) AS events, count(DISTINCT event_id) FILTER (WHERE account_id IS NULL) AS unmatched
       FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL GROUP BY type ORDER BY type`,
    [tx.workspaceId],
  );
  const bySource: Record<string, number> = {};
  for (const row of rows) bySource[row.connector] = (bySource[row.connector] ?? 0) + Number(row.sightings);
  const total = distinct.rows.reduce((sum, row) => sum + Number(row.events), 0);
  return {
    total,
    merged: rows.reduce((sum, row) => sum + Number(row.sightings), 0) - total,
    unmatched: distinct.rows.reduce((sum, row) => sum + Number(row.unmatched), 0),
    byType: Object.fromEntries(distinct.rows.map((row) => [row.type, Number(row.events)])),
    bySource,
  };
}

/** How many accounts, customers among them, and contacts there are. */
export async function populationTotals(
  tx: Tx,
): Promise<{ readonly accounts: number; readonly customers: number; readonly contacts: number }> {
  const { rows } = await tx.query<{ accounts: number; customers: number }>(
    `SELECT count(*) AS accounts, count(*) FILTER (WHERE is_customer) AS customers FROM account
      WHERE workspace_id = $1 AND merged_into IS NULL`,
    [tx.workspaceId],
  );
  const contacts = await tx.query<{ contacts: number }>(
    'SELECT count(*) AS contacts FROM contact WHERE workspace_id = $1',
    [tx.workspaceId],
  );
  return {
    accounts: Number(rows[0]?.accounts ?? 0),
    customers: Number(rows[0]?.customers ?? 0),
    contacts: Number(contacts.rows[0]?.contacts ?? 0),
  };
}

/** An event on an account's time line, as a person reads it. */
export interface TimelineEvent {
  readonly eventId: string;
  /** The account by today's matching; null while it waits in the queue. */
  readonly accountId: string | null;
  readonly type: string;
  readonly occurredAt: number;
  readonly recordedAt: number;
  readonly touchpoint: string;
  readonly direction: string;
  readonly automated: boolean;
  readonly participants: readonly { readonly role: string; readonly address?: string; readonly name?: string }[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly match: Readonly<Record<string, unknown>> | null;
  readonly sightings: readonly {
    readonly connector: string;
    readonly object: string;
    readonly externalId: string;
    readonly url: string | null;
  }[];
}

interface TimelineRow {
  event_id: string;
  account_id: string | null;
  type: string;
  occurred_at: Date;
  recorded_at: Date;
  touchpoint: string;
  direction: string;
  automated: boolean;
  participants: TimelineEvent['participants'];
  attributes: Record<string, unknown>;
  match: Record<string, unknown> | null;
  sightings: TimelineEvent['sightings'];
}

/** Events of an account or by id, newest first, each with its sightings. */
export async function timeline(
  tx: Tx,
  filter: {
    readonly accountId?: string;
    readonly eventIds?: readonly string[];
    readonly from?: number;
    readonly to?: number;
    /** Only events that come after this one in the order of the list: the last of the page before. */
    readonly after?: { readonly occurredAt: number; readonly eventId: string };
    readonly limit: number;
  },
): Promise<readonly TimelineEvent[]> {
  const { rows } = await tx.query<TimelineRow>(
    `SELECT * FROM (
       SELECT DISTINCT ON (event_id) event_id, account_id, type, occurred_at, recorded_at, touchpoint, direction, automated, participants,
              attributes, first_value(match) OVER (
                PARTITION BY event_id ORDER BY (match->>'accountId' IS NULL), rank, source_id) AS match, jsonb_agg(jsonb_build_object('connector', connector, 'object', object, 'externalId', external_id, 'url', url))
                OVER (PARTITION BY event_id) AS sightings
         FROM journey_event
        WHERE workspace_id = $1 AND superseded_at IS NULL
          AND ($2::uuid IS NULL OR account_id = $2) AND ($3::uuid[] IS NULL OR event_id = ANY($3))
          AND occurred_at >= $4 AND occurred_at < $5
        ORDER BY event_id, rank, source_id) e
     WHERE $7::timestamptz IS NULL OR occurred_at < $7 OR (occurred_at = $7 AND event_id > $8::uuid)
     ORDER BY occurred_at DESC, event_id LIMIT $6`,
    [
      tx.workspaceId,
      filter.accountId ?? null,
      filter.eventIds ?? null,
      new Date(filter.from ?? -62_135_596_800_000),
      new Date(filter.to ?? 253_402_300_799_999),
      filter.limit,
      filter.after ? new Date(filter.after.occurredAt) : null,
      filter.after?.eventId ?? null,
    ],
  );
  return rows.map((row) => ({
    eventId: row.event_id,
    accountId: row.account_id,
    type: row.type,
    occurredAt: row.occurred_at.getTime(),
    recordedAt: row.recorded_at.getTime(),
    touchpoint: row.touchpoint,
    direction: row.direction,
    automated: row.automated,
    participants: row.participants,
    attributes: row.attributes,
    match: row.match,
    sightings: row.sightings,
  }));
}

/** How alerts stand: what was posted, what is not known to have been, what waits and why. */
export async function alertTotals(tx: Tx): Promise<{
  readonly posted: number;
  readonly uncertain: number;
  readonly heldBack: number;
  readonly failed: number;
  readonly pending: number;
}> {
  const { rows } = await tx.query<{ posted: number; uncertain: number; held: number; failed: number; pending: number }>(
    `SELECT count(*) FILTER (WHERE state = 'sent' AND action = 'post') AS posted, count(*) FILTER (WHERE state = 'uncertain') AS uncertain,
            count(*) FILTER (WHERE state = 'held') AS held, count(*) FILTER (WHERE state = 'failed') AS failed,
            count(*) FILTER (WHERE state IN ('pending', 'sending')) AS pending
       FROM outbox WHERE workspace_id = $1`,
    [tx.workspaceId],
  );
  const row = rows[0];
  return {
    posted: Number(row?.posted ?? 0),
    uncertain: Number(row?.uncertain ?? 0),
    heldBack: Number(row?.held ?? 0),
    failed: Number(row?.failed ?? 0),
    pending: Number(row?.pending ?? 0),
  };
}

/** Where an account stands, without the state behind it. Times are epoch milliseconds. */
export interface Standing {
  readonly accountId: string;
  readonly stage: string | null;
  readonly health: number | null;
  readonly asOf: number;
}

/** Where accounts stand in one journey, or in all, without the states behind it; all accounts, or these. */
export async function standings(
  tx: Tx,
  journey?: string,
  accountIds?: readonly string[],
): Promise<readonly Standing[]> {
  const { rows } = await tx.query<{ account_id: string; stage: string | null; health: string | null; as_of: Date }>(
    `SELECT account_id, stage, health, as_of FROM engine_state
      WHERE workspace_id = $1 AND ($2::text IS NULL OR journey = $2) AND ($3::uuid[] IS NULL OR account_id = ANY($3::uuid[]))
      ORDER BY account_id, journey`,
    [tx.workspaceId, journey ?? null, accountIds ?? null],
  );
  return rows.map((row) => ({
    accountId: row.account_id,
    stage: row.stage,
    health: row.health === null ? null : Number(row.health),
    asOf: row.as_of.getTime(),
  }));
}

/** What was set aside, by stream and reason, with one example of what was wrong; never the record itself. */
export async function setAsideTotals(tx: Tx): Promise<
  readonly {
    readonly installationId: string | null;
    readonly stream: string;
    readonly reason: string;
    readonly records: number;
    readonly example: string;
    readonly firstSeenAt: number;
    readonly lastSeenAt: number;
  }[]
> {
  const { rows } = await tx.query<{
    installation_id: string | null;
    stream: string;
    reason: string;
    records: string;
    example: string;
    first_seen_at: Date;
    last_seen_at: Date;
  }>(
    `SELECT installation_id, stream, reason, count(*) AS records, min(detail) AS example, min(first_seen_at) AS first_seen_at, max(last_seen_at) AS last_seen_at
       FROM set_aside WHERE workspace_id = $1 GROUP BY installation_id, stream, reason ORDER BY count(*) DESC, stream, reason`,
    [tx.workspaceId],
  );
  return rows.map((row) => ({
    installationId: row.installation_id,
    stream: row.stream,
    reason: row.reason,
    records: Number(row.records),
    example: row.example,
    firstSeenAt: row.first_seen_at.getTime(),
    lastSeenAt: row.last_seen_at.getTime(),
  }));
}

/** For an installation that a webhook should wake: when the last hint came, and how many changes were read since a time. */
export async function hintActivity(
  tx: Tx,
  installationId: string,
  since: number,
): Promise<{ readonly lastHintAt: number | null; readonly changes: number }> {
  const hints = await tx.query<{ last: Date | null }>(
    'SELECT max(received_at) AS last FROM hint WHERE workspace_id = $1 AND installation_id = $2',
    [tx.workspaceId, installationId],
  );
  const changes = await tx.query<{ changes: string }>(
    `SELECT count(*) AS changes FROM journey_event
      WHERE workspace_id = $1 AND installation_id = $2 AND origin = 'live' AND recorded_at >= $3`,
    [tx.workspaceId, installationId, new Date(since)],
  );
  return { lastHintAt: hints.rows[0]?.last?.getTime() ?? null, changes: Number(changes.rows[0]?.changes ?? 0) };
}

/** The database's clock, epoch milliseconds. */
export async function databaseTime(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ at: Date }>('SELECT clock_timestamp() AS at');
  return rows[0]?.at.getTime() ?? Number.NaN;
}

/** How much work waits: accounts to fold, hints that were not looked at, alerts to send, values to write. */
export async function queueLengths(
  tx: Tx,
): Promise<{ readonly fold: number; readonly hints: number; readonly outbox: number; readonly writeback: number }> {
  const count = async (text: string): Promise<number> =>
    Number((await tx.query<{ waiting: string }>(text, [tx.workspaceId])).rows[0]?.waiting ?? 0);
  return {
    fold: await count('SELECT count(*) AS waiting FROM account_wake WHERE workspace_id = $1'),
    hints: await count('SELECT count(*) AS waiting FROM hint WHERE workspace_id = $1 AND taken_at IS NULL'),
    outbox: await count(
      `SELECT count(*) AS waiting FROM outbox WHERE workspace_id = $1 AND state IN ('pending', 'sending', 'uncertain')`,
    ),
    writeback: await count(
      `SELECT count(*) AS waiting FROM writeback_plan WHERE workspace_id = $1 AND state IN ('approved', 'applying')`,
    ),
  };
}

/** Work that has waited since before a time: hints that nobody followed, alerts that could have been sent, accounts to fold. */
export async function lateWork(
  tx: Tx,
  before: number,
): Promise<{ readonly hints: number; readonly alerts: number; readonly folds: number }> {
  const count = async (text: string): Promise<number> =>
    Number((await tx.query<{ waiting: string }>(text, [tx.workspaceId, new Date(before)])).rows[0]?.waiting ?? 0);
  return {
    // Of an installation that is not read the hints wait with it, and that is told of the installation.
    hints: await count(
      `SELECT count(*) AS waiting FROM hint h JOIN installation i ON i.workspace_id = $1 AND i.installation_id = h.installation_id
        WHERE h.workspace_id = $1 AND h.taken_at IS NULL AND h.received_at < $2 AND i.status = 'active'`,
    ),
    alerts: await count(
      `SELECT count(*) AS waiting FROM outbox WHERE workspace_id = $1 AND state = 'pending' AND created_at < $2`,
    ),
    folds: await count('SELECT count(*) AS waiting FROM account_wake WHERE workspace_id = $1 AND since < $2'),
  };
}

/** How a record of a provider ended here. Times are epoch milliseconds. */
export interface RecordEnd {
  readonly outcome: 'stored' | 'ignored' | 'rejected';
  readonly reason: string | null;
  /** Whether it counts as deleted. */
  readonly gone: boolean;
  readonly occurredAt: number | null;
}

interface EndRow {
  external_id: string;
  outcome: RecordEnd['outcome'];
  reason: string | null;
  gone: boolean;
  occurred_at: Date | null;
}

const toEnds = (rows: readonly EndRow[]): ReadonlyMap<string, RecordEnd> =>
  new Map(
    rows.map(({ external_id, outcome, reason, gone, occurred_at }) => [
      external_id,
      { outcome, reason, gone, occurredAt: occurred_at?.getTime() ?? null },
    ]),
  );

type StreamKey = { readonly installationId: string; readonly stream: string };

/** How these records of a provider ended, by their id there; those that are missing are not known here (failure A11). */
export async function recordEnds(
  tx: Tx,
  stream: StreamKey,
  externalIds: readonly string[],
): Promise<ReadonlyMap<string, RecordEnd>> {
  const { rows } = await tx.query<EndRow>(
    `SELECT external_id, outcome, reason, gone_at IS NOT NULL AS gone, occurred_at FROM source_object
      WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND external_id = ANY($4::text[])`,
    [tx.workspaceId, stream.installationId, stream.stream, externalIds],
  );
  return toEnds(rows);
}

/** The records of a partition that are not gone and that happened in a window, and those that have no date of their own. */
export async function datedRecords(
  tx: Tx,
  stream: StreamKey & { readonly partition: string },
  window: { readonly from: number; readonly to: number },
): Promise<ReadonlyMap<string, RecordEnd>> {
  const { rows } = await tx.query<EndRow>(
    `SELECT external_id, outcome, reason, false AS gone, occurred_at FROM source_object
      WHERE workspace_id = $1 AND installation_id = $2 AND stream = $3 AND partition = $4 AND gone_at IS NULL
        AND (occurred_at IS NULL OR (occurred_at >= $5 AND occurred_at < $6))`,
    [
      tx.workspaceId,
      stream.installationId,
      stream.stream,
      stream.partition,
      new Date(window.from),
      new Date(window.to),
    ],
  );
  return toEnds(rows);
}
