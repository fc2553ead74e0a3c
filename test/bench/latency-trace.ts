import type { Database } from '@waymark/store';
import { percentile, type Figure } from './measure.ts';

/** One change on its way: when it was made in the CRM and when Slack had its alert, epoch milliseconds. */
export interface Change {
  readonly contactId: string;
  readonly madeAt: number;
  readonly seenAt: number | null;
}

/** The stations of an alert, in their order: what each says is the time since the one before. */
const stations = ['webhook came', 'page being stored', 'fold began', 'alert planned', 'post claimed', 'in Slack'];

interface Row {
  external_id: string;
  hinted: Date | null;
  stored: Date | null;
  folded: Date | null;
  planned: Date | null;
  claimed: Date | null;
}

/**
 * Where the time of alerts went: the middle and the slowest hundredth of the time from each station to the next, from the rows that
 * each step left. Milliseconds.
 */
export async function traceOf(
  database: Database,
  workspaceId: string,
  changes: readonly Change[],
): Promise<readonly Figure[]> {
  const rows = await database.inWorkspace(workspaceId, async (tx) => {
    const result = await tx.query<Row>(
      `WITH said AS (
         SELECT external_id, account_id, min(recorded_at) AS stored FROM journey_event
          WHERE workspace_id = $1 AND type = 'contact.left' AND external_id = ANY($2::text[]) GROUP BY external_id, account_id)
       SELECT said.external_id, said.stored,
              (SELECT min(h.received_at) FROM hint h WHERE h.workspace_id = $1 AND said.external_id = ANY(h.external_ids)) AS hinted,
              (SELECT min(f.recorded_at) FROM flag f WHERE f.workspace_id = $1 AND f.account_id = said.account_id AND f.recorded_at >= said.stored) AS folded,
              o.planned, o.claimed
         FROM said LEFT JOIN LATERAL (
           SELECT min(o.created_at) AS planned, min(o.started_at) AS claimed FROM outbox o JOIN alert_message m
               ON m.workspace_id = $1 AND m.message_id = o.message_id
            WHERE o.workspace_id = $1 AND m.account_id = said.account_id AND o.created_at >= said.stored) o ON true`,
      [tx.workspaceId, changes.map((one) => one.contactId)],
    );
    return result.rows;
  });
  const byContact = new Map(rows.map((row) => [row.external_id, row]));
  const steps = changes.flatMap(({ contactId, madeAt, seenAt }) => {
    const row = byContact.get(contactId);
    const times = row && [row.hinted, row.stored, row.folded, row.planned, row.claimed].map((at) => at?.getTime());
    const all = [madeAt, ...(times ?? []), seenAt ?? undefined].filter((at) => at !== undefined);
    if (all.length !== stations.length + 1) return [];
    return [all.slice(1).map((at, index) => at - (all[index] ?? at))];
  });
  return stations.flatMap((name, index): Figure[] => {
    const own = steps.map((one) => one[index] ?? Number.NaN);
    return [
      { name: `… ${name}, p50`, value: percentile(own, 0.5), unit: 'ms' },
      { name: `… ${name}, p99`, value: percentile(own, 0.99), unit: 'ms' },
    ];
  });
}
