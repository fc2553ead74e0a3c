import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { context, day, History } from '../../test/account.ts';
import { parseDefinition } from '../definition/definition-file.ts';
import { fold, momentOf } from '../engine/engine.ts';
import { compileJourney } from '../rules/journey.ts';
import { signalBinder } from '../signals/signals.ts';
import { DAY } from '../time/zone.ts';
import {
  peerBaselines,
  peerMeasureOf,
  peerMeasures,
  PeerTally,
  peerWeekAt,
  peerWeeks,
  type PeerAccount,
  type PeerHappening,
} from './peer-baseline.ts';

const seed = Number(process.env.WAYMARK_SEED ?? Date.now() % 2 ** 31);
console.log(`peer baseline: seed ${seed}; replay with WAYMARK_SEED=${seed}`);

const WEEK = 7 * DAY;
/** A Monday at midnight. */
const start = Date.UTC(2026, 0, 5);
const types = ['email.received' as const];
const share = peerMeasureOf('tier_share', { types, days: 14, leastAccounts: 3 });
const trend = peerMeasureOf('tier_trend', { types, days: 7, baselineDays: 21, leastAccounts: 3 });
const weekEnds = peerWeeks(start, start + 30 * WEEK, 20);

const mail = (at: number, recordedAt = at): PeerHappening => ({
  type: 'email.received',
  occurredAt: at,
  recordedAt,
  count: 1,
});
const account = (happenings: readonly PeerHappening[], tier: string | null = 'gold'): PeerAccount => ({
  sinceAt: () => -Infinity,
  tierAt: () => tier,
  happenings,
});
const weekly = (times: number) =>
  account(
    Array.from({ length: 30 * times }, (_, n) => mail(start + Math.floor(n / times) * WEEK + (n % times) * 3_600_000)),
  );
const mediansOf = (accounts: readonly PeerAccount[], measure = share) => {
  const tally = new PeerTally([measure], weekEnds);
  for (const one of accounts) tally.add(one);
  return tally.medians();
};

describe('what is usual in a tier', () => {
  it('weeks end on Mondays, and count a day later', () => {
    expect(peerWeekAt(start + DAY)).toBe(start);
    expect(peerWeekAt(start + DAY - 1)).toBe(start - WEEK);
    expect(weekEnds).toHaveLength(20);
    expect(weekEnds.at(-1)).toBe(peerWeekAt(start + 30 * WEEK));
  });

  it('is the median of its customers over the weeks, and nothing of too few', () => {
    const all = mediansOf([weekly(1), weekly(3), weekly(10), weekly(0)]);
    expect(new Set(all.map(({ median }) => median))).toEqual(new Set([4]));
    expect(all[0]).toMatchObject({ tier: 'gold', accounts: 4 });
    expect(mediansOf([weekly(1), weekly(3)]).every(({ median }) => median === null)).toBe(true);
    expect(peerBaselines(all).get('gold')).toEqual([
      { measure: share.key, steps: [{ from: weekEnds[0], median: 4, accounts: 4 }] },
    ]);
  });

  it('counts no one who was no customer all through the window, in no tier but the own', () => {
    const late: PeerAccount = { ...weekly(10), sinceAt: () => weekEnds.at(-2) ?? 0 };
    const other = { ...weekly(10), tierAt: () => 'silver' };
    const ended: PeerAccount = { ...weekly(10), tierAt: (end) => (end < start + 20 * WEEK ? 'gold' : null) };
    const gold = mediansOf([weekly(1), weekly(1), weekly(1), late, other, ended]).filter(({ tier }) => tier === 'gold');
    expect(gold.at(-1)).toMatchObject({ accounts: 3, median: 2 });
    expect(gold[0]).toMatchObject({ accounts: 4 });
  });

  it('no order of accounts makes a difference, nor does anything that is known later', () => {
    const someAccount = fc
      .array(fc.tuple(fc.integer({ min: 0, max: 30 * 7 * 24 }), fc.integer({ min: 0, max: 20 * 24 })), {
        maxLength: 60,
      })
      .map((all) => account(all.map(([at, late]) => mail(start + at * 3_600_000, start + (at + late) * 3_600_000))));
    fc.assert(
      fc.property(
        fc.array(someAccount, { minLength: 3, maxLength: 8 }),
        fc.nat({ max: 19 }),
        fc.constantFrom(share, trend),
        (accounts, cut, measure) => {
          const whole = mediansOf(accounts, measure);
          expect(mediansOf(accounts.toReversed(), measure)).toEqual(whole);
          const end = weekEnds[cut] ?? 0;
          const known = accounts.map((one) => ({
            ...one,
            happenings: one.happenings.filter(({ recordedAt = 0 }) => recordedAt < end + DAY),
          }));
          const upTo = (all: typeof whole) => all.filter(({ from }) => from <= end);
          expect(upTo(mediansOf(known, measure))).toEqual(upTo(whole));
          // Against what it means: the numbers of each account, put in order.
          if (measure !== share) return;
          const numbers = accounts
            .map(
              ({ happenings }) =>
                happenings.filter(
                  ({ occurredAt, recordedAt = 0 }) =>
                    occurredAt >= end - 2 * WEEK && occurredAt < end && recordedAt < end + DAY,
                ).length,
            )
            .sort((a, b) => a - b);
          const middle = ((numbers[(numbers.length - 1) >> 1] ?? 0) + (numbers[numbers.length >> 1] ?? 0)) / 2;
          expect(whole.find(({ from }) => from === end)?.median).toBe(middle);
        },
      ),
      { seed, numRuns: 200 },
    );
  });
});

describe('an account against its tier', () => {
  const text = `id: j
version: 1
title: J
type: cyclical
stages: [{ id: live, title: Live, enter: [{ from: [none] }] }]
rules:
  - id: below
    kind: risk
    severity: low
    title: Below its tier
    when: { all: [{ signal: tier_share, with: { types: [email.received], days: 14, leastAccounts: 3 }, op: '<', value: 0.5 }, { known: tier_trend, with: { types: [email.received] } }] }
    reason: 'Wrote {tier_share} of what is usual'
    clears: More.
    nextStep: Ask.
`;
  const definition = parseDefinition(text, 'j.yaml');

  it('a definition tells which measures it asks for', () => {
    expect(peerMeasures(definition).map(({ key }) => key)).toEqual([
      'email.received 2/0 of 3',
      'email.received 4/12 of 5',
    ]);
  });

  it('is the same number of the same weeks, unknown where the tier is', () => {
    const { facts } = new History().talk(0, 60, 7);
    const at = (days: number, peers: Parameters<typeof fold>[1]['peers']) => {
      const own = { ...context, ...(peers && { peers }) };
      const moment = momentOf(compileJourney(definition), own, fold(compileJourney(definition), own, facts, day(days)));
      return signalBinder(definition)('tier_share', { types, days: 14, leastAccounts: 3 }).read(moment);
    };
    const steps = [
      { from: start, median: null, accounts: 2 },
      { from: start + 4 * WEEK, median: 8, accounts: 9 },
      { from: start + 6 * WEEK, median: 0, accounts: 9 },
    ];
    const peers = [{ measure: share.key, steps }];
    expect(at(20, peers)).toBeNull();
    // A day and more after the end of the fourth week; at nine in the morning.
    expect(at(28, peers)).toBeNull();
    expect(at(29, peers)).toBe(0.25);
    expect(at(41, peers)).toBe(0.25);
    expect(at(44, peers)).toBeNull();
    expect(at(29, undefined)).toBeNull();
    // A customer for less than the window.
    expect(at(10, [{ measure: share.key, steps: [{ from: 0, median: 8, accounts: 9 }] }])).toBeNull();
  });
});
