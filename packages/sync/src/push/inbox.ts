import type { Inbox } from '@waymark/connector-kit';
import { passDeliveries, readDeliveries, type Database } from '@waymark/store';
import type { Sealer } from '../installation/tokens.ts';

/** At most so many deliveries at a time, whatever a connector asks for. */
const mostAtOnce = 1000;

/**
 * The inbox of an installation for one run. The place that a stream's first read begins after comes from its stored cursor, so all up
 * to it is done with; places of later reads may be of pages that are not yet stored.
 */
export function openInbox(
  options: { readonly database: Database; readonly sealer: Sealer; readonly now: () => number },
  workspaceId: string,
  installationId: string,
): Inbox {
  const begun = new Set<string>();
  return {
    read: async (stream, after, limit) => {
      const place = after === null ? null : requirePlace(after);
      // The sealer reads the workspace's key once and keeps it: not within the transaction, where it would wait for a second connection.
      await options.sealer.seal(workspaceId, installationId, 'inbox', '');
      return options.database.inWorkspace(workspaceId, async (tx) => {
        if (!begun.has(stream)) {
          begun.add(stream);
          if (place !== null) await passDeliveries(tx, { installationId, stream, until: place }, options.now());
        }
        const most = Math.max(1, Math.min(limit, mostAtOnce));
        return readDeliveries(tx, options.sealer, { installationId, stream, after: place }, most);
      });
    },
  };
}

function requirePlace(place: string): string {
  if (!/^\d{1,18}$/.test(place)) throw new RangeError(`${place.slice(0, 40)} is no place in an inbox.`);
  return place;
}
