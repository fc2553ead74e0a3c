import type { Operand, Touchpoint, JourneyDefinition } from '@waymark/journey';
import type { Moment } from '../course/moment.ts';
import { compileOperand, type Bind } from '../rules/operand.ts';
import { NEVER } from '../signals/signal.ts';
import type { CoverageGap } from '../course/state.ts';
import { DAY } from '../time/zone.ts';

/** Whether absence can be judged: `covered`, or why not. */
export type Coverage = 'covered' | 'not_watched_yet' | 'gap';

export interface CompiledCoverage {
  /** Judges the stretch that the rule rests on and that ends at the moment. Sets `moment.flip`. */
  judge(moment: Moment): Coverage;
  /** The gap that stands in the way at the moment. */
  gap(moment: Moment): CoverageGap | undefined;
  /** The parts that the length of the stretch rests on, as bits of `part`. */
  readonly reads: number;
}

/** Compiles what must have been watched, and for how long, before absence means anything. */
export function compileCoverage(
  absence: { readonly touchpoints: readonly Touchpoint[]; readonly days: Operand },
  definition: JourneyDefinition,
  bind: Bind,
): CompiledCoverage {
  const touchpoints = new Set<string>(absence.touchpoints);
  const length = compileOperand(absence.days, DAY, definition, bind);
  const relevant = (gap: CoverageGap) => gap.touchpoints.some((touchpoint) => touchpoints.has(touchpoint));
  const windowOf = (moment: Moment): number => {
    const value = length.value(moment);
    return typeof value === 'number' ? value : 0;
  };
  /** Quiet days do not count for the stretch either: where silence may grow more slowly, more has to have been watched. */
  const isWithin = (moment: Moment, instant: number, window: number) =>
    instant > moment.at - window || moment.around.zone.awake.between(instant, moment.at) < window;
  const overlapping = (moment: Moment, window: number) =>
    moment.around.context.gaps.find(
      (gap) => relevant(gap) && gap.from <= moment.at && (gap.to === null || isWithin(moment, gap.to, window)),
    );
  return {
    judge: (moment) => {
      const window = windowOf(moment);
      const { context, zone } = moment.around;
      moment.flip = length.flip(moment);
      const turn = (instant: number) => {
        if (instant > moment.at && instant < moment.flip) moment.flip = instant;
      };
      for (const gap of context.gaps) {
        if (!relevant(gap)) continue;
        turn(gap.from);
        if (gap.to !== null) turn(zone.awake.after(gap.to, window));
      }
      if (context.watchedFrom !== undefined) turn(zone.awake.after(context.watchedFrom, window));
      if (overlapping(moment, window)) return 'gap';
      return context.watchedFrom !== undefined && isWithin(moment, context.watchedFrom, window)
        ? 'not_watched_yet'
        : 'covered';
    },
    gap: (moment) => overlapping(moment, windowOf(moment)),
    reads: length.reads,
  };
}

export const alwaysCovered: CompiledCoverage = {
  judge: (moment) => {
    moment.flip = NEVER;
    return 'covered';
  },
  gap: () => undefined,
  reads: 0,
};
