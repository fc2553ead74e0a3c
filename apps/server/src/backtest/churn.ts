import { churnModel, type ChurnReport } from '@waymark/lifecycle';
import type { Waymark } from '../waymark.ts';
import { inHistory, type BacktestRequest } from './run.ts';

/**
 * What the churn model of a workspace is worth, and its scores where it is worth something. The horizon is 60 days where none is given.
 * Throws DefinitionError or NoHistory.
 */
export async function runChurnModel(
  waymark: Waymark,
  workspaceId: string,
  request: BacktestRequest & { readonly seed?: number },
): Promise<ChurnReport> {
  const { horizonDays, seed } = request;
  return inHistory(waymark, workspaceId, request, ({ journey, walk, from, to }) =>
    churnModel(journey, walk, {
      from,
      to,
      ...(horizonDays !== undefined && { horizonDays }),
      ...(seed !== undefined && { seed }),
    }),
  );
}
