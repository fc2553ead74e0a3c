import {
  backtest,
  compareBacktests,
  compileJourney,
  parseDefinition,
  type BacktestComparison,
} from '@waymark/lifecycle';
import type { Waymark } from '../waymark.ts';
import { inHistory, type BacktestRequest } from './run.ts';

/** Goes through a workspace's history with two definitions. Throws DefinitionError, NoHistory or NotComparable. */
export async function runComparison(
  waymark: Waymark,
  workspaceId: string,
  request: BacktestRequest,
  second: NonNullable<BacktestRequest['definition']>,
): Promise<BacktestComparison> {
  const other = compileJourney(parseDefinition(second.source, second.file));
  return inHistory(waymark, workspaceId, request, ({ journey, accounts, from, to }) => {
    const options = {
      from,
      to,
      toldBy: request.to ?? Infinity,
      ...(request.horizonDays !== undefined && { horizonDays: request.horizonDays }),
    };
    return compareBacktests(backtest(journey, accounts, options), backtest(other, accounts, options));
  });
}
