import { describe, expect, test } from 'vitest';
import type { Flag } from '@waymark/lifecycle';
import { planMessage, type OpenMessage, type PlanInput } from './plan.ts';

const now = Date.UTC(2026, 2, 11, 10);
const hour = 3_600_000;

function flag(rule: string, more: Partial<Flag> = {}): Flag {
  return {
    flagId: `id-${rule}`,
    rule,
    ruleVersion: 1,
    kind: 'risk',
    severity: 'medium',
    title: rule,
    reason: `${rule} happened`,
    nextStep: 'Call.',
    openedAt: now - hour,
    clearedAt: null,
    proof: {
      rule,
      ruleVersion: 1,
      definition: 'd',
      definitionDigest: 'x',
      at: now,
      evidence: [],
      comparisons: [],
      clears: 'A mail.',
      digest: 'p',
    },
    ...more,
  };
}

const input = (more: Partial<PlanInput>): PlanInput => ({
  now,
  accountId: 'a',
  flags: [],
  past: new Map(),
  handling: new Map(),
  message: null,
  told: new Set(),
  woken: new Set(),
  ordinal: 3,
  alertsFrom: now - 48 * hour,
  calendar: { hours: 'always', timezone: 'UTC' },
  sentToday: 0,
  dailyCap: null,
  ...more,
});

const message = (rules: readonly string[], more: Partial<OpenMessage> = {}): OpenMessage => ({
  messageId: 'm',
  revision: 7,
  shown: rules.map((rule) => ({ flagId: `id-${rule}`, rule, title: rule, severity: 'medium', status: 'open' })),
  settled: [],
  unsent: false,
  ...more,
});

const handling = (id: string, more: object) =>
  new Map([[id, { claimedBy: null, snoozedUntil: null, answer: null, answeredBy: null, ...more }]]);

describe('opening a message', () => {
  test('all open flags go into one message, worst first, under a key that is the same when planned again', () => {
    const flags = [
      flag('low', { severity: 'low' }),
      flag('grow', { kind: 'opportunity', severity: 'high' }),
      flag('bad', { severity: 'critical' }),
    ];
    const intent = planMessage(input({ flags }));
    expect(intent).toMatchObject({ kind: 'open', alertKey: 'open:a:3', hold: null });
    if (intent.kind === 'open') expect(intent.flags.map((one) => one.rule)).toEqual(['bad', 'low', 'grow']);
    expect(planMessage(input({ flags: flags.toReversed() }))).toEqual(intent);
  });

  test('G11: nothing is posted before the first steady state', () => {
    expect(planMessage(input({ flags: [flag('bad')], alertsFrom: null })).kind).toBe('none');
    expect(planMessage(input({ flags: [flag('bad')], alertsFrom: now + 1 })).kind).toBe('none');
  });

  test.each([
    ['told by a digest', { told: new Set(['id-bad']) }],
    ['snoozed', { handling: handling('id-bad', { snoozedUntil: now + 1 }) }],
    ['not a risk', { handling: handling('id-bad', { answer: 'not_a_risk' }) }],
    ['a gap in the data, which is the admin’s', { flags: [flag('bad', { kind: 'data_gap' })] }],
  ])('a flag that is %s opens no message', (_why, more) => {
    expect(planMessage(input({ flags: [flag('bad')], ...more })).kind).toBe('none');
  });

  test('a flag whose snooze is over is news again, though a digest told of it', () => {
    const intent = planMessage(input({ flags: [flag('bad')], told: new Set(['id-bad']), woken: new Set(['id-bad']) }));
    expect(intent.kind).toBe('open');
  });
});

describe('holding back', () => {
  const office = { hours: { from: '09:00', to: '17:00', days: [1, 2, 3, 4, 5] }, timezone: 'UTC' };

  test('outside working hours an alert waits for the next opening', () => {
    const evening = Date.UTC(2026, 2, 13, 20);
    const intent = planMessage(input({ now: evening, flags: [flag('bad')], calendar: office }));
    expect(intent).toMatchObject({ hold: { until: Date.UTC(2026, 2, 16, 9), reason: 'outside_hours' } });
  });

  test('beyond the cap it waits for the next morning', () => {
    const intent = planMessage(input({ flags: [flag('bad')], calendar: office, sentToday: 5, dailyCap: 5 }));
    expect(intent).toMatchObject({ hold: { until: Date.UTC(2026, 2, 12, 9), reason: 'daily_cap' } });
    expect(planMessage(input({ flags: [flag('bad')], calendar: office, sentToday: 4, dailyCap: 5 }))).toMatchObject({
      hold: null,
    });
  });

  test('G11: what a later backfill finds in the past waits; one fresh flag beside it does not', () => {
    const old = flag('old', { openedAt: now - 90 * hour });
    expect(planMessage(input({ flags: [old] }))).toMatchObject({ hold: { reason: 'old_news' } });
    expect(planMessage(input({ flags: [old, flag('new')] }))).toMatchObject({ hold: null });
  });
});

describe('changing a message', () => {
  test('a further flag joins it and the thread is told', () => {
    const intent = planMessage(
      input({ flags: [flag('bad'), flag('worse', { severity: 'high' })], message: message(['bad']) }),
    );
    expect(intent).toMatchObject({
      kind: 'update',
      alertKey: 'update:m:8',
      close: false,
      reply: { alertKey: 'reply:m:8', changes: [{ change: 'opened', title: 'worse' }] },
    });
  });

  test('a cleared flag leaves it with its reason; with the last one it closes', () => {
    const past = new Map([['id-bad', flag('bad', { clearedAt: now - 5, clearedBecause: 'the customer wrote' })]]);
    const one = planMessage(input({ flags: [flag('other')], past, message: message(['bad', 'other']) }));
    expect(one).toMatchObject({
      kind: 'update',
      close: false,
      settled: [{ rule: 'bad', how: 'cleared', because: 'the customer wrote' }],
    });
    const last = planMessage(input({ past, message: message(['bad']) }));
    expect(last).toMatchObject({ kind: 'update', close: true, reply: { changes: [{ change: 'cleared' }] } });
  });

  test('Not a risk takes a flag out and tells the thread nothing', () => {
    const intent = planMessage(
      input({
        flags: [flag('bad')],
        handling: handling('id-bad', { answer: 'not_a_risk', answeredBy: 'U1' }),
        message: message(['bad']),
      }),
    );
    expect(intent).toMatchObject({
      kind: 'update',
      close: true,
      reply: null,
      settled: [{ how: 'not_a_risk', by: 'U1' }],
    });
  });

  test('a correction of the past that gives the flag another id is no news', () => {
    const moved = flag('bad', { flagId: 'id-bad-2', openedAt: now - 2 * hour });
    const intent = planMessage(input({ flags: [moved], message: message(['bad']) }));
    expect(intent).toMatchObject({ kind: 'update', close: false, reply: null, settled: [] });
  });

  test('a flag that grows worse is told; one that grows milder is not', () => {
    expect(
      planMessage(input({ flags: [flag('bad', { severity: 'critical' })], message: message(['bad']) })),
    ).toMatchObject({ reply: { changes: [{ change: 'worse' }] } });
    expect(planMessage(input({ flags: [flag('bad', { severity: 'low' })], message: message(['bad']) }))).toMatchObject({
      reply: null,
    });
  });

  test('a message that nobody has seen changes in silence, or goes when nothing is left to say', () => {
    const unsent = message(['bad'], { unsent: true });
    expect(planMessage(input({ flags: [flag('bad'), flag('more')], message: unsent }))).toMatchObject({
      kind: 'update',
      reply: null,
      release: true,
    });
    expect(planMessage(input({ flags: [], message: unsent })).kind).toBe('withdraw');
  });

  test('beyond the cap the message changes at once and the thread is told in the morning', () => {
    const intent = planMessage(
      input({ flags: [flag('bad'), flag('more')], message: message(['bad']), sentToday: 3, dailyCap: 3 }),
    );
    expect(intent).toMatchObject({ kind: 'update', reply: { hold: { reason: 'daily_cap' } } });
  });
});
