import { readFileSync } from 'node:fs';
import type { Touchpoint } from '@waymark/journey';
import { describe, expect, it } from 'vitest';
import { compileJourney, parseDefinition, reduce, scoreProofs, templateFile, type CoverageGap } from '../src/index.ts';
import { context, day, liveCustomer } from './account.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));
const history = () => liveCustomer().talk(2, 100, 4).meeting('meeting.held', 95);
const { facts } = history();
const gap = (touchpoints: readonly Touchpoint[], from: number, to: number | null): CoverageGap => ({
  from: day(from),
  to: to === null ? null : day(to),
  touchpoints,
  reason: 'The mailbox was cut off.',
});
const health = (gaps: readonly CoverageGap[], at: number, more = facts) =>
  reduce(journey, { ...context, gaps }, more, day(at)).health;
const part = (gaps: readonly CoverageGap[], at: number, id: string, more = facts) => {
  const found = health(gaps, at, more).parts.find((one) => one.part === id);
  if (!found) throw new Error(`no part ${id}`);
  return found;
};

describe('health while a source is out', () => {
  it('is low after a silence that was watched', () => {
    expect(part([], 160, 'contact').score).toBe(10);
    expect(health([], 160).score).toBeLessThan(70);
  });

  it('lacks the part that rests on it, says so, and spreads its weight', () => {
    const out = [gap(['email', 'meeting'], 101, null)];
    expect(part(out, 160, 'contact')).toMatchObject({ score: null, why: 'Not seen: The mailbox was cut off.' });
    expect(part(out, 160, 'meetings').score).toBeNull();
    expect(part(out, 160, 'answers').score).toBeNull();
    const { score, parts } = health(out, 160);
    const known = parts.filter((one) => one.score !== null);
    const mean =
      known.reduce((sum, one) => sum + (one.score ?? 0) * one.weight, 0) /
      known.reduce((sum, one) => sum + one.weight, 0);
    expect(score).toBe(Math.round(mean));
    expect(score).toBeGreaterThan(health([], 160).score ?? 0);
  });

  it('lacks it until what is asked for lies after the outage', () => {
    const past = [gap(['email'], 101, 110)];
    expect(part(past, 160, 'contact').score).toBeNull();
    const later = history().from(120).facts;
    expect(part(past, 160, 'contact', later).score).not.toBeNull();
  });

  it('keeps what was seen: the best score needs no more than what is known', () => {
    expect(part([gap(['email'], 100.5, null)], 102, 'contact').score).toBe(100);
    expect(part([gap(['email'], 100.5, null)], 130, 'contact').score).toBeNull();
  });

  it('is as it was where another source is out, or one that this customer never uses', () => {
    expect(part([gap(['product'], 101, null)], 160, 'contact').score).toBe(10);
    expect(part([gap(['chat'], 101, null)], 160, 'contact').score).toBe(10);
    expect(part([gap(['ticket'], 101, null)], 160, 'support').score).toBeNull();
  });

  it('lacks what is counted by type as well', () => {
    const counting = compileJourney(
      parseDefinition(
        `id: j
version: 1
title: J
type: cyclical
stages: [{ id: start, title: Start, enter: [{ from: [none] }] }]
health:
  version: 1
  parts:
    - id: words
      label: Words
      weight: 1
      bands: [{ when: { signal: event_count, with: { types: [email.received], days: 10 }, op: '<', value: 1 }, score: 5, why: none }]
`,
        'j.yaml',
      ),
    );
    const words = (gaps: readonly CoverageGap[]) =>
      reduce(counting, { ...context, gaps }, facts, day(160)).health.parts[0]?.score;
    expect(words([])).toBe(5);
    expect(words([gap(['email'], 120, 140)])).toBe(5);
    expect(words([gap(['email'], 120, 155)])).toBeNull();
    expect(words([gap(['ticket'], 120, 155)])).toBe(5);
  });

  it('turns at the very instant, and says when beforehand', () => {
    const { nextChangeAt } = reduce(journey, { ...context, gaps: [gap(['email'], 150, null)] }, facts, day(150) - 1);
    expect(nextChangeAt).toBe(day(150));
    expect(part([gap(['email'], 150, null)], 149.999, 'contact').score).toBe(10);
    expect(part([gap(['email'], 150, null)], 150, 'contact').score).toBeNull();
  });

  it('is proven by what was not seen', () => {
    const proof = scoreProofs(journey, { ...context, gaps: [gap(['email'], 101, null)] }, facts, day(160)).find(
      (one) => one.score === 'health' && one.part === 'contact',
    );
    expect(proof?.proof).toMatchObject({ evidence: [], clears: 'The source is read again.' });
  });
});
