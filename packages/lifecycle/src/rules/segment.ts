import type { JourneyDefinition } from '@waymark/journey';
import { compileCondition } from './condition.ts';
import { fitsRecord, type Moment } from '../course/moment.ts';
import type { Bind } from './operand.ts';
import { NEVER } from '../signals/signal.ts';
import { part } from '../tracks/reads.ts';

/** Segments that rest on conditions, compiled: which one an account is in can change with time. */
export interface CompiledSegments {
  /** The first segment that fits at the moment; null if none does. Sets `moment.flip`. */
  of(moment: Moment): string | null;
  /** The parts on which they rest, as bits of `part`. */
  readonly reads: number;
}

/** Compiles the segments of a definition; null where none has a condition, so that an account's record alone decides. */
export function compileSegments(definition: JourneyDefinition, bind: Bind): CompiledSegments | null {
  if (!definition.segments.some((segment) => segment.when)) return null;
  const segments = definition.segments.map((segment) => ({
    segment,
    when: segment.when ? compileCondition(segment.when, definition, bind) : null,
  }));
  return {
    of: (moment) => {
      let first = NEVER;
      for (const { segment, when } of segments) {
        if (!fitsRecord(segment, moment)) continue;
        const holds = when?.test(moment) ?? true;
        if (when) first = Math.min(first, moment.flip);
        if (!holds) continue;
        moment.flip = first;
        return segment.id;
      }
      moment.flip = first;
      return null;
    },
    // Tier and value of the record are dated: they come with the terms.
    reads: segments.reduce<number>((reads, { when }) => reads | (when?.reads ?? 0), part.terms),
  };
}

/** Notes which segment the account is in from this moment on. Sets `moment.flip`. Returns whether it changed. */
export function settleSegment(segments: CompiledSegments, moment: Moment): boolean {
  const { course } = moment;
  const now = segments.of(moment);
  const spells = course.segments ?? [];
  const last = spells.at(-1);
  if ((last && last.to === null ? last.segment : null) === now) {
    course.segments = spells;
    return false;
  }
  const closed =
    last && last.to === null
      ? // A membership that began and ended in one instant was none.
        [...spells.slice(0, -1), ...(last.from === moment.at ? [] : [{ ...last, to: moment.at }])]
      : spells;
  course.segments = now === null ? closed : [...closed, { segment: now, from: moment.at, to: null }];
  return true;
}
