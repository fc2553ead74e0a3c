import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJourney, parseDefinition, reduce, templateFile, type CoverageGap } from '../src/index.ts';
import { context, DAY, day, lastFlag, liveCustomer } from './account.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));
const { facts } = liveCustomer().talk(2, 100, 4);
const answer = (gaps: readonly CoverageGap[], at = day(160)) => reduce(journey, { ...context, gaps }, facts, at);
const gap = (from: number, to: number | null): CoverageGap => ({ from, to, touchpoints: ['email'], reason: 'cut off' });
const opened = lastFlag(answer([]), 'gone_quiet').openedAt;
const rules = (of: ReturnType<typeof answer>) => of.flags.map((flag) => flag.rule);

describe('a gap in what is watched', () => {
  it('keeps silence from being judged from its first instant on, and never before', () => {
    const later = answer([gap(opened + 1, null)]);
    expect(lastFlag(later, 'gone_quiet')).toMatchObject({ openedAt: opened });
    expect(rules(later)).not.toContain('data_gap');
    const sooner = answer([gap(opened, null)]);
    expect(rules(sooner)).not.toContain('gone_quiet');
    expect(lastFlag(sooner, 'data_gap')).toMatchObject({ openedAt: opened, clearedAt: null });
  });

  it('that has passed is waited for until enough has been watched again, to the instant', () => {
    const ended = answer([gap(opened - 2 * DAY, opened - DAY)]);
    const { openedAt } = lastFlag(ended, 'gone_quiet');
    expect(openedAt).toBeGreaterThan(opened);
    expect(lastFlag(ended, 'data_gap')).toMatchObject({ openedAt: opened, clearedAt: openedAt });
    expect(rules(answer([gap(opened - 2 * DAY, opened - DAY)], openedAt - 1))).not.toContain('gone_quiet');
  });

  it('in what the rule does not rest on is none', () => {
    const elsewhere = { ...gap(opened - 9 * DAY, null), touchpoints: ['product' as const] };
    expect(lastFlag(answer([elsewhere]), 'gone_quiet')).toMatchObject({ openedAt: opened });
  });
});
