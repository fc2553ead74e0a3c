import type { AnyConnector } from '@waymark/connector-kit';
import { hintsOf, streamStates, takeTheseHints } from '@waymark/store';
import type { RunOptions } from './run.ts';

type AnyStream = AnyConnector['streams'][number];

/** How often a long reading looks for hints, ms. */
const lookEveryMs = 2_000;

/**
 * What a stream that reads its history calls between two pages: hints of other streams, which may be hours away from their turn, are
 * answered then. Streams whose own history is not read yet wait for it, since it brings what the hints are about. Returns at once where
 * nothing waits. `read` reads a stream from its cursor, records its faults, and says whether there were any.
 */
export function waitingHints(
  options: RunOptions,
  streams: readonly AnyStream[],
  read: (stream: AnyStream, ids: readonly string[]) => Promise<boolean>,
): (busy: string) => Promise<void> {
  const { database, workspaceId, installation, now } = options;
  const { installationId, grantedScopes } = installation;
  let next = now() + lookEveryMs;
  return async (busy) => {
    if (now() < next) return;
    const until = now();
    const { hints, states } = await database.inWorkspace(workspaceId, async (tx) => {
      const open = (await hintsOf(tx, installationId, until)).filter((hint) => hint.stream !== busy);
      return { hints: open, states: open.length === 0 ? [] : await streamStates(tx, installationId) };
    });
    for (const stream of streams) {
      const own = hints.filter((hint) => hint.stream === stream.name);
      const parts = states.filter((state) => state.stream === stream.name);
      const isRead = parts.length > 0 && parts.every((state) => state.backfillDoneAt !== null);
      if (own.length === 0 || !isRead || stream.scopes.some((scope) => !grantedScopes.includes(scope))) continue;
      const ids = [...new Set(own.flatMap((hint) => hint.externalIds))];
      if (await read(stream, ids))
        await database.inWorkspace(workspaceId, (tx) => takeTheseHints(tx, own, now()), { retry: true });
    }
    next = now() + lookEveryMs;
  };
}
