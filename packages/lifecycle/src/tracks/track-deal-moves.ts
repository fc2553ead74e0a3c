import { markOf, numberAttribute, textAttribute } from './fact.ts';
import type { Fact } from '../course/state.ts';
import type { Mark } from './tracks.ts';

const MOST_STAGES = 30;
const MOST_STEPS_BACK = 10;

/** How an open deal has moved. Replaced with every move, never changed in place. */
export interface DealMoves {
  readonly pipeline: string | null;
  /** The stages it came through and stands in, without those that it was taken back from. */
  readonly stages: readonly string[];
  /** The stage as people read it, and since when it stands there. */
  readonly stage: string | null;
  readonly since: number;
  /** Chance of the stage, where the pipeline says one. */
  readonly chance: number | null;
  readonly amount: number | null;
  readonly currency: string | null;
  /** Each time that it went back a stage or was lowered, oldest first. */
  readonly back: readonly (Mark & { readonly stage: boolean; readonly loweredBy: number })[];
}

/**
 * A deal's moves after a fact about it. A stage with a lower chance than the one before is a step back, and so is one that the deal had
 * left before; where the pipeline gives no chances and the stage is new to the deal, nothing is known of the direction.
 */
export function movedOn(moves: DealMoves | null, fact: Fact): DealMoves {
  const pipeline = textAttribute(fact, 'pipeline') ?? moves?.pipeline ?? null;
  const stage = textAttribute(fact, 'stage');
  const told = numberAttribute(fact, 'probability') ?? null;
  const amount = numberAttribute(fact, 'amount');
  const currency = textAttribute(fact, 'currency') ?? moves?.currency ?? null;
  const before = moves?.pipeline === pipeline ? moves.stages : [];
  const moved = stage !== undefined && stage !== before.at(-1);
  const place = moved ? before.indexOf(stage) : -1;
  const chance = moved ? told : (told ?? moves?.chance ?? null);
  const isKnown = chance !== null && moves?.chance != null && before.length > 0;
  const wentBack = moved && (isKnown ? chance < (moves?.chance ?? 0) : place >= 0);
  const comparable = moves?.amount != null && amount !== undefined && moves.currency === currency;
  const loweredBy = comparable && moves.amount > 0 ? Math.max(0, 1 - amount / moves.amount) : 0;
  const back = moves?.back ?? [];
  return {
    pipeline,
    stages: !moved ? before : [...(place >= 0 ? before.slice(0, place) : before), stage].slice(-MOST_STAGES),
    stage: stage === undefined ? (moves?.stage ?? null) : (textAttribute(fact, 'stageLabel') ?? stage),
    since: moved || moves === null ? fact.occurredAt : moves.since,
    chance,
    amount: amount ?? moves?.amount ?? null,
    currency,
    back:
      wentBack || loweredBy > 0
        ? [...back, { ...markOf(fact), stage: wentBack, loweredBy }].slice(-MOST_STEPS_BACK)
        : back,
  };
}
