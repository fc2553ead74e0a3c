import type { JourneyDefinition } from '@waymark/journey';
import type { StagePeriod } from '@waymark/lifecycle';
import { designedMoves } from './designed-moves.ts';
import { durationOf, type DurationSummary } from './duration.ts';

/** One stay of an account in a stage. Times are epoch milliseconds. */
export type StageStay = Pick<StagePeriod, 'stage' | 'enteredAt' | 'exitedAt'> &
  Partial<Pick<StagePeriod, 'move' | 'direction'>>;

/** The stays of one account in one journey, oldest first. */
export interface StagePath {
  readonly accountId: string;
  readonly stays: readonly StageStay[];
}

/** A stage as accounts live it. */
export interface MapStage {
  readonly stage: string;
  readonly title: string;
  readonly objective: string | null;
  readonly expectedDays: number | null;
  readonly accountsNow: number;
  /** Accounts that were ever in it. */
  readonly accountsEver: number;
  /** How often it was entered; more than `accountsEver` where accounts came back. */
  readonly entered: number;
  readonly exited: number;
  /** How often it was the first stage of an account. */
  readonly startedHere: number;
  /** Stays that have ended. */
  readonly completed: DurationSummary;
  /** The accounts that are in it now, by how long they have been. */
  readonly current: DurationSummary;
  /** The latest stay of each account that was ever in it, running ones until now. */
  readonly latest: DurationSummary;
  /** All stays of each account added up, running ones until now. */
  readonly cumulative: DurationSummary;
  /** Accounts that are in it for longer than it should take; null where nothing is expected. */
  readonly overdue: number | null;
}

/** A move between two stages: as lived, as designed, or both. */
export interface MapMove {
  readonly from: string;
  readonly to: string;
  readonly moves: number;
  readonly accounts: number;
  /** Ids of those accounts, so that each figure can be opened. */
  readonly accountIds: readonly string[];
  /** How long the accounts had been in `from` when they moved. */
  readonly before: DurationSummary;
  readonly designed: 'named' | 'open' | 'no';
  /** How the engine judged the moves: the strictest of them. */
  readonly judged: 'allowed' | 'unusual' | 'forbidden';
  readonly backward: boolean;
}

/** A journey as it is designed beside how it is lived. */
export interface JourneyMap {
  readonly journey: string;
  readonly title: string;
  readonly version: number;
  readonly asOf: number;
  /** How many accounts the map rests on. */
  readonly accounts: number;
  readonly stages: readonly MapStage[];
  readonly moves: readonly MapMove[];
  /** Moves that were lived and that the definition does not provide for. */
  readonly offPath: number;
  /** Moves that the definition names and that nobody made. */
  readonly unused: number;
}

const strictness = ['allowed', 'unusual', 'forbidden'] as const;

/** Draws up the map of one journey from the stays of its accounts, as of `asOf`. Stays in stages that the definition no longer has are left out. */
export function journeyMap(definition: JourneyDefinition, paths: readonly StagePath[], asOf: number): JourneyMap {
  const known = new Set(definition.stages.map((stage) => stage.id));
  const lived = paths
    .map((path) => ({ accountId: path.accountId, stays: path.stays.filter((stay) => known.has(stay.stage)) }))
    .filter((path) => path.stays.length > 0);
  const moves = mapMoves(definition, lived);
  return {
    journey: definition.id,
    title: definition.title,
    version: definition.version,
    asOf,
    accounts: lived.length,
    stages: definition.stages.map((stage) => mapStage(stage, lived, asOf)),
    moves,
    offPath: moves.reduce((sum, move) => sum + (move.designed === 'no' ? move.moves : 0), 0),
    unused: moves.filter((move) => move.designed === 'named' && move.moves === 0).length,
  };
}

function mapStage(stage: JourneyDefinition['stages'][number], lived: readonly StagePath[], asOf: number): MapStage {
  const length = (stay: StageStay): number => Math.max(0, (stay.exitedAt ?? asOf) - stay.enteredAt);
  const byAccount = lived
    .map((path) => path.stays.filter((stay) => stay.stage === stage.id))
    .filter((stays) => stays.length > 0);
  const all = byAccount.flat();
  const running = all.filter((stay) => stay.exitedAt === null);
  const expectedMs = stage.expectedDays === undefined ? null : stage.expectedDays * 86_400_000;
  return {
    stage: stage.id,
    title: stage.title,
    objective: stage.objective ?? null,
    expectedDays: stage.expectedDays ?? null,
    accountsNow: running.length,
    accountsEver: byAccount.length,
    entered: all.length,
    exited: all.length - running.length,
    startedHere: lived.filter((path) => path.stays[0]?.stage === stage.id).length,
    completed: durationOf(all.filter((stay) => stay.exitedAt !== null).map(length)),
    current: durationOf(running.map(length)),
    latest: durationOf(byAccount.flatMap((stays) => stays.slice(-1)).map(length)),
    cumulative: durationOf(byAccount.map((stays) => stays.reduce((sum, stay) => sum + length(stay), 0))),
    overdue: expectedMs === null ? null : running.filter((stay) => length(stay) > expectedMs).length,
  };
}

interface Lived {
  readonly from: string;
  readonly to: string;
  readonly accountIds: string[];
  readonly before: number[];
  judged: MapMove['judged'];
}

function mapMoves(definition: JourneyDefinition, lived: readonly StagePath[]): readonly MapMove[] {
  const order = new Map(definition.stages.map((stage, index) => [stage.id, stage.order ?? index + 1]));
  const place = (stage: string): number => order.get(stage) ?? 0;
  const observed = new Map<string, Lived>();
  for (const { accountId, stays } of lived) {
    for (const [index, stay] of stays.entries()) {
      const next = stays[index + 1];
      if (!next || next.stage === stay.stage) continue;
      const key = `${stay.stage}>${next.stage}`;
      const move: Lived = observed.get(key) ?? {
        from: stay.stage,
        to: next.stage,
        accountIds: [],
        before: [],
        judged: 'allowed',
      };
      observed.set(key, move);
      move.accountIds.push(accountId);
      move.before.push(Math.max(0, next.enteredAt - stay.enteredAt));
      const judged = next.move === 'unusual' || next.move === 'forbidden' ? next.move : 'allowed';
      if (strictness.indexOf(judged) > strictness.indexOf(move.judged)) move.judged = judged;
    }
  }
  const designed = new Map(designedMoves(definition).map((move) => [`${move.from}>${move.to}`, move]));
  const named = [...designed].filter(([, move]) => move.by === 'named').map(([key]) => key);
  return [...new Set([...observed.keys(), ...named])]
    .map((key): MapMove => {
      const move = observed.get(key);
      const design = designed.get(key);
      const from = move?.from ?? design?.from ?? '';
      const to = move?.to ?? design?.to ?? '';
      const accountIds = [...new Set(move?.accountIds)].toSorted();
      return {
        from,
        to,
        moves: move?.before.length ?? 0,
        accounts: accountIds.length,
        accountIds,
        before: durationOf(move?.before ?? []),
        designed: design?.by ?? 'no',
        judged: move?.judged ?? 'allowed',
        backward: place(to) < place(from),
      };
    })
    .toSorted((a, b) => place(a.from) - place(b.from) || place(a.to) - place(b.to));
}
