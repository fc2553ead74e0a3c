import { describe, expect, it } from 'vitest';
import type { SignalName, SignalParams } from '@waymark/journey';
import { ANN, BOB, day, History } from '../../test/account.ts';
import { reading } from '../../test/reading.ts';
import type { AccountContext } from '../course/state.ts';

const value = (
  history: History,
  at: number,
  name: SignalName,
  params?: SignalParams,
  context?: Partial<AccountContext>,
) => reading(history, at, name, params, context ? { context } : {}).value;

type Attributes = Record<string, unknown>;

/** A deal that goes through the given forms, one every ten days. */
const deal = (...forms: Attributes[]): History => {
  const history = new History();
  for (const [index, form] of forms.entries())
    history.add(index === 0 ? 'deal.created' : 'deal.stage_changed', index * 10, {
      attributes: { dealId: 'd', kind: 'renewal', ...form },
    });
  return history;
};

describe('a deal on its way', () => {
  it('stands in a stage, by its label, since it came there', () => {
    const history = deal({ stage: '1' }, { stage: '2', stageLabel: 'Offer sent' });
    expect(value(history, 9, 'deal_stage')).toBe('1');
    expect(value(history, 15, 'deal_stage', { kind: 'renewal' })).toBe('Offer sent');
    expect(value(history, 15, 'deal_stage', { kind: 'new' })).toBeNull();
    expect(value(history, 15, 'days_in_deal_stage')).toBe(5);
    // A new amount is no move.
    history.add('deal.stage_changed', 16, { attributes: { dealId: 'd', stage: '2', amount: 9 } });
    expect(value(history, 20, 'days_in_deal_stage')).toBe(10);
    history.add('deal.lost', 21, { attributes: { dealId: 'd' } });
    expect(value(history, 22, 'days_in_deal_stage')).toBeNull();
  });

  it('goes back where the chance falls, or to a stage that it had left; a stage never seen before is no step back', () => {
    expect(value(deal({ stage: 'a' }, { stage: 'b' }, { stage: 'c' }), 30, 'deal_steps_back')).toBe(0);
    expect(value(deal({ stage: 'a' }, { stage: 'b' }, { stage: 'a' }), 30, 'deal_steps_back')).toBe(1);
    // Forward again through the same stages is no step back.
    expect(value(deal({ stage: 'a' }, { stage: 'b' }, { stage: 'a' }, { stage: 'b' }), 40, 'deal_steps_back')).toBe(1);
    const chances = deal({ stage: 'c', probability: 0.8 }, { stage: 'b', probability: 0.4 });
    expect(value(chances, 20, 'deal_steps_back')).toBe(1);
    // Another pipeline has stages of its own.
    const moved = deal({ stage: 'a', pipeline: 'x' }, { stage: 'b', pipeline: 'x' }, { stage: 'a', pipeline: 'y' });
    expect(value(moved, 30, 'deal_steps_back')).toBe(0);
  });

  it('steps back when its amount is lowered in the same currency', () => {
    const history = deal({ stage: 'a', amount: 200 }, { stage: 'b', amount: 150 });
    expect(reading(history, 20, 'deal_steps_back')).toMatchObject({
      value: 1,
      evidence: [{ note: 'Open deal lowered by 25 %' }],
    });
    expect(value(history, 20, 'deal_steps_back', { days: 7 })).toBe(0);
    const converted = deal({ stage: 'a', amount: 200, currency: 'EUR' }, { stage: 'b', amount: 150, currency: 'GBP' });
    expect(value(converted, 20, 'deal_steps_back')).toBe(0);
    expect(
      value(deal({ stage: 'a', amount: 200 }, { stage: 'b' }, { stage: 'c', amount: 200 }), 30, 'deal_steps_back'),
    ).toBe(0);
    const both = deal({ stage: 'a', amount: 200 }, { stage: 'b', amount: 200 }, { stage: 'a', amount: 100 });
    expect(reading(both, 30, 'deal_steps_back').evidence[0]?.note).toBe(
      'Open deal went back to an earlier stage and was lowered by 50 %',
    );
  });
});

describe('dates of the contract', () => {
  it('ends when the last renewal says, or when the CRM says, whichever was said later', () => {
    const none = { renewalAt: undefined };
    const history = new History().add('account.renewed', 0, { attributes: { until: day(100) } });
    expect(value(history, 10, 'days_until_contract_end')).toBe(90);
    expect(value(history, 10, 'days_until_contract_end', {}, { renewalAt: day(200) })).toBe(190);
    expect(value(history, 10, 'days_until_contract_end', {}, { renewalAt: day(50) })).toBe(90);
    expect(value(history.renewal(5, '2026-02-04'), 10, 'days_until_contract_end')).toBe(19.6);
    expect(value(new History().from(1), 10, 'days_until_contract_end', {}, { renewalAt: day(30) })).toBe(20);
    expect(none.renewalAt).toBeUndefined();
  });

  it('any date of the CRM can be counted down to', () => {
    const told = (to: string) =>
      new History().add('crm.property_changed', 0, { attributes: { property: 'notice_date', to } });
    const until = (history: History) => value(history, 10, 'days_until_date', { property: 'notice_date' });
    expect(until(told('2026-02-04'))).toBe(19.6);
    expect(until(told(String(day(15))))).toBe(5);
    expect(until(told('next month'))).toBeNull();
    expect(until(told(''))).toBeNull();
    expect(until(new History().from(1))).toBeNull();
  });
});

describe('use against plan', () => {
  const used = (history: History, at: number, amount: number, more: Attributes = {}) =>
    history.add('usage.recorded', at, { attributes: { metric: 'seats', value: amount, ...more } });

  it('is the last amount against what the events say is licensed', () => {
    const history = used(used(new History(), 0, 20), 1, 30, { limit: 50 });
    expect(value(history, 2, 'usage_of_plan', { metric: 'seats' })).toBe(0.6);
    expect(value(used(history, 3, 55), 4, 'usage_of_plan', { metric: 'seats' })).toBe(1.1);
    expect(value(history, 40, 'usage_of_plan', { metric: 'seats' })).toBeNull();
    expect(value(used(new History(), 0, 20), 1, 'usage_of_plan', { metric: 'seats' })).toBeNull();
  });

  it('adds the window up where amounts add up', () => {
    const history = used(used(new History(), 0, 20, { limit: 100 }), 5, 30);
    expect(value(history, 6, 'usage_of_plan', { metric: 'seats', measure: 'total' })).toBe(0.5);
    expect(value(history, 31, 'usage_of_plan', { metric: 'seats', measure: 'total' })).toBe(0.3);
  });

  it('takes the plan from a CRM property that is named', () => {
    const history = used(new History(), 1, 30, { limit: 50 }).add('crm.property_changed', 0, {
      attributes: { property: 'licensed_seats', to: '40' },
    });
    expect(value(history, 2, 'usage_of_plan', { metric: 'seats', property: 'licensed_seats' })).toBe(0.75);
    expect(value(history, 2, 'usage_of_plan', { metric: 'seats', property: 'other' })).toBeNull();
  });
});

describe('what surveys say over time', () => {
  const answered = (history: History, at: number, score: number, who: string, kind = 'nps') =>
    history.add('survey.responded', at, {
      participants: [{ role: 'respondent', address: who }],
      attributes: { score, kind },
    });

  it('is held against the same person, else against the last answer of the kind', () => {
    const history = answered(answered(new History(), 0, 9, ANN), 1, 4, BOB);
    expect(value(history, 2, 'survey_change')).toBe(-50);
    expect(value(answered(history, 50, 7, ANN), 51, 'survey_change')).toBe(-20);
    expect(reading(history, 51, 'survey_change').evidence.map(({ note }) => note)).toEqual([
      'Last survey answer: 70 of 100',
      'The answer of the same person, 50 days earlier: 90',
    ]);
    expect(value(history, 140, 'survey_change')).toBeNull();
    expect(value(answered(history, 60, 2, ANN, 'csat'), 61, 'survey_change')).toBeNull();
  });
});
