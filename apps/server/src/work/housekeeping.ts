import { sweepDeliveries, sweepDirectory, sweepHints, sweepOAuthAttempts } from '@waymark/store';
import { keepPeers } from '@waymark/sync';
import type { Waymark } from '../waymark.ts';

const day = 86_400_000;
/** A repeat of a webhook is recognized for so long; providers try again for a day at most. */
const hintLifeMs = 3 * day;
/** What a cursor has passed can be read again for so long, and a repeat of it is recognized. */
const deliveryLifeMs = 7 * day;

/** Removes what has served its time: consents that ended, names that ran out, hints that were taken, deliveries that were read. */
export async function keepHouse(waymark: Waymark): Promise<void> {
  const now = waymark.now();
  await waymark.database.global((tx) => sweepDirectory(tx, now));
  for (const { workspaceId } of await waymark.workspaces()) {
    await waymark.database.inWorkspace(workspaceId, async (tx) => {
      await sweepOAuthAttempts(tx, now - day);
      await sweepHints(tx, now - hintLifeMs);
      await sweepDeliveries(tx, now - deliveryLifeMs);
    });
    // Weeks end in workspaces as well that read nothing.
    await waymark.database.inWorkspace(workspaceId, (tx) => keepPeers(tx, now));
  }
}
