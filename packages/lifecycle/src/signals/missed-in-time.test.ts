import { journeyDefinition } from '@waymark/journey';
import { expect, it } from 'vitest';
import { context, day, History } from '../../test/account.ts';
import { fold, momentOf, reduce } from '../engine/engine.ts';
import { compileJourney, type CompiledJourney } from '../rules/journey.ts';
import { foreseen } from './fall-bound.ts';
import { signalBinder } from './signals.ts';

const journeyFrom = (value: number) =>
  compileJourney(
    journeyDefinition.parse({
      id: 'falling',
      version: 1,
      title: 'Falling',
      type: 'cyclical',
      stages: [{ id: 'only', title: 'Only', enter: [{ from: ['none'] }] }],
      rules: [
        {
          id: 'fall',
          kind: 'risk',
          severity: 'medium',
          title: 'Fall',
          when: { signal: 'engagement_drop', op: '>=', value },
          reason: 'So it is',
          clears: 'Something else.',
          nextStep: 'Look.',
        },
      ],
    }),
  );

/** Meetings so many days apart for 300 days, then as many that nobody came to, a day apart. */
function standingUp(apart: number, missed: number): History {
  const history = new History();
  for (let at = 2; at < 300; at += apart) history.meeting('meeting.held', at);
  for (let index = 0; index < missed; index += 1) history.meeting('meeting.no_show', 300.2 + index);
  return history;
}

it.each([0.5, 0.65, 0.8])(
  'a fall that was ruled out for days ahead is seen as soon as meetings fall through all the same: from %f of what it comes to',
  (share) => {
    const { facts } = standingUp(28, 5);
    const reading = (journey: CompiledJourney, days: number) => {
      const moment = momentOf(journey, context, fold(journey, context, facts, day(days)));
      const signal = signalBinder(journey.definition)('engagement_drop', {});
      return { drop: Number(signal.read(moment) ?? 0), isUnder: (than: number) => signal.isUnder?.(moment, than) };
    };
    const any = journeyFrom(1);
    const halfDays = Array.from({ length: foreseen }, (_, half) => 300 + half / 2);
    const drops = halfDays.map((days) => reading(any, days).drop);
    const threshold = Math.max(...drops) * share;
    expect(reading(any, 300).isUnder(threshold)).toBe(true);
    // Half of the days for which it had been ruled out have not gone by.
    const first = halfDays[drops.findIndex((drop) => drop >= threshold)] ?? Infinity;
    const flag = reduce(journeyFrom(threshold), context, facts, day(325)).flags.find((one) => one.openedAt > day(294));
    expect(flag?.openedAt).toBeGreaterThan(day(first - 0.5));
    expect(flag?.openedAt).toBeLessThanOrEqual(day(first));
  },
);
