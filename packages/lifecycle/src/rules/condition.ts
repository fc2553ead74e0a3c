import type { ComparisonOp, Condition, JourneyDefinition } from '@waymark/journey';
import { compileCoverage } from '../coverage/coverage.ts';
import type { Moment } from '../course/moment.ts';
import { compileOperand, type Bind, type CompiledOperand } from './operand.ts';
import { signalReads } from '../tracks/reads.ts';
import { NEVER } from '../signals/signal.ts';
import { shown, type BoundSignal } from '../signals/signals.ts';
import type { Comparison, Evidence } from '../course/state.ts';

/** A condition compiled to closures. */
export interface CompiledCondition {
  /** Whether it holds. Sets `moment.flip`. */
  test(moment: Moment): boolean;
  /**
   * The same answer, sooner: `moment.flip` may be an earlier instant, before which it certainly does not turn, and `moment.reads` is set
   * to the parts that the answer rests on as it stands, often fewer than all that are read.
   */
  watch(moment: Moment): boolean;
  /** Whether it is out of the question for now, by a look that costs next to nothing; sets both if so. */
  isShut?(moment: Moment): boolean;
  /** The same as `watch` where `isShut` has just said no, so that it need not be asked again. */
  watchOpen?(moment: Moment): boolean;
  comparisons(moment: Moment): Comparison[];
  /** Events that the comparisons which hold rest on, in the order of the tree. */
  evidence(moment: Moment): Evidence[];
  /** Every signal it names, in the order of the tree. */
  readonly signals: readonly BoundSignal[];
  /** The parts it reads, as bits of `part`. */
  readonly reads: number;
}

/** Whether a comparison holds. Nothing compares with an unknown value, and texts only for being the same. */
function holds(value: number | string | null, op: ComparisonOp, threshold: number | string | null): boolean {
  if (value === null || threshold === null) return false;
  if (op === '==') return value === threshold;
  if (op === '!=') return value !== threshold;
  if (typeof value === 'string' || typeof threshold === 'string') return false;
  if (op === '>=') return value >= threshold;
  if (op === '>') return value > threshold;
  return op === '<=' ? value <= threshold : value < threshold;
}

function compileComparison(signal: BoundSignal, op: ComparisonOp, operand: CompiledOperand): CompiledCondition {
  const test = (moment: Moment): boolean => {
    const threshold = operand.value(moment);
    const turn = operand.flip(moment);
    moment.flip = Math.min(turn, signal.flip(moment, op, typeof threshold === 'number' ? threshold : Number.NaN));
    return holds(signal.read(moment), op, threshold);
  };
  const isAtLeast = op === '>=' || op === '>';
  const { isUnder } = signal;
  const { floor } = operand;
  const isShut = isAtLeast && isUnder && floor ? (moment: Moment) => isUnder(moment, floor(moment)) : null;
  const own = signalReads[signal.name];
  const watchOpen = (moment: Moment): boolean => {
    const value = signal.read(moment);
    const rests = signal.restsOn ? signal.restsOn(moment) : own;
    if (value === null) {
      // Whatever the threshold, nothing compares with it.
      moment.flip = signal.flip(moment, op, Number.NaN);
      moment.reads = rests;
      return false;
    }
    const threshold = operand.value(moment);
    const met = holds(value, op, threshold);
    const turn = operand.flip(moment);
    const isNumber = typeof threshold === 'number';
    moment.flip =
      !met && isAtLeast && isNumber && signal.falls === true
        ? turn
        : Math.min(turn, signal.flip(moment, op, isNumber ? threshold : Number.NaN));
    moment.reads = rests | operand.reads;
    return met;
  };
  return {
    test,
    ...shutBy(isShut, watchOpen),
    comparisons: (moment) => {
      const threshold = operand.value(moment);
      return [
        {
          signal: signal.name,
          label: signal.label,
          unit: signal.unit,
          value: shown(signal, signal.read(moment)),
          op,
          threshold: shown(signal, threshold) ?? 'unknown',
          holds: holds(signal.read(moment), op, threshold),
        },
      ];
    },
    evidence: (moment) => (test(moment) ? signal.evidence(moment) : []),
    signals: [signal, ...operand.signals],
    reads: signalReads[signal.name] | operand.reads,
  };
}

/** What is watched, with a look before it where there is one. */
function shutBy(
  isShut: Look | null,
  watchOpen: (moment: Moment) => boolean,
): Pick<CompiledCondition, 'watch' | 'isShut' | 'watchOpen'> {
  return isShut ? { isShut, watchOpen, watch: (moment) => !isShut(moment) && watchOpen(moment) } : { watch: watchOpen };
}

function compileKnown(signal: BoundSignal, wanted: boolean): CompiledCondition {
  const test = (moment: Moment): boolean => {
    moment.flip = signal.flip(moment, '==', Number.NaN);
    return (signal.read(moment) !== null) === wanted;
  };
  const watch = (moment: Moment): boolean => {
    const holds = test(moment);
    moment.reads = signal.restsOn ? signal.restsOn(moment) : signalReads[signal.name];
    return holds;
  };
  return {
    test,
    ...shutBy(wanted ? null : (signal.isKnown ?? null), watch),
    comparisons: (moment) => [
      {
        signal: signal.name,
        label: signal.label,
        unit: signal.unit,
        value: shown(signal, signal.read(moment)),
        op: wanted ? '!=' : '==',
        threshold: 'unknown',
        holds: (signal.read(moment) !== null) === wanted,
      },
    ],
    evidence: (moment) => (wanted && test(moment) ? signal.evidence(moment) : []),
    signals: [signal],
    reads: signalReads[signal.name],
  };
}

/**
 * `all` and `any` stop at the first part that decides: until that part turns, the answer cannot. So its instant alone is the
 * next at which to look again.
 */
function compileGroup(parts: readonly CompiledCondition[], decisive: boolean): CompiledCondition {
  const looks = parts.flatMap((part) => (part.isShut ? [part.isShut] : []));
  const isShut = decisive ? allShut(looks, parts.length) : anyShut(looks);
  const watchWith =
    (watches: readonly CompiledCondition['watch'][]) =>
    (moment: Moment): boolean => {
      let first = NEVER;
      let reads = 0;
      for (const watch of watches) {
        if (watch(moment) === decisive) return decisive;
        if (moment.flip < first) first = moment.flip;
        reads |= moment.reads;
      }
      moment.flip = first;
      moment.reads = reads;
      return !decisive;
    };
  const watchEach = watchWith(parts.map((part) => part.watch));
  return {
    // One of `any` that is shut need not keep the others from being looked at: each of them looks for itself.
    ...(decisive
      ? { watch: watchEach, ...(isShut ? { isShut } : {}) }
      : shutBy(isShut, isShut ? watchWith(parts.map((part) => part.watchOpen ?? part.watch)) : watchEach)),
    test: (moment) => {
      let first = NEVER;
      for (const part of parts) {
        if (part.test(moment) === decisive) return decisive;
        first = Math.min(first, moment.flip);
      }
      moment.flip = first;
      return !decisive;
    },
    comparisons: (moment) => parts.flatMap((part) => part.comparisons(moment)),
    evidence: (moment) => parts.flatMap((part) => part.evidence(moment)),
    signals: parts.flatMap((part) => part.signals),
    reads: parts.reduce((reads, part) => reads | part.reads, 0),
  };
}

type Look = NonNullable<CompiledCondition['isShut']>;

function anyShut(looks: readonly Look[]): Look | null {
  const [only] = looks;
  if (!only || looks.length === 1) return only ?? null;
  return (moment) => looks.some((look) => look(moment));
}

function allShut(looks: readonly Look[], parts: number): Look | null {
  if (looks.length < parts) return null;
  return (moment) => {
    let first = NEVER;
    let reads = 0;
    for (const look of looks) {
      if (!look(moment)) return false;
      if (moment.flip < first) first = moment.flip;
      reads |= moment.reads;
    }
    moment.flip = first;
    moment.reads = reads;
    return true;
  };
}

/** Compiles a condition tree once; `bind` shares signals between conditions. */
export function compileCondition(node: Condition, definition: JourneyDefinition, bind: Bind): CompiledCondition {
  if ('all' in node)
    return compileGroup(
      node.all.map((part) => compileCondition(part, definition, bind)),
      false,
    );
  if ('any' in node)
    return compileGroup(
      node.any.map((part) => compileCondition(part, definition, bind)),
      true,
    );
  if ('not' in node) {
    const inner = compileCondition(node.not, definition, bind);
    return {
      test: (moment) => !inner.test(moment),
      watch: (moment) => !inner.watch(moment),
      comparisons: (moment) => inner.comparisons(moment),
      evidence: () => [],
      signals: inner.signals,
      reads: inner.reads,
    };
  }
  if ('watched' in node) {
    const coverage = compileCoverage({ touchpoints: node.watched, days: node.days }, definition, bind);
    return {
      test: (moment) => coverage.judge(moment) === 'covered',
      watch: (moment) => {
        const covered = coverage.judge(moment) === 'covered';
        moment.reads = coverage.reads;
        return covered;
      },
      comparisons: () => [],
      evidence: () => [],
      signals: [],
      reads: coverage.reads,
    };
  }
  if ('known' in node) return compileKnown(bind(node.known, node.with), true);
  if ('unknown' in node) return compileKnown(bind(node.unknown, node.with), false);
  const signal = bind(node.signal, node.with);
  return compileComparison(signal, node.op, compileOperand(node.value, signal.scale, definition, bind));
}
