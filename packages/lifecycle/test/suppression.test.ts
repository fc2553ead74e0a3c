import { journeyDefinition } from '@waymark/journey';
import { expect, it } from 'vitest';
import { compileJourney, reduce } from '../src/index.ts';
import { context, day, History } from './account.ts';

const rule = (id: string, kind: 'risk' | 'opportunity', when: object, more: object = {}) => ({
  id,
  kind,
  severity: 'medium',
  title: id,
  appliesTo: { customers: false },
  when,
  reason: 'So it is',
  clears: 'Something else.',
  nextStep: 'Look.',
  ...more,
});

it.each([['told_off'], ['any_risk']])(
  'a flag held back by %s goes at the very instant at which that opens, and comes back at the one at which it ends',
  (suppressedBy) => {
    const journey = compileJourney(
      journeyDefinition.parse({
        id: 'held_back',
        version: 1,
        title: 'Held back',
        type: 'cyclical',
        stages: [{ id: 'only', title: 'Only', enter: [{ from: ['none'] }] }],
        rules: [
          // It stands before the one that holds it back, and reads nothing that a change of the record touches.
          rule(
            'upsell',
            'opportunity',
            { signal: 'messages', with: { direction: 'inbound', days: 60 }, op: '>=', value: 1 },
            { suppressedBy: [suppressedBy] },
          ),
          rule('told_off', 'risk', {
            signal: 'crm_property',
            with: { property: 'onboarding_status' },
            op: '==',
            value: 'blocked',
          }),
        ],
      }),
    );
    const { facts } = new History().from(1).onboarding(5, 'blocked').onboarding(9, 'live');
    const { flags } = reduce(journey, context, facts, day(20));
    expect(flags.map(({ rule: id, openedAt, clearedAt }) => ({ id, openedAt, clearedAt }))).toEqual([
      { id: 'upsell', openedAt: day(1), clearedAt: day(5) },
      { id: 'told_off', openedAt: day(5), clearedAt: day(9) },
      { id: 'upsell', openedAt: day(9), clearedAt: null },
    ]);
  },
);
