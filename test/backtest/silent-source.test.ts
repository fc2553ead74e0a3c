import { readFileSync } from 'node:fs';
import { backtest, compileJourney, parseDefinition, templateFile } from '@waymark/lifecycle';
import { describe, expect, it } from 'vitest';
import { makeHistory } from './confounded-history.ts';
import { accountsOf } from './in-memory.ts';

const DAY = 86_400_000;
const first = Number(process.env['WAYMARK_SEED'] ?? 3);
const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));

/** One source of several falls silent while customers decline and others do not: what is said meanwhile rests on the others alone. */
describe.each([
  { source: 'mail', deliveredLate: true },
  { source: 'calendar', deliveredLate: true },
  { source: 'mail', deliveredLate: false },
])(
  'an outage of $source, delivered late: $deliveredLate',
  ({ source, deliveredLate }) => {
    it.each([first, first + 1, first + 2])(
      'is rested on by no alert of any rule, from its first instant on (seed %d)',
      (seed) => {
        const made = makeHistory({ seed, accounts: 50, months: 10, churnShare: 0.6, suddenShare: 0 });
        const from = made.from + 240 * DAY;
        const to = from + 16 * DAY;
        const missing: number[] = [];
        const lines = made.lines.flatMap((line) => {
          const event = JSON.parse(line);
          const at = Date.parse(event.time);
          if (event.source !== source || at < from || at >= to) return [line];
          missing.push(at);
          const recordedtime = new Date(Math.max(to, Date.parse(event.recordedtime))).toISOString();
          return deliveredLate ? [JSON.stringify({ ...event, recordedtime })] : [];
        });
        const { rules } = backtest(journey, accountsOf(lines, made.to), made);
        expect(missing.length).toBeGreaterThan(30);
        const during = rules
          .flatMap(({ cases }) => cases)
          .filter((one) => Date.parse(one.at) >= from && Date.parse(one.at) < to);
        expect(during.filter((one) => one.sources.includes(source))).toEqual([]);
        expect(during.every((one) => one.evidence.length > 0)).toBe(true);
      },
    );
  },
  180_000,
);
