import { readFile } from 'node:fs/promises';
import {
  backtest,
  compileJourney,
  parseDefinition,
  templateFile,
  type BacktestReport,
  type CompiledJourney,
} from '@waymark/lifecycle';
import { activeJourneys } from '@waymark/sync';
import type { Waymark } from '../waymark.ts';
import { workspaceHistory } from './history.ts';

export interface BacktestRequest {
  /** The text of a definition file and its name; without it the active definition, else the shipped template. */
  readonly definition?: { readonly source: string; readonly file: string };
  /** Epoch milliseconds; the whole history without them. */
  readonly from?: number;
  readonly to?: number;
  readonly horizonDays?: number;
}

/** A workspace without any history. */
export class NoHistory extends Error {
  readonly code = 'NO_HISTORY';

  constructor() {
    super('There is no history to go through: import one with waymark import, or connect a source.');
    this.name = 'NoHistory';
  }
}

/** Goes through a workspace's history with a definition, and stores nothing. Throws DefinitionError or NoHistory. */
export async function runBacktest(
  waymark: Waymark,
  workspaceId: string,
  request: BacktestRequest,
): Promise<BacktestReport> {
  return waymark.database.inWorkspace(workspaceId, async (tx) => {
    const journey = await journeyFor(request, await activeJourneys(tx));
    const history = await workspaceHistory(tx, journey, Math.min(request.to ?? Infinity, waymark.now()));
    if (!history.range) throw new NoHistory();
    return backtest(journey, history.accounts, {
      from: request.from ?? history.range.from,
      to: Math.min(request.to ?? Infinity, history.range.to),
      ...(request.horizonDays !== undefined && { horizonDays: request.horizonDays }),
    });
  });
}

async function journeyFor(
  { definition }: BacktestRequest,
  active: readonly CompiledJourney[],
): Promise<CompiledJourney> {
  if (definition) return compileJourney(parseDefinition(definition.source, definition.file));
  const [first] = active;
  if (first) return first;
  const name = 'nine-stages';
  return compileJourney(parseDefinition(await readFile(templateFile(name), 'utf8'), `${name}.yaml`));
}
