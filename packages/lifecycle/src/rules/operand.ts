import type { JourneyDefinition, Operand, SignalName, SignalParams } from '@waymark/journey';
import { segmentOf, type Moment } from '../course/moment.ts';
import { signalReads } from '../tracks/reads.ts';
import { NEVER } from '../signals/signal.ts';
import type { BoundSignal } from '../signals/signals.ts';

/** Gives the one reader of a signal with its parameters. */
export type Bind = (name: SignalName, params?: SignalParams) => BoundSignal;

/** A compiled operand: its raw value at the scale of what it is compared with, and when that may change. */
export interface CompiledOperand {
  value(moment: Moment): number | string | null;
  flip(moment: Moment): number;
  /** What the value is never under, where that is told without reading a signal. */
  floor?(moment: Moment): number;
  readonly signals: readonly BoundSignal[];
  /** The parts it reads, as bits of `part`. */
  readonly reads: number;
}

/** Compiles what a signal is compared with. `scale` raw units make one unit of the signal. */
export function compileOperand(
  operand: Operand,
  scale: number,
  definition: JourneyDefinition,
  bind: Bind,
): CompiledOperand {
  const whole = (raw: number) => (scale === 1 ? raw : Math.round(raw));
  if (typeof operand === 'string') return { value: () => operand, flip: () => NEVER, signals: [], reads: 0 };
  if (typeof operand === 'number') {
    const raw = whole(operand * scale);
    return { value: () => raw, flip: () => NEVER, floor: () => raw, signals: [], reads: 0 };
  }
  if ('threshold' in operand) {
    const named = definition.thresholds[operand.threshold];
    const usual = whole((named?.value ?? 0) * scale);
    const segments = new Map(
      Object.entries(named?.segments ?? {}).map(([segment, value]) => [segment, whole(value * scale)]),
    );
    const value =
      segments.size === 0 ? () => usual : (moment: Moment) => segments.get(segmentOf(moment) ?? '') ?? usual;
    return {
      value,
      flip: () => NEVER,
      floor: value,
      signals: [],
      reads: 0,
    };
  }
  if ('signal' in operand) {
    const signal = bind(operand.signal, operand.with);
    const factor = (operand.times ?? 1) * (scale / signal.scale);
    const plus = (operand.plus ?? 0) * scale;
    return {
      value: (moment) => {
        const raw = signal.read(moment);
        return typeof raw === 'number' ? whole(raw * factor + plus) : raw;
      },
      flip: (moment) => signal.flip(moment, '==', Number.NaN),
      signals: [signal],
      reads: signalReads[signal.name],
    };
  }
  const largest = 'max' in operand;
  const parts = ('max' in operand ? operand.max : operand.min).map((part) =>
    compileOperand(part, scale, definition, bind),
  );
  return {
    value: (moment) => {
      let best: number | null = null;
      for (const part of parts) {
        const value = part.value(moment);
        if (typeof value === 'number' && (best === null || (largest ? value > best : value < best))) best = value;
      }
      return best;
    },
    flip: (moment) => parts.reduce((first, part) => Math.min(first, part.flip(moment)), NEVER),
    ...floorOf(parts, largest),
    signals: parts.flatMap((part) => part.signals),
    reads: parts.reduce((reads, part) => reads | part.reads, 0),
  };
}

/** Of the largest part any floor will do; under the smallest there must be one for each. */
function floorOf(parts: readonly CompiledOperand[], largest: boolean): Pick<CompiledOperand, 'floor'> {
  const floors = parts.flatMap((part) => (part.floor ? [part.floor] : []));
  if (floors.length === 0 || (!largest && floors.length < parts.length)) return {};
  return {
    floor: (moment) => {
      let best = largest ? -NEVER : NEVER;
      for (const floor of floors) best = largest ? Math.max(best, floor(moment)) : Math.min(best, floor(moment));
      return best;
    },
  };
}
