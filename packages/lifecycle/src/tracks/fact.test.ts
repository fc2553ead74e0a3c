import { expect, it } from 'vitest';
import type { Fact } from '../course/state.ts';
import { compareFacts } from './fact.ts';

const fact = (id: string, more: Partial<Fact> = {}): Fact => ({
  id,
  type: 'usage.recorded',
  occurredAt: 1000,
  recordedAt: 1000,
  touchpoint: 'product',
  direction: 'none',
  automated: false,
  participants: [],
  attributes: { metric: 'seats', value: 5 },
  ...more,
});

it('orders facts of one instant by what they say, whatever ids a workspace gives them', () => {
  const said: readonly Partial<Fact>[] = [
    {},
    { attributes: { value: 50, metric: 'seats' } },
    { type: 'survey.responded', attributes: { score: 1 } },
    { type: 'crm.stage_changed', attributes: { to: 'b' } },
    { type: 'crm.stage_changed', attributes: { to: 'a' } },
    { automated: true },
    { direction: 'inbound' },
    { participants: [{ role: 'actor', address: 'a@b.example' }] },
  ];
  const order = (ids: readonly string[]) =>
    said
      .map((more, at) => fact(ids[at] ?? '', more))
      .toSorted(compareFacts)
      .map(({ id: _id, ...rest }) => rest);
  const ids = said.map((_, at) => `id${at}`);
  expect(order(ids.toReversed())).toEqual(order(ids));
  expect(compareFacts(fact('a', { occurredAt: 2000 }), fact('b'))).toBeGreaterThan(0);
});

it('tells what says the same apart by id, in whatever order its keys come', () => {
  const [one, other] = [fact('a', { attributes: { value: 5, metric: 'seats' } }), fact('b')];
  expect(compareFacts(one, other)).toBeLessThan(0);
  expect(compareFacts(other, one)).toBeGreaterThan(0);
  expect(compareFacts(one, fact('a', { attributes: { other: 1 } }))).toBe(0);
});
