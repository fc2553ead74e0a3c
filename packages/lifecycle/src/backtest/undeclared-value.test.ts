import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomesOf } from './outcome.ts';
import { undeclaredValues } from './undeclared-value.ts';
import { parseDefinition, templateFile, type Fact } from '../index.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const END = START + 365 * DAY;
const source = readFileSync(templateFile('nine-stages'), 'utf8');
const definition = parseDefinition(source, 'nine-stages.yaml');

const fact = (day: number, type: Fact['type'], attributes: Fact['attributes'] = {}): Fact => ({
  id: `${String(day).padStart(4, '0')}-${type}`,
  type,
  occurredAt: START + day * DAY,
  recordedAt: START + day * DAY,
  touchpoint: type.startsWith('email') ? 'email' : 'crm',
  direction: type === 'email.received' ? 'inbound' : 'none',
  participants: [],
  automated: false,
  attributes,
});
const mails = (from: number, to: number) =>
  Array.from({ length: Math.ceil((to - from) / 7) }, (_, week) => fact(from + week * 7, 'email.received'));
const of = (...accounts: (readonly Fact[])[]) => {
  const open = undeclaredValues(definition);
  for (const facts of accounts) open.take(facts, END);
  return open.list();
};
/** A definition that has nothing but the line under what counts as churned. */
const withLine = (add: string) =>
  parseDefinition(
    `id: one\nversion: 1\ntitle: One\ntype: linear\nstages: [{ id: live, title: Live }]\noutcomes:\n  churned:\n    ${add}\n`,
    'added.yaml',
  );

describe('what no line of the outcomes names', () => {
  it('is told by its usual spelling, with how many accounts have it and of how many nothing was heard after', () => {
    const left = (to: string) => [...mails(0, 100), fact(100, 'crm.stage_changed', { to })];
    const stayed = [...mails(0, 360), fact(100, 'crm.stage_changed', { to: 'Expired' })];
    expect(of(left('Expired'), left('expired'), left('Expired'), stayed)).toEqual([
      {
        what: 'crm.stage_changed to "Expired"',
        type: 'crm.stage_changed',
        events: 4,
        accounts: 4,
        silentAfter: 3,
        readsLike: 'churned',
        add: '- { type: crm.stage_changed, like: { to: Expired } }',
      },
    ]);
  });

  it('is told in any language where accounts fall silent with it', () => {
    const left = [...mails(0, 100), fact(100, 'crm.stage_changed', { to: 'Päättynyt' })];
    expect(of(left, left)).toEqual([]);
    expect(of(left, left, left)).toMatchObject([{ silentAfter: 3, readsLike: null }]);
  });

  it('is nothing that goes on: a stage of customers who still write, a renewal that is declared, a sale to a prospect', () => {
    const accounts = Array.from({ length: 20 }, () => [
      ...mails(0, 364),
      fact(1, 'crm.stage_changed', { to: 'Adopted' }),
      fact(2, 'crm.stage_changed', { to: 'Churned' }),
      fact(3, 'crm.property_changed', { property: 'city', to: 'Lyon' }),
      fact(4, 'deal.won', { kind: 'renewal' }),
      fact(5, 'deal.lost', { kind: 'new', pipeline: 'Sales' }),
      fact(6, 'deal.lost', { kind: 'expansion' }),
      fact(6.5, 'deal.lost', { pipeline: 'New Business' }),
      fact(7, 'deal.stage_changed', { pipeline: 'Sales', stage: 'Negotiation' }),
    ]);
    expect(of(...accounts)).toEqual([]);
  });

  it.each([
    [{ name: 'Acme renewal 2026' }, "- { type: deal.lost, like: { name: '*renew*' } }"],
    [{ pipeline: 'Verträge' }, "- { type: deal.lost, like: { pipeline: 'Verträge' } }"],
    [{ amount: 7 }, '- { type: deal.lost }'],
  ])('of a lost deal is what it says of itself: %j', (attributes, add) => {
    expect(of([fact(9, 'deal.lost', attributes)]).map((one) => one.add)).toEqual([add]);
  });

  it('are the ends of contracts, where none is declared', () => {
    const ends = fact(1, 'crm.property_changed', { property: 'renewal_date', to: '2026-05-01' });
    expect(of([ends])).toMatchObject([{ accounts: 1, add: 'contract: { date: renewal_date }' }]);
  });

  it('is a property that dates the end, whatever the date', () => {
    const dated = (to: string) => [fact(9, 'crm.property_changed', { property: 'Churn Date', to })];
    expect(of(dated('2026-01-10'), dated('2026-01-11'))).toMatchObject([
      { accounts: 2, add: '- { type: crm.property_changed, like: { property: Churn Date } }' },
    ]);
  });

  it('comes with a line that can be added as it stands, and that then names it', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    const odd = fc.constantFrom(
      "don't renew",
      'yes',
      'null',
      '- lost',
      '{lost}',
      '2026',
      'a: b # c',
      '"lost"',
      'LOST*',
      '终止',
    );
    fc.assert(
      fc.property(fc.oneof(word, odd), fc.constantFrom('lost', 'churn', ''), (text, like) => {
        const facts = [...mails(0, 100), fact(100, 'crm.stage_changed', { to: `${text} ${like}` })];
        const [told] = of(facts, facts, facts);
        if (!told) return;
        expect(outcomesOf(withLine(told.add), facts, END).map(({ kind }) => kind)).toEqual(['churned']);
      }),
      { numRuns: 150, seed: 41 },
    );
  });

  it('is a bounded number of values, however many a history has', () => {
    const facts = Array.from({ length: 5000 }, (_, index) =>
      fact(1, 'crm.property_changed', { property: `p${index}`, to: 'lost' }),
    );
    expect(of(facts).length).toBeLessThanOrEqual(12);
  });
});
