import { signalTable, type SignalTable } from '@waymark/lifecycle';
import type { Waymark } from '../waymark.ts';
import { inHistory, type BacktestRequest } from './run.ts';

/** What each signal was worth on a workspace's own history. Throws DefinitionError or NoHistory. */
export async function runSignalTable(
  waymark: Waymark,
  workspaceId: string,
  request: BacktestRequest & { readonly seed?: number },
): Promise<SignalTable> {
  const { horizonDays, seed } = request;
  return inHistory(waymark, workspaceId, request, ({ journey, accounts, from, to }) =>
    signalTable(journey, accounts, {
      from,
      to,
      ...(horizonDays !== undefined && { horizonDays }),
      ...(seed !== undefined && { seed }),
    }),
  );
}
