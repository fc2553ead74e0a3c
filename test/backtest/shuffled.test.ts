import { readFileSync } from 'node:fs';
import { backtest, compileJourney, parseDefinition, templateFile } from '@waymark/lifecycle';
import { describe, expect, it } from 'vitest';
import { seededDraw } from '../../packages/lifecycle/src/backtest/seeded-draw.ts';
import { makeHistory } from './confounded-history.ts';
import { accountsOf } from './in-memory.ts';

const first = Number(process.env['WAYMARK_SEED'] ?? 1);
const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));

/** The lines with churns and renewals of one account given to another as a whole. */
function shuffled(lines: readonly string[], domains: readonly string[], seed: number): string[] {
  const draw = seededDraw(seed);
  const lots = domains.map((domain) => ({ domain, lot: draw() })).toSorted((a, b) => a.lot - b.lot);
  const heir = new Map(domains.map((domain, index) => [domain, lots[index]?.domain ?? domain]));
  return lines.map((line) => {
    const event = JSON.parse(line);
    if (event.type !== 'account.churned' && event.type !== 'account.renewed') return line;
    return JSON.stringify({ ...event, subject: heir.get(event.subject) });
  });
}

describe('outcomes that are shuffled among the accounts', () => {
  it.each([first, first + 1, first + 2])(
    'are foretold by nothing, and the backtest claims nothing (seed %d)',
    (seed) => {
      const made = makeHistory({ seed, accounts: 60, months: 14, churnShare: 0.3 });
      const domains = made.stories.map((story) => story.domain);
      const run = (lines: readonly string[]) =>
        backtest(journey, accountsOf(lines, made.to), { from: made.from, to: made.to, fewestOutcomes: 5 });
      const report = run(shuffled(made.lines, domains, seed));
      expect(report.sufficient).toBe(true);
      expect(report.claims, report.because).toBe(false);
      expect(report.because).toContain('Nothing is claimed');
      // The control: the outcomes as they were are foretold.
      if (seed === first) expect(run(made.lines).claims).toBe(true);
    },
    180_000,
  );
});
