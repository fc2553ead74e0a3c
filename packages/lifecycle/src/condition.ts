import type { ComparisonOp, Condition, JourneyDefinition } from '@waymark/journey';
import { compileCoverage } from './coverage.ts';
import type { Moment } from './moment.ts';
import { compileOperand, type Bind, type CompiledOperand } from './operand.ts';
import { signalReads } from './reads.ts';
import { NEVER } from './signal.ts';
import { shown, type BoundSignal } from './signals.ts';
import type { Comparison, Evidence } from './state.ts';

/** A condition compiled to closures. `test` also sets `moment.flip`. */
export interface CompiledCondition {
  test(moment: Moment): boolean;
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
  return {
    test,
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

function compileKnown(signal: BoundSignal, wanted: boolean): CompiledCondition {
  const test = (moment: Moment): boolean => {
    moment.flip = signal.flip(moment, '==', Number.NaN);
    return (signal.read(moment) !== null) === wanted;
  };
  return {
    test,
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
  return {
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
