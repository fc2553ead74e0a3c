import type { Tx } from '../tenancy.ts';

/**
 * Removes from the log, also from what is superseded, how subjects sounded by a lexicon of ours, and the words that it rested on. Gives the
 * accounts whose facts changed by it, with the earliest of them (epoch milliseconds).
 */
export async function forgetSentiment(
  tx: Tx,
): Promise<readonly { readonly accountId: string; readonly earliest: number }[]> {
  const { rows } = await tx.query<{ account_id: string; earliest: Date }>(
    `WITH changed AS (
       UPDATE journey_event SET attributes = attributes - 'sentiment' - 'sentimentPhrase' - 'sentimentBy'
        WHERE workspace_id = $1 AND attributes->>'sentimentBy' LIKE 'vader-sentiment %'
       RETURNING account_id, occurred_at)
     SELECT account_id, min(occurred_at) AS earliest FROM changed WHERE account_id IS NOT NULL GROUP BY account_id ORDER BY account_id`,
    [tx.workspaceId],
  );
  return rows.map((row) => ({ accountId: row.account_id, earliest: row.earliest.getTime() }));
}
