import { readFile } from 'node:fs/promises';
import {
  backtest,
  compileJourney,
  parseDefinition,
  templateFile,
  type BacktestAccount,
  type BacktestReport,
  type CompiledJourney,
} from '@waymark/lifecycle';
import { activeJourneys } from '@waymark/sync';
import type { Waymark } from '../waymark.ts';
import { workspaceHistory } from './history.ts';
import { periodOf } from './period.ts';

export interface BacktestRequest {
  /** The text of a definition file and its name; without it the active definition, else the shipped template. */
  readonly definition?: { readonly source: string; readonly file: string };
  /** Epoch milliseconds; the whole history without them. */
  readonly from?: number;
  readonly to?: number;
  readonly horizonDays?: number;
}

/** A workspace without any history. */
class NoHistory extends Error {
  readonly code = 'NO_HISTORY';

  constructor() {
    super('There is no history to go through: import one with waymark import, or connect a source.');
    this.name = 'NoHistory';
  }
}

/** A workspace's history and the part of it that counts. */
export interface HistoryInHand {
  readonly journey: CompiledJourney;
  readonly accounts: readonly BacktestAccount[];
  readonly from: number;
  readonly to: number;
}

/** Reads a workspace's history and hands it on; nothing is stored. Throws DefinitionError, NoHistory or NoSuchPeriod. */
export async function inHistory<T>(
  waymark: Waymark,
  workspaceId: string,
  request: BacktestRequest,
  work: (history: HistoryInHand) => T,
): Promise<T> {
  return waymark.database.inWorkspace(workspaceId, async (tx) => {
    const journey = await journeyFor(request, await activeJourneys(tx));
    const { accounts, range } = await workspaceHistory(tx, journey, Math.min(request.to ?? Infinity, waymark.now()));
    if (!range) throw new NoHistory();
    return work({ journey, accounts, ...periodOf(range, request) });
  });
}

/** Goes through a workspace's history with a definition, and stores nothing. Throws DefinitionError or NoHistory. */
export async function runBacktest(
  waymark: Waymark,
  workspaceId: string,
  request: BacktestRequest,
): Promise<BacktestReport> {
  return inHistory(waymark, workspaceId, request, ({ journey, accounts, from, to }) =>
    backtest(journey, accounts, {
      from,
      to,
      toldBy: request.to ?? Infinity,
      ...(request.horizonDays !== undefined && { horizonDays: request.horizonDays }),
    }),
  );
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
