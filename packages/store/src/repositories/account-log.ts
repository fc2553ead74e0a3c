import type { Direction, EventType, Participant, Touchpoint } from '@waymark/journey';
import type { Tx } from '../tenancy.ts';
import type { Fact } from './facts.ts';
import { outagesAmong, type Told } from './outages-told.ts';
import type { StoredOutage } from './source-outages.ts';
import { sourceName } from './source-name.ts';

/** What the log says of one account. */
export interface AccountLog {
  readonly accountId: string;
  /** The facts that the engine folds, as `factsOf` gives them: one for each event, without our own writes come back, in the order of time and id. */
  readonly facts: readonly Fact[];
  /** The installations that have seen mail or meetings of it. */
  readonly installations: ReadonlySet<string>;
  /** For each event, who told of it: an import's own `source`, else the connector; sorted. Empty unless asked for. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
  /** Of the outages that were asked about, the ids of those that concern it, as `outagesOfAccount` tells them. */
  readonly outages: ReadonlySet<string>;
}

/** Some accounts' logs, and what else was asked of these accounts. */
export interface AccountLogs<B> {
  readonly logs: readonly AccountLog[];
  readonly beside: B;
}

export interface WalkOptions<B> {
  /** Reads what else is wanted of some accounts. Ask the database here alone: while a batch is in hand, the next is on its way. */
  readonly beside: (accountIds: readonly string[]) => Promise<B>;
  /** Whether to tell who told of each event. */
  readonly sources?: boolean;
  /** Outages of imported sources of which each account is told whether they concern it. */
  readonly outages?: readonly StoredOutage[];
  /** These accounts alone, in this order. */
  readonly accounts?: readonly string[];
  /** Rows that are asked for at a time. */
  readonly rows?: number;
}

/** A row of the log, as one line of JSON: the text is made once and read once, which costs half of rows of many columns. */
type Line = readonly [
  accountId: string,
  eventId: string,
  sourceId: string,
  generation: number,
  rank: number,
  type: EventType,
  occurredAt: number,
  recordedAt: number,
  touchpoint: Touchpoint,
  direction: Direction,
  automated: 0 | 1,
  participants: readonly Participant[],
  attributes: Readonly<Record<string, unknown>>,
  installationId: string | null,
  source: string | null,
  imported: 0 | 1,
];

const milliseconds = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`;

// Types, touchpoints and directions are words of the vocabulary: they hold nothing that JSON would have to escape.
const lineOf = (
  source: string,
): string => `'["' || account_id || '","' || event_id || '","' || source_id || '",' || generation || ',' || rank
  || ',"' || type || '",' || ${milliseconds('occurred_at')} || ',' || ${milliseconds('recorded_at')} || ',"' || touchpoint || '","' || direction
  || '",' || automated::int || ',' || participants || ',' || attributes || ',' || coalesce('"' || installation_id || '"', 'null')
  || ',' || ${source} || ',' || (connector = 'import')::int || ']'`;

/** Rows that are asked for at a time: some megabytes, so that asking costs little beside what comes. */
const rowsAPage = 8000;
/** The most accounts of one batch. */
const accountsABatch = 100;

const ownRows = 'FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL';
// The order is that of the index, so that the first rows come at once and nothing is sorted.
const allRows = `SELECT * ${ownRows} AND account_id IS NOT NULL ORDER BY account_id, occurred_at OFFSET 0`;
const someRows = `SELECT own.* FROM unnest($2::uuid[]) AS asked(id)
  CROSS JOIN LATERAL (SELECT * ${ownRows} AND account_id = asked.id ORDER BY occurred_at OFFSET 0) own`;

/**
 * The logs of all accounts that have any, account by account in the order of their ids, read once from end to end; at least one account a
 * batch. Memory holds one batch: the rows of a page, or those of the largest account. One walk at a time in a transaction; for one instant of
 * the database run it in a transaction of `snapshot`.
 */
export async function* walkAccounts<B>(tx: Tx, options: WalkOptions<B>): AsyncGenerator<AccountLogs<B>> {
  const most = options.rows ?? rowsAPage;
  const { accounts, outages = [] } = options;
  const line = lineOf(options.sources || outages.length > 0 ? `to_json(${sourceName})` : `'null'`);
  await tx.query(
    `DECLARE account_walk NO SCROLL CURSOR FOR SELECT ${line} AS line FROM (${accounts ? someRows : allRows}) e`,
    accounts ? [tx.workspaceId, accounts] : [tx.workspaceId],
  );
  const fetch = (): Promise<readonly Line[]> => {
    const page = tx.query<{ line: string }>(`FETCH ${most} FROM account_walk`).then(({ rows }) => linesOf(rows));
    // One that nobody waits for any more, because its reader gave up, is nobody's failure.
    page.catch(() => undefined);
    return page;
  };
  let page = fetch();
  try {
    let open: Line[] = [];
    for (let last = false; !last;) {
      const lines = await page;
      last = lines.length < most;
      const whole: Line[][] = [];
      for (const row of lines) {
        if (open.length > 0 && open[0]?.[0] !== row[0]) {
          whole.push(open);
          open = [];
        }
        open.push(row);
      }
      if (last && open.length > 0) whole.push(open);
      const batches = Array.from({ length: Math.ceil(whole.length / accountsABatch) }, (_, at) =>
        whole.slice(at * accountsABatch, (at + 1) * accountsABatch),
      );
      for (const [at, batch] of batches.entries()) {
        const logs = batch.map((rows) => logOf(rows, outages));
        const beside = await options.beside(logs.map(({ accountId }) => accountId));
        if (!last && at === batches.length - 1) page = fetch();
        yield { logs, beside };
      }
      // A page of an account that goes on.
      if (!last && batches.length === 0) page = fetch();
    }
  } finally {
    await page.catch(() => undefined);
    // A transaction that has failed has closed it already.
    await tx.query('CLOSE account_walk').catch(() => undefined);
  }
}

function linesOf(rows: readonly { readonly line: string }[]): readonly Line[] {
  const parsed: readonly Line[] = JSON.parse(`[${rows.map(({ line }) => line).join(',')}]`);
  return parsed;
}

function logOf(rows: readonly Line[], outages: readonly StoredOutage[]): AccountLog {
  const speaking = new Map<string, Line>();
  const installations = new Set<string>();
  const told = new Map<string, Set<string>>();
  for (const row of rows) {
    const [, eventId, , , , , , , touchpoint, , , , attributes, installationId, source] = row;
    if (installationId !== null && (touchpoint === 'email' || touchpoint === 'meeting'))
      installations.add(installationId);
    if (source !== null) {
      const others = told.get(eventId);
      if (others) others.add(source);
      else told.set(eventId, new Set([source]));
    }
    if (Object.hasOwn(attributes, 'echo')) continue;
    const other = speaking.get(eventId);
    if (!other || speaksBefore(row, other)) speaking.set(eventId, row);
  }
  const facts = Array.from(speaking.values(), factOf);
  // The rows come in the order of time; only ties and events that another row speaks for are out of it.
  if (facts.some((fact, at) => at > 0 && compare(facts[at - 1] ?? fact, fact) > 0)) facts.sort(compare);
  const sources = new Map([...told].map(([eventId, of]) => [eventId, [...of].sort()]));
  const concerning = outages.length === 0 ? new Set<string>() : outagesAmong(rows.map(toldBy), outages);
  return { accountId: rows[0]?.[0] ?? '', facts, installations, sources, outages: concerning };
}

const toldBy = (row: Line): Told => ({
  eventId: row[1],
  occurredAt: row[6],
  touchpoint: row[8],
  source: row[14] ?? '',
  imported: row[15] === 1,
});

/** The first by (rank, source, latest generation) speaks for an event. */
function speaksBefore(one: Line, other: Line): boolean {
  if (one[4] !== other[4]) return one[4] < other[4];
  if (one[2] !== other[2]) return one[2] < other[2];
  return one[3] > other[3];
}

const compare = (a: Fact, b: Fact): number => a.occurredAt - b.occurredAt || (a.id < b.id ? -1 : 1);

const factOf = (row: Line): Fact => ({
  id: row[1],
  type: row[5],
  occurredAt: row[6],
  recordedAt: row[7],
  touchpoint: row[8],
  direction: row[9],
  automated: row[10] === 1,
  participants: row[11],
  attributes: row[12],
});
