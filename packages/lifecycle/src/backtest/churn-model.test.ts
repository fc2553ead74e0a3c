import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chance, fitRidge, leveled } from './churn-model-fit.ts';
import { churnColumns, churnReport } from './churn-model.ts';
import { compileJourney, parseDefinition, templateFile } from '../index.ts';
import { seededDraw } from './seeded-draw.ts';
import { signalTableOf } from './signal-table.ts';
import type { AccountReadings } from './signal-readings.ts';

const journey = compileJourney(parseDefinition(readFileSync(templateFile('nine-stages'), 'utf8'), 'nine-stages.yaml'));
const DAY = 86_400_000;
const from = Date.UTC(2025, 0, 1);
const to = from + 540 * DAY;
const quiet = churnColumns.findIndex((one) => one.signal === 'days_since_inbound');
const drop = churnColumns.findIndex((one) => one.signal === 'engagement_drop');

/** What behaviour tells of a churn: `drop` shows in the last 60 days, `silence` is a month without a word, `nothing`. */
type Story = 'drop' | 'silence' | 'nothing';

/** Monthly readings of 300 accounts of which a third churns; they swing with the season, and churns become more frequent. */
function madeReadings(seed: number, story: Story, churnShare = 0.33): AccountReadings[] {
  const draw = seededDraw(seed);
  return Array.from({ length: 300 }, (_, index): AccountReadings => {
    const churnedAt = draw() < churnShare ? from + (60 + Math.sqrt(draw()) * 475) * DAY : null;
    const usual = draw() * 20;
    const readings: { at: number; values: (number | null)[] }[] = [];
    for (let month = 0; month < 18; month += 1) {
      const at = from + month * 30 * DAY;
      if (churnedAt !== null && at >= churnedAt) break;
      const soon = churnedAt !== null && churnedAt - at <= 60 * DAY;
      const season = month % 12 === 7 ? 12 : 0;
      const values = churnColumns.map((): number | null => (draw() < 0.1 ? null : draw() * 10 + season));
      values[quiet] = story === 'silence' && soon ? 31 + draw() * 20 : usual + draw() * 10 + season;
      values[drop] = (story === 'drop' && soon ? 2 : 0) + draw() * 2 + season / 12;
      readings.push({ at, values });
    }
    const at = churnedAt ?? 0;
    const churn = { kind: 'churned' as const, at, eventId: `e${index}`, sureAt: at, knownAt: at };
    return { account: `a${index}`, readings, outcomes: churnedAt === null ? [] : [churn] };
  });
}

/** The same readings with outcomes dealt out anew. */
function shuffled(readings: readonly AccountReadings[], seed: number): AccountReadings[] {
  const draw = seededDraw(seed);
  const outcomes = readings.map((one) => ({ outcomes: one.outcomes, lot: draw() })).toSorted((a, b) => a.lot - b.lot);
  return readings.map((one, index) => {
    const own = outcomes[index]?.outcomes ?? [];
    return { ...one, outcomes: own, readings: one.readings.filter(({ at }) => own.every((churn) => churn.at > at)) };
  });
}

describe('the churn model', { timeout: 120_000 }, () => {
  it('claims what behaviour tells, beats the plain rule, and shows the parts of each score', () => {
    const report = churnReport(journey, madeReadings(1, 'drop'), { from, to });
    expect(report.claims, report.because).toBe(true);
    expect(report.weights[0]?.signal).toBe('engagement_drop');
    expect(report.judgment?.gainOverPlain.low).toBeGreaterThan(0);
    expect(report.judgment?.seed).toBe(1);
    const again = churnReport(journey, madeReadings(1, 'drop'), { from, to });
    expect(again).toEqual(report);
  });

  it('does not claim to be better than the plain rule where that says it all', () => {
    const report = churnReport(journey, madeReadings(2, 'silence'), { from, to });
    expect(report.claims).toBe(false);
    expect(report.because).toContain('does not beat the plain rule');
    expect(report.scores).toEqual([]);
  });

  it('refuses where outcomes are few, and says how many there are', () => {
    const report = churnReport(journey, madeReadings(3, 'drop', 0.04), { from, to });
    expect(report).toMatchObject({ claims: false, judgment: null, scores: [] });
    expect(report.because).toContain('Too few outcomes');
  });

  it('refuses where the definition declares no churn', () => {
    const { outcomes: _outcomes, ...bare } = journey.definition;
    const report = churnReport(compileJourney(bare), madeReadings(3, 'drop'), { from, to });
    expect(report).toMatchObject({ claims: false, judgment: null });
    expect(report.because).toContain('declare it under outcomes');
  });

  it('claims nothing where behaviour does not foretell churn, over 20 histories', () => {
    const claims = Array.from({ length: 20 }, (_, seed) =>
      churnReport(journey, madeReadings(seed + 100, 'nothing'), { from, to, resamples: 500 }),
    ).filter((one) => one.claims);
    expect(claims.map((one) => one.because)).toEqual([]);
  });

  it('claims nothing on outcomes dealt out at random, over 20 seeds', () => {
    const readings = madeReadings(1, 'drop');
    const claims = Array.from({ length: 20 }, (_, seed) =>
      churnReport(journey, shuffled(readings, seed + 1), { from, to, resamples: 500 }),
    ).filter((one) => one.claims);
    expect(claims.map((one) => one.because)).toEqual([]);
  });

  it('learns of churns only what was known before the later part', () => {
    const readings = madeReadings(1, 'drop');
    const late = readings.map((one) => ({
      ...one,
      outcomes: one.outcomes.map((outcome) => ({ ...outcome, knownAt: to })),
    }));
    expect(churnReport(journey, late, { from, to }).counts.early.churned).toBe(0);
  });
});

describe('the signal table', { timeout: 120_000 }, () => {
  const options = { from, to };

  it('finds the signal that tells and no other', () => {
    const found = signalTableOf(journey, madeReadings(1, 'drop'), churnColumns, options);
    expect(found.signals.filter((one) => one.tells).map((one) => one.signal)).toEqual(['engagement_drop']);
    const [first] = found.signals;
    expect(first?.lift.low).toBeGreaterThan(1.5);
    expect(first?.leadDays).toBeGreaterThan(20);
  });

  it('says of no signal that it tells on outcomes dealt out at random, over 20 seeds', () => {
    const readings = madeReadings(1, 'drop');
    const telling = Array.from({ length: 20 }, (_, seed) =>
      signalTableOf(journey, shuffled(readings, seed + 1), churnColumns, options).signals.filter((one) => one.tells),
    );
    expect(telling.flat()).toEqual([]);
  });
});

describe('the fit', () => {
  it('finds the weights that made the data, and a ridge holds them down', () => {
    const draw = seededDraw(5);
    const rows = Array.from({ length: 4000 }, () => [1, draw() * 2 - 1, draw() * 2 - 1]);
    const churned = rows.map(([, a = 0]) => draw() < chance(-1 + 2 * a));
    const [intercept, first, second] = fitRidge(rows, churned, 1e-6);
    expect(intercept).toBeCloseTo(-1, 0);
    expect(first).toBeGreaterThan(1.7);
    expect(first).toBeLessThan(2.3);
    expect(Math.abs(second ?? 1)).toBeLessThan(0.2);
    expect(Math.abs(fitRidge(rows, churned, 1000)[1] ?? 9)).toBeLessThan(1);
  });

  it('ends where a column parts the outcomes without a rest', () => {
    const rows = Array.from({ length: 40 }, (_, index) => [1, index < 20 ? -1 : 1]);
    const [, weight = Number.NaN] = fitRidge(
      rows,
      rows.map(([, x = 0]) => x > 0),
      1,
    );
    expect(Number.isFinite(weight)).toBe(true);
  });

  it('brings log-odds to a rate and keeps their order', () => {
    const made = leveled([-3, 0, 2], 0.1);
    expect(made.reduce((sum, one) => sum + chance(one), 0) / 3).toBeCloseTo(0.1, 9);
    expect((made[1] ?? 0) - (made[0] ?? 0)).toBeCloseTo(3, 9);
  });
});
