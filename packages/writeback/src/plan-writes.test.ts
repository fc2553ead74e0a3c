import { describe, expect, it } from 'vitest';
import { planWarnings, planWrites, type PlanInput } from './plan-writes.ts';

const options = ['lead', 'opportunity', 'customer', 'evangelist'];
const values = { acquisition: 'opportunity', onboarding: 'customer', advocacy: 'evangelist', churn: null };

function plan(
  stage: string,
  current: string | undefined,
  more: Partial<PlanInput> & { written?: never; last?: string } = {},
) {
  const { last, ...rest } = more;
  const result = planWrites({
    property: 'lifecyclestage',
    values,
    allowBackward: false,
    mode: 'automatic',
    options,
    accounts: [{ accountId: 'a1', externalId: '7', stage, why: { stage } }],
    current: current === undefined ? new Map() : new Map([['7', { value: current, changedAt: 5, source: 'CRM_UI' }]]),
    ...rest,
    written: last === undefined ? new Map() : new Map([['7', { value: last }]]),
  });
  const [write] = result.writes;
  return write === undefined ? `${result.inSync} in sync` : `${write.before}>${write.after} ${write.conflict ?? 'ok'}`;
}

describe('planWrites', () => {
  it.each([
    ['blank, never written', plan('onboarding', ''), '>customer ok'],
    ['ours, stage moved on', plan('advocacy', 'customer', { last: 'customer' }), 'customer>evangelist ok'],
    ['there already', plan('onboarding', 'customer'), '1 in sync'],
    ['there already by another, after ours', plan('onboarding', 'customer', { last: 'opportunity' }), '1 in sync'],
    ['I5: edited since ours', plan('advocacy', 'lead', { last: 'customer' }), 'lead>evangelist edited'],
    ['I5: blanked since ours', plan('advocacy', '', { last: 'customer' }), '>evangelist edited'],
    ['I5: a value that nobody has seen', plan('onboarding', 'lead'), 'lead>customer edited'],
    ['the same where a person reviews', plan('onboarding', 'lead', { mode: 'review' }), 'lead>customer ok'],
    ['H2: back', plan('acquisition', 'customer', { last: 'customer' }), 'customer>opportunity backward'],
    [
      'back where allowed',
      plan('acquisition', 'customer', { last: 'customer', allowBackward: true }),
      'customer>opportunity ok',
    ],
    ['H3: no such option', plan('onboarding', '', { options: ['lead'] }), '>customer option_missing'],
    ['free text takes anything', plan('onboarding', '', { options: [] }), '>customer ok'],
    ['the property is still to be made', plan('onboarding', undefined, { options: null }), '>customer ok'],
    ['H3: nobody decided on the stage', plan('retention', 'lead', { last: 'lead' }), 'lead>lead unmapped_stage'],
    ['decided not to write it', plan('churn', 'lead'), '0 in sync'],
    ['B6: the record is gone', plan('onboarding', undefined), '>customer record_gone'],
    ['a stage named like a method', plan('constructor', 'lead'), 'lead>lead unmapped_stage'],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toBe(expected);
  });

  it('keeps who wrote last and when beside our own reason', () => {
    const { writes } = planWrites({
      property: 'p',
      values,
      allowBackward: true,
      mode: 'review',
      options: [],
      accounts: [{ accountId: 'a1', externalId: '7', stage: 'onboarding', why: { stage: 'onboarding' } }],
      current: new Map([['7', { value: 'lead', changedAt: 5, source: 'CRM_UI:userId:1' }]]),
      written: new Map(),
    });
    expect(writes).toMatchObject([
      { beforeChangedAt: 5, why: { stage: 'onboarding', lastWriter: 'CRM_UI:userId:1' }, backward: false },
    ]);
  });
});

describe('planWarnings', () => {
  const warn = (clearsFirst: boolean, backward: boolean, after = 'x') =>
    planWarnings({ writes: [{ backward, after, conflict: null }], clearsFirst, property: 'lifecyclestage' }).length;

  it('tells of the blank only where there is one, and of contacts for the lifecycle stage', () => {
    expect([
      warn(false, false),
      warn(false, true),
      warn(false, false, ''),
      warn(true, false),
      warn(true, true),
    ]).toEqual([0, 0, 1, 1, 2]);
  });
});
