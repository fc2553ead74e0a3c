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

/** When one source told of one kind of touchpoint, over the whole workspace. Times are epoch milliseconds. */
export interface SourceArrivals {
  readonly source: string;
  readonly touchpoint: Fact['touchpoint'];
  readonly arrivals: readonly { readonly occurredAt: number; readonly recordedAt: number }[];
}

/** Everything that was told of anybody, by source and touchpoint: what a source's usual rate is seen from. */
export async function sourceArrivals(tx: Tx): Promise<readonly SourceArrivals[]> {
  const { rows } = await tx.query<{
    source: string;
    touchpoint: Fact['touchpoint'];
    occurred: number[];
    recorded: number[];
  }>(
    `SELECT source, touchpoint,
            array_agg((extract(epoch FROM occurred_at) * 1000)::float8 ORDER BY occurred_at, recorded_at) AS occurred,
            array_agg((extract(epoch FROM recorded_at) * 1000)::float8 ORDER BY occurred_at, recorded_at) AS recorded
       FROM (SELECT ${sourceName} AS source, touchpoint, occurred_at, recorded_at
               FROM journey_event WHERE workspace_id = $1 AND superseded_at IS NULL AND account_id IS NOT NULL) e
      GROUP BY source, touchpoint ORDER BY source, touchpoint`,
    [tx.workspaceId],
  );
  return rows.map(({ source, touchpoint, occurred, recorded }) => ({
    source,
    touchpoint,
    arrivals: occurred.map((occurredAt, index) => ({ occurredAt, recordedAt: recorded[index] ?? occurredAt })),
  }));
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
