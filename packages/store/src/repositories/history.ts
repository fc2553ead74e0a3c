import { toFact, type Fact, type FactRow } from './facts.ts';
import { sourceName } from './source-name.ts';
import type { Tx } from '../tenancy.ts';

/** A fact with the sources that told it: an import's own `source`, else the connector. */
export interface SourcedFact extends Fact {
  readonly sources: readonly string[];
}

/** The facts of one account with their sources, one for each event, in the order of time and id. */
export async function historyOf(tx: Tx, accountId: string): Promise<readonly SourcedFact[]> {
  const { rows } = await tx.query<FactRow & { sources: string[] }>(
    `SELECT e.*, s.sources FROM (
       SELECT DISTINCT ON (event_id) event_id, type, occurred_at, recorded_at, touchpoint, direction, automated, participants, attributes
         FROM journey_event
        WHERE workspace_id = $1 AND account_id = $2 AND superseded_at IS NULL AND NOT (attributes ? 'echo')
        ORDER BY event_id, rank, source_id, generation DESC) e
       JOIN (
       SELECT event_id, array_agg(DISTINCT ${sourceName}) AS sources
         FROM journey_event WHERE workspace_id = $1 AND account_id = $2 AND superseded_at IS NULL GROUP BY event_id) s
         ON s.event_id = e.event_id
     ORDER BY e.occurred_at, e.event_id`,
    [tx.workspaceId, accountId],
  );
  return rows.map((row) => ({ ...toFact(row), sources: row.sources }));
}

/**
 * When one source told of one kind of touchpoint, over the whole workspace: when each was known and when it happened, epoch milliseconds, in
 * the order of `recordedAt`, then `occurredAt`. Two numbers each: a workspace has millions.
 */
export interface SourceArrivals {
  readonly source: string;
  readonly touchpoint: Fact['touchpoint'];
  readonly recordedAt: Float64Array;
  readonly occurredAt: Float64Array;
}

/** Arrivals that are read at a time. */
const arrivalsAPage = 20_000;

/** Everything that was told of anybody, by source and touchpoint: what a source's usual rate is seen from. One such reading at a time in a transaction. */
export async function sourceArrivals(tx: Tx): Promise<readonly SourceArrivals[]> {
  const all: SourceArrivals[] = [];
  let open: Numbers | undefined;
  await tx.query(
    `DECLARE arrival_walk NO SCROLL CURSOR FOR
     SELECT source, touchpoint, (extract(epoch FROM recorded_at) * 1000)::float8 AS recorded, (extract(epoch FROM occurred_at) * 1000)::float8 AS occurred
       FROM (SELECT ${sourceName} AS source, touchpoint, occurred_at, recorded_at
               FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL AND account_id IS NOT NULL) e
      ORDER BY source, touchpoint, recorded_at, occurred_at`,
    [tx.workspaceId],
  );
  try {
    for (;;) {
      const { rows } = await tx.query<{
        source: string;
        touchpoint: Fact['touchpoint'];
        recorded: number;
        occurred: number;
      }>(`FETCH ${arrivalsAPage} FROM arrival_walk`);
      for (const { source, touchpoint, recorded, occurred } of rows) {
        if (open?.source !== source || open.touchpoint !== touchpoint) {
          if (open) all.push(arrivalsOf(open));
          open = { source, touchpoint, values: new Float64Array(1024), length: 0 };
        }
        if (open.length === open.values.length) {
          const larger = new Float64Array(open.length * 2);
          larger.set(open.values);
          open.values = larger;
        }
        open.values[open.length] = recorded;
        open.values[open.length + 1] = occurred;
        open.length += 2;
      }
      if (rows.length < arrivalsAPage) break;
    }
  } finally {
    // A transaction that has failed has closed it already.
    await tx.query('CLOSE arrival_walk').catch(() => undefined);
  }
  return open ? [...all, arrivalsOf(open)] : all;
}

/** What is read of one source so far, by turns when it was known and when it happened. */
interface Numbers extends Pick<SourceArrivals, 'source' | 'touchpoint'> {
  values: Float64Array;
  length: number;
}

function arrivalsOf({ source, touchpoint, values, length }: Numbers): SourceArrivals {
  const recordedAt = new Float64Array(length / 2);
  const occurredAt = new Float64Array(length / 2);
  for (let at = 0; at < length; at += 2) {
    recordedAt[at / 2] = values[at] ?? 0;
    occurredAt[at / 2] = values[at + 1] ?? 0;
  }
  return { source, touchpoint, recordedAt, occurredAt };
}

/** The usage metrics of a workspace's history, the most frequent first. */
export async function usageMetrics(tx: Tx): Promise<readonly string[]> {
  const { rows } = await tx.query<{ metric: string }>(
    `SELECT attributes->>'metric' AS metric FROM journey_event
      WHERE workspace_id = $1 AND superseded_at IS NULL AND account_id IS NOT NULL AND type = 'usage.recorded'
        AND attributes->>'metric' IS NOT NULL
      GROUP BY 1 ORDER BY count(DISTINCT event_id) DESC, 1`,
    [tx.workspaceId],
  );
  return rows.map(({ metric }) => metric);
}
