import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJourney, outcomesOf, parseDefinition, reduce, templateFile } from '../src/index.ts';
import { context, day, History, liveCustomer } from './account.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));
const at = (history: History, days: number) => reduce(journey, context, history.facts, day(days));
const outcome = (answer: ReturnType<typeof at>) => answer.success?.parts.find(({ part }) => part === 'outcome')?.score;

describe('what a deal is about, told by an earlier event of it alone', () => {
  const deal = (type: 'deal.lost' | 'deal.won', about: Record<string, unknown>) =>
    liveCustomer()
      .add('deal.created', 100, { attributes: { dealId: 'D', ...about } })
      .add(type, 160, { attributes: { dealId: 'D' } });

  it.each([{ kind: 'renewal' }, { pipeline: 'Renewals' }])(
    'moves the journey and counts for its success: %j',
    (about) => {
      const lost = deal('deal.lost', about);
      expect(at(lost, 159).stage).not.toBe('churn');
      expect(at(lost, 161).stage).toBe('churn');
      expect(outcome(at(lost, 161))).toBe(0);
      expect(outcome(at(deal('deal.won', about), 161))).toBe(100);
      // As a backtest has it.
      expect(outcomesOf(journey.definition, lost.facts, day(200))).toMatchObject([{ kind: 'churned' }]);
    },
  );

  it('is taken from no other deal, and what the event says itself counts', () => {
    const other = liveCustomer()
      .add('deal.created', 100, { attributes: { dealId: 'D', kind: 'renewal' } })
      .add('deal.lost', 160, { attributes: { dealId: 'E' } });
    expect(at(other, 161).stage).not.toBe('churn');
    const upsell = liveCustomer()
      .add('deal.created', 100, { attributes: { dealId: 'D', kind: 'renewal' } })
      .add('deal.lost', 160, { attributes: { dealId: 'D', kind: 'expansion' } });
    expect(at(upsell, 161).stage).not.toBe('churn');
    expect(outcome(at(upsell, 161))).toBeNull();
  });
});

describe('the end of a sale', () => {
  it('is an outcome of a customer, and none of who has not bought', () => {
    expect(outcome(at(liveCustomer().add('crm.stage_changed', 160, { attributes: { to: 'Closed Lost' } }), 161))).toBe(
      0,
    );
    const prospect = new History().stage(0, 'lead').stage(10, 'opportunity').stage(20, 'Closed Lost');
    expect(outcome(reduce(journey, { ...context, isCustomer: false }, prospect.facts, day(21))) ?? null).toBeNull();
  });
});
