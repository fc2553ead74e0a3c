import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compileJourney, parseDefinition, reduce, templateFile, type Lull } from '../src/index.ts';
import { context, DAY, day, lastFlag, liveCustomer } from './account.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));
const midnight = (days: number) => Math.floor(day(days) / DAY) * DAY;

it('silence grows more slowly while the whole workspace is quiet, and a season of use alone slows no silence', () => {
  const { facts } = liveCustomer().talk(2, 100, 4);
  const opened = (lulls?: readonly Lull[]) =>
    lastFlag(reduce(journey, { ...context, ...(lulls && { lulls }) }, facts, day(200)), 'gone_quiet').openedAt;
  const season = { from: midnight(103), to: midnight(115), level: 0.25 };
  const plain = opened();
  const later = (opened([{ ...season, of: 'contact' }]) - plain) / DAY;
  // Twelve days of which a quarter counts.
  expect(later).toBeGreaterThan(7);
  expect(later).toBeLessThan(11);
  expect(opened([{ ...season, of: 'product' }])).toBe(plain);
});
