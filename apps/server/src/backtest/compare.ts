import { compareBacktests, compileJourney, parseDefinition, type BacktestComparison } from '@waymark/lifecycle';
import type { Waymark } from '../waymark.ts';
import { backtestAll, inHistory, type BacktestRequest, type HistoryInHand } from './run.ts';

/** Goes through a workspace's history with two definitions. Throws DefinitionError, NoHistory, NoSuchPeriod or NotComparable. */
export async function runComparison(
  waymark: Waymark,
  workspaceId: string,
  request: BacktestRequest,
  second: NonNullable<BacktestRequest['definition']>,
): Promise<BacktestComparison> {
  const other = compileJourney(parseDefinition(second.source, second.file));
  const compared = async (history: HistoryInHand) => {
    const [one, two] = await backtestAll([history.journey, other], history, request);
    if (!one || !two) throw new RangeError('Two definitions were gone through.');
    return compareBacktests(one, two);
  };
  return inHistory(waymark, workspaceId, request, compared, [other]);
}
