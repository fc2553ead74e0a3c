import { signalTable, type SignalTable } from '@waymark/lifecycle';
import { usageMetrics } from '@waymark/store';
import type { Waymark } from '../waymark.ts';
import { inHistory, type BacktestRequest } from './run.ts';

/** What each signal was worth on a workspace's own history. Throws DefinitionError or NoHistory. */
export async function runSignalTable(
  waymark: Waymark,
  workspaceId: string,
  request: BacktestRequest & { readonly seed?: number },
): Promise<SignalTable> {
  const { horizonDays, seed } = request;
  return inHistory(waymark, workspaceId, request, async ({ tx, journey, walk, from, to }) =>
    signalTable(journey, walk, await usageMetrics(tx), {
      from,
      to,
      ...(horizonDays !== undefined && { horizonDays }),
      ...(seed !== undefined && { seed }),
    }),
  );
}
