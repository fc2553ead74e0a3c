import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { declaredOutcomes, outcomesOf } from './outcome.ts';
import { parseDefinition, templateFile, type Fact } from '../index.ts';

const definition = parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml');
const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);

const fact = (id: string, type: Fact['type'], day: number, attributes: Fact['attributes'] = {}): Fact => ({
  id,
  type,
  occurredAt: START + day * DAY,
  recordedAt: START + day * DAY,
  touchpoint: 'crm',
  direction: 'internal',
  participants: [],
  automated: false,
  attributes,
});
const told = (...facts: Fact[]) =>
  outcomesOf(definition, facts, Infinity).map(({ kind, at, eventId }) => [kind, (at - START) / DAY, eventId]);

describe('outcomes', () => {
  it('come of declared events alone, each with its record, in whatever order they are given', () => {
    const facts = [
      fact('won', 'deal.won', 10, { kind: 'renewal' }),
      fact('new', 'deal.won', 1, { kind: 'new' }),
      fact('gone', 'account.churned', 200),
    ];
    expect(told(...facts)).toEqual([
      ['renewed', 10, 'won'],
      ['churned', 200, 'gone'],
    ]);
    expect(told(...facts.toReversed())).toEqual(told(...facts));
  });

  it('take several records of one ending for one, at the first', () => {
    expect(
      told(
        fact('lost', 'deal.lost', 100, { kind: 'renewal' }),
        fact('stage', 'crm.stage_changed', 110, { to: 'churned' }),
        fact('gone', 'account.churned', 130),
      ),
    ).toEqual([['churned', 100, 'lost']]);
  });

  it('hold a second ending after a win-back for another', () => {
    expect(
      told(fact('a', 'account.churned', 0), fact('b', 'account.renewed', 90), fact('c', 'account.churned', 300)).map(
        ([kind]) => kind,
      ),
    ).toEqual(['churned', 'renewed', 'churned']);
  });

  it('are none of a renewal that is lost while another goes on: the other tells', () => {
    const deal = (id: string, type: Fact['type'], day: number, more: object = { kind: 'renewal' }) =>
      fact(`${id}-${type}`, type, day, { dealId: id, ...more });
    const both = [deal('a', 'deal.created', 0), deal('b', 'deal.created', 5)];
    // Of which nothing more is told does not tell.
    expect(told(...both, deal('a', 'deal.lost', 60))).toEqual([['churned', 60, 'a-deal.lost']]);
    expect(told(...both, deal('a', 'deal.lost', 60), deal('b', 'deal.stage_changed', 70, {}))).toEqual([]);
    expect(told(...both, deal('a', 'deal.lost', 60), deal('b', 'deal.lost', 90))).toEqual([
      ['churned', 90, 'b-deal.lost'],
    ]);
    expect(told(...both, deal('a', 'deal.lost', 60), deal('b', 'deal.won', 90))).toEqual([
      ['renewed', 90, 'b-deal.won'],
    ]);
    // One that nobody has touched for half a year is forgotten, and a deal of another kind holds nothing up.
    expect(told(...both, deal('a', 'deal.stage_changed', 190, {}), deal('a', 'deal.lost', 200))).toEqual([
      ['churned', 200, 'a-deal.lost'],
    ]);
    const upsell = deal('c', 'deal.created', 20, { kind: 'expansion' });
    expect(told(deal('a', 'deal.created', 0), upsell, deal('a', 'deal.lost', 60))).toEqual([
      ['churned', 60, 'a-deal.lost'],
    ]);
    // What the account says itself is believed at once.
    expect(told(...both, fact('gone', 'account.churned', 60))).toEqual([['churned', 60, 'gone']]);
  });

  it('drop a renewal that a churn takes back within the day', () => {
    expect(told(fact('a', 'account.renewed', 10), fact('b', 'account.churned', 10.5))).toEqual([
      ['churned', 10.5, 'b'],
    ]);
  });

  it('are unknown where nothing is declared, never renewed', () => {
    const { outcomes: _outcomes, ...bare } = definition;
    expect(declaredOutcomes(bare)).toEqual([]);
    expect(outcomesOf(bare, [fact('a', 'account.churned', 0), fact('b', 'account.renewed', 90)], Infinity)).toEqual([]);
    expect(declaredOutcomes(definition)).toEqual(['churned', 'renewed']);
  });
});
