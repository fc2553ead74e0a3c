import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { journeyDefinition } from '@waymark/journey';
import { declaredOutcomes, outcomesOf } from './outcome.ts';
import { DAY } from '../time/zone.ts';
import type { Fact } from '../course/state.ts';

const START = Date.UTC(2025, 0, 1);
const day = (of: number): string => new Date(START + of * DAY).toISOString().slice(0, 10);
const journey = (contract: object) =>
  journeyDefinition.parse({
    id: 'terms',
    version: 1,
    title: 'Terms',
    type: 'linear',
    stages: [{ id: 'live', title: 'Live' }],
    outcomes: {
      churned: [{ type: 'account.churned' }],
      renewed: [{ type: 'account.renewed' }, { type: 'deal.won', where: { kind: 'renewal' } }],
      contract,
    },
  });
const definition = journey({ date: 'contract_end' });

const fact = (id: string, type: Fact['type'], on: number, attributes: Fact['attributes'] = {}): Fact => ({
  id,
  type,
  occurredAt: START + on * DAY,
  recordedAt: START + on * DAY,
  touchpoint: 'crm',
  direction: 'none',
  participants: [],
  automated: false,
  attributes,
});
const ends = (id: string, on: number, end: number | null) =>
  fact(id, 'crm.property_changed', on, { property: 'contract_end', to: end === null ? '' : day(end) });
const told = (facts: readonly Fact[], until = Infinity, of = definition) =>
  outcomesOf(of, facts, until === Infinity ? until : START + until * DAY).map((one) => [
    one.kind,
    (one.at - START) / DAY,
    one.eventId,
    (one.sureAt - START) / DAY,
  ]);

describe('the end of a contract', () => {
  it('that passes without a renewal is a churn on that day, known when the grace days are over, citing who told the end', () => {
    const facts = [ends('a', 0, 200)];
    expect(told(facts, 230)).toEqual([]);
    expect(told(facts, 230.001)).toEqual([['churned', 200, 'a', 230]]);
  });

  it('is renewed by a renewal within the grace days, or early', () => {
    const renewals = [100, 199, 229, 230].map((on) => told([ends('a', 0, 200), fact('r', 'account.renewed', on)]));
    for (const found of renewals) expect(found.map(([kind]) => kind)).toEqual(['renewed']);
    const late = told([ends('a', 0, 200), fact('r', 'deal.won', 231, { kind: 'renewal' })]);
    expect(late.map(([kind, at]) => [kind, at])).toEqual([
      ['churned', 200],
      ['renewed', 231],
    ]);
    // What was renewed long before was another contract.
    expect(told([ends('a', 0, 200), fact('r', 'account.renewed', 40)]).map(([kind]) => kind)).toEqual([
      'renewed',
      'churned',
    ]);
  });

  it('of the contract before is not renewed by what began this one', () => {
    const monthly = journey({ date: 'contract_end', earlyDays: 120, renewedByDays: 20 });
    const facts = [ends('a', 0, 30), fact('r', 'account.renewed', 30), ends('b', 30, 60)];
    expect(told(facts, Infinity, monthly).map(([kind, at, id]) => [kind, at, id])).toEqual([
      ['renewed', 30, 'b'],
      ['churned', 60, 'b'],
    ]);
  });

  it('that is put off by a year near the end is a renewal; by two weeks it is a delay', () => {
    expect(told([ends('a', 0, 200), ends('b', 210, 565)], 500)).toEqual([['renewed', 210, 'b', 210]]);
    expect(told([ends('a', 0, 200), ends('b', 190, 214)], 500)).toEqual([['churned', 214, 'b', 244]]);
    // Long before the end it is a correction.
    expect(told([ends('a', 0, 200), ends('b', 20, 565)], 500)).toEqual([]);
  });

  it('says nothing where it is taken away, is told again, or was long past when it was first told', () => {
    expect(told([ends('a', 0, 200), ends('b', 150, null)])).toEqual([]);
    expect(told([ends('a', 0, 200), ends('b', 190, 200), fact('r', 'account.renewed', 180)])).toHaveLength(1);
    expect(told([ends('a', 300, 200)])).toEqual([]);
    expect(told([fact('a', 'crm.property_changed', 0, { property: 'contract_end', to: 'next spring' })])).toEqual([]);
  });

  it('is one ending with what is recorded of it before, and long after', () => {
    expect(told([ends('a', 0, 200), fact('c', 'account.churned', 120)]).map(([, at]) => at)).toEqual([120]);
    expect(told([ends('a', 0, 200), fact('c', 'account.churned', 290)]).map(([, at]) => at)).toEqual([200]);
  });

  it('is told by a renewal that says until when, and by a property with the role', () => {
    const byRole = journey({});
    const until = fact('r', 'account.renewed', 10, { until: START + 375 * DAY });
    expect(told([until], 500, byRole).map(([kind, at]) => [kind, at])).toEqual([
      ['renewed', 10],
      ['churned', 375],
    ]);
    const role = fact('p', 'crm.property_changed', 0, { property: 'x', role: 'renewalDate', to: day(100) });
    expect(told([role], 500, byRole).map(([kind, at]) => [kind, at])).toEqual([['churned', 100]]);
  });

  it('declares both outcomes by itself', () => {
    expect(declaredOutcomes({ ...definition, outcomes: { contract: definition.outcomes?.contract } })).toEqual([
      'churned',
      'renewed',
    ]);
  });
});

const seed = Number(process.env['WAYMARK_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe(`what is certain of a contract (seed ${seed})`, () => {
  const history = fc.array(
    fc.oneof(
      fc.record({ on: fc.integer({ min: 0, max: 600 }), end: fc.option(fc.integer({ min: 0, max: 900 })) }),
      fc.record({ on: fc.integer({ min: 0, max: 600 }), type: fc.constantFrom('account.renewed', 'deal.won') }),
    ),
    { maxLength: 8 },
  );
  it('does not change by what comes later, and does not depend on the order in which it is read', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 700 }), (steps, until) => {
        const facts = steps.map((step, index) =>
          'type' in step
            ? fact(`f${index}`, step.type, step.on, step.type === 'deal.won' ? { kind: 'renewal' } : {})
            : ends(`f${index}`, step.on, step.end),
        );
        const all = told(facts, until);
        const known = facts.filter((one) => one.occurredAt < START + until * DAY);
        expect(told(known, until)).toEqual(all);
        expect(told(facts.toReversed(), until)).toEqual(all);
        for (const [, , , sure] of all) expect(sure).toBeLessThan(until);
      }),
      { seed, numRuns: 500 },
    );
  });
});
