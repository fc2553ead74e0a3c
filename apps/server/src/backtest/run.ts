import { readFile } from 'node:fs/promises';
import {
  compileJourney,
  openBacktest,
  parseDefinition,
  templateFile,
  type AccountWalk,
  type BacktestReport,
  type CompiledJourney,
} from '@waymark/lifecycle';
import type { Tx } from '@waymark/store';
import { activeJourneys } from '@waymark/sync';
import type { Waymark } from '../waymark.ts';
import { workspaceHistory } from './history.ts';
import type { PartOfToday } from './known-records.ts';
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
  /** Walks the accounts, from the beginning each time. */
  readonly walk: AccountWalk;
  readonly tx: Tx;
  readonly from: number;
  readonly to: number;
  /** Of how many accounts the last walk knew a part no earlier than when it was first read. */
  readonly ofToday: () => WorkspaceBacktest['ofToday'];
}

/** A backtest over a workspace's history. */
export interface WorkspaceBacktest extends BacktestReport {
  /**
   * Of how many accounts a part of the record is not dated: it counts from when it was first read, and of people before that those of the
   * first reading. None where all was known as it came to be.
   */
  readonly ofToday: Readonly<Partial<Record<PartOfToday, number>>>;
}

/** Opens a workspace's history and hands it on, for `others` beside the journey that is asked for; nothing is stored. Throws DefinitionError, NoHistory or NoSuchPeriod. */
export async function inHistory<T>(
  waymark: Waymark,
  workspaceId: string,
  request: BacktestRequest,
  work: (history: HistoryInHand) => Promise<T>,
  others: readonly CompiledJourney[] = [],
): Promise<T> {
  return waymark.database.inWorkspace(
    workspaceId,
    async (tx) => {
      const journey = await journeyFor(request, await activeJourneys(tx));
      const until = Math.min(request.to ?? Infinity, waymark.now());
      const { walk, range, ofToday } = await workspaceHistory(tx, [journey, ...others], until);
      if (!range) throw new NoHistory();
      return work({ tx, journey, walk, ofToday, ...periodOf(range, request) });
    },
    { snapshot: true },
  );
}

/** Goes through a workspace's history with a definition, and stores nothing. Throws DefinitionError, NoHistory or NoSuchPeriod. */
export async function runBacktest(
  waymark: Waymark,
  workspaceId: string,
  request: BacktestRequest,
): Promise<WorkspaceBacktest> {
  return inHistory(waymark, workspaceId, request, async (history) => {
    const [report] = await backtestAll([history.journey], history, request);
    if (!report) throw new RangeError('One definition was gone through.');
    return { ...report, ofToday: history.ofToday() };
  });
}

/** Goes through the history with several definitions at once. */
export async function backtestAll(
  journeys: readonly CompiledJourney[],
  { walk, from, to }: HistoryInHand,
  request: BacktestRequest,
): Promise<readonly BacktestReport[]> {
  const options = {
    from,
    to,
    toldBy: request.to ?? Infinity,
    ...(request.horizonDays !== undefined && { horizonDays: request.horizonDays }),
  };
  const open = journeys.map((journey) => openBacktest(journey, options));
  for await (const account of walk()) for (const one of open) one.take(account);
  return open.map((one) => one.report());
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
