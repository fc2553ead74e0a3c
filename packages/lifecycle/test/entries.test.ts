import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJourney, parseDefinition, reduce, templateFile, templateNames } from '../src/index.ts';
import type { AccountContext, TemplateName } from '../src/index.ts';
import { context, day, History } from './account.ts';

const journeys = new Map(
  templateNames.map((name) => [name, compileJourney(parseDefinition(readFileSync(templateFile(name), 'utf8'), name))]),
);
const { customerSince: _since, ...undated } = context;
const course = (name: TemplateName, history: History, days: number, more: Partial<AccountContext> = {}) => {
  const journey = journeys.get(name);
  if (!journey) throw new Error(name);
  const answer = reduce(journey, { ...undated, ...more }, history.facts, day(days));
  return answer.periods.map((period) => period.stage);
};
/** What each template calls the first time of a customer, and the stage after it. */
const begins: readonly (readonly [TemplateName, string, string])[] = [
  ['nine-stages', 'onboarding', 'engagement'],
  ['onboarding-adoption-expansion-renewal', 'onboarding', 'adoption'],
  ['four-stages', 'onboarding', 'retention'],
  ['five-stages', 'decision', 'retention'],
];

describe.each(begins)('%s, of a customer of whom the CRM does not say since when', (name, first, next) => {
  const sale = (at: number) =>
    new History()
      .add('deal.created', at - 40, { attributes: { dealId: 'n', kind: 'new' } })
      .add('deal.won', at, { attributes: { dealId: 'n', kind: 'new' } });

  it('begins with its onboarding when the sale was seen', () => {
    expect(course(name, sale(0), 20)).toContain(first);
    expect(course(name, sale(0), 20)).not.toContain(next);
  });
  it('begins with it too where mail was seen before the sale', () => {
    const history = sale(0);
    history.from(-60).from(-50).from(3);
    expect(course(name, history, 20).at(-1)).toBe(first);
  });
  it('is past it where nothing tells of a sale', () => {
    expect(course(name, new History().from(0).from(5), 20).at(-1)).toBe(next);
  });
  it('is not sent back to it by a later sale', () => {
    const history = new History().from(0).from(5);
    history.add('deal.won', 200, { attributes: { dealId: 'n', kind: 'new' } });
    expect(course(name, history, 210).at(-1)).not.toBe(first);
  });
});
