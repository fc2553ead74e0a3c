import type { ComparisonOp, SignalParams, JourneyDefinition } from '@waymark/journey';
import { DAY } from '../time/zone.ts';
import type { Moment } from '../course/moment.ts';
import type { Evidence } from '../course/state.ts';
import type { Mark } from '../tracks/tracks.ts';

/**
 * How a signal is read. Raw values of times are whole milliseconds, so that a threshold is met at an exact instant; `scale` raw
 * units make one shown unit.
 */
export interface SignalReader {
  readonly scale: number;
  read(moment: Moment): number | string | null;
  /** The first instant after the moment at which comparing with the raw threshold may turn, if no fact comes. */
  flip(moment: Moment, op: ComparisonOp, threshold: number): number;
  evidence(moment: Moment): Evidence[];
  /** The instant that the value counts from or to. */
  since?(moment: Moment): number | null;
  /** What the value is about, in words. */
  what?(moment: Moment): string | null;
  /** The value as a person counts it, where the comparison leaves quiet days out. */
  told?(moment: Moment): number | null;
  /** Time alone only lowers the value or takes it away: what is under a threshold stays so until a fact comes. */
  readonly falls?: boolean;
  /** The parts that can change the value as it stands, as bits of `part`, where these are fewer than all that it reads. */
  restsOn?(moment: Moment): number;
  /**
   * Whether the value is under the raw threshold and stays so up to an instant, whatever facts come of parts other than those it
   * names: then it sets `moment.flip` to that instant and `moment.reads` to those parts. Far cheaper than reading the value.
   */
  isUnder?(moment: Moment, threshold: number): boolean;
  /** The same of whether there is a value at all. */
  isKnown?(moment: Moment): boolean;
}

export type SignalFactory = (params: SignalParams, definition: JourneyDefinition) => SignalReader;

export const NEVER = Number.POSITIVE_INFINITY;

export const note = (mark: Mark, words: string): Evidence => ({
  eventId: mark.id,
  type: mark.type,
  at: mark.at,
  note: words,
});

/** Pieces of evidence of one kind that a signal gives at most. */
export const MOST_SHOWN = 5;

/** The order of marks from the last to the first; of one instant by id. */
export const latestFirst = (a: Mark, b: Mark): number => b.at - a.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

const later = (at: number, ...instants: number[]): number => {
  let first = NEVER;
  for (const instant of instants) if (instant > at && instant < first) first = instant;
  return first;
};

interface Parts {
  readonly evidence?: (moment: Moment) => Evidence[];
  readonly what?: (moment: Moment) => string | null;
  /** Instants at which the base itself changes without a fact. */
  readonly turns?: (moment: Moment) => number;
  /** Stands still on quiet days. */
  readonly awake?: boolean;
  /** Facts only move the base on: what has not lasted long enough cannot have by one. */
  readonly movesOn?: boolean;
  /** Time alone only lowers the value or takes it away. */
  readonly falls?: boolean;
}

/** Time since an instant: grows by itself. */
export function elapsed(base: (moment: Moment) => number | null, parts: Parts = {}): SignalReader {
  return {
    scale: DAY,
    read: (moment) => {
      const from = base(moment);
      if (from === null) return null;
      return parts.awake ? moment.around.zone.awake.between(from, moment.at) : moment.at - from;
    },
    flip: (moment, op, threshold) => {
      const turn = parts.turns?.(moment) ?? NEVER;
      const from = base(moment);
      if (from === null) return turn;
      // Compared with what is unknown it turns only with that.
      if (Number.isNaN(threshold)) return turn;
      const met = (ms: number) => (parts.awake ? moment.around.zone.awake.after(from, ms) : from + ms);
      return Math.min(
        turn,
        op === '>=' || op === '<'
          ? later(moment.at, met(threshold))
          : later(moment.at, met(threshold + 1), met(threshold)),
      );
    },
    evidence: parts.evidence ?? (() => []),
    since: base,
    ...(parts.movesOn
      ? {
          isUnder: (moment: Moment, threshold: number) => {
            const from = base(moment);
            if (from === null) return false;
            const met = parts.awake ? moment.around.zone.awake.after(from, threshold) : from + threshold;
            if (met <= moment.at) return false;
            moment.flip = met;
            moment.reads = 0;
            return true;
          },
        }
      : {}),
    ...(parts.awake
      ? {
          told: (moment: Moment) => {
            const from = base(moment);
            return from === null ? null : moment.at - from;
          },
        }
      : {}),
    ...(parts.what ? { what: parts.what } : {}),
  };
}

/** Time until an instant: shrinks by itself, and is negative afterwards. */
export function remaining(end: (moment: Moment) => number | null, parts: Parts = {}): SignalReader {
  return {
    scale: DAY,
    read: (moment) => {
      const to = end(moment);
      return to === null ? null : to - moment.at;
    },
    flip: (moment, _op, threshold) => {
      const turn = parts.turns?.(moment) ?? NEVER;
      const to = end(moment);
      return to === null ? turn : Math.min(turn, later(moment.at, to - threshold, to - threshold + 1));
    },
    evidence: parts.evidence ?? (() => []),
    since: end,
    ...(parts.what ? { what: parts.what } : {}),
  };
}

/** A value that only facts change, unless `turns` names an instant. */
export function steady(read: (moment: Moment) => number | string | null, parts: Parts = {}): SignalReader {
  return {
    scale: 1,
    read,
    flip: (moment) => parts.turns?.(moment) ?? NEVER,
    evidence: parts.evidence ?? (() => []),
    ...(parts.falls ? { falls: true } : {}),
    ...(parts.what ? { what: parts.what } : {}),
  };
}
