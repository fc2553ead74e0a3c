import { describe, expect, it } from 'vitest';
import { seededDraw } from '../backtest/seeded-draw.ts';
import { knownLulls, type Happening } from './workspace-lull.ts';

const DAY = 86_400_000;
const START = Date.UTC(2025, 0, 6);

/** Twenty words on each workday, and a share of that in between. */
function words(days: number, quiet: (day: number) => number, knownDay = (day: number) => day): Happening[] {
  return Array.from({ length: days }, (_, day) => day)
    .filter((day) => day % 7 < 5)
    .flatMap((day) =>
      Array.from({ length: Math.round(20 * quiet(day)) }, (_unused, index) => ({
        occurredAt: START + day * DAY + (8 + (index % 10)) * (DAY / 24),
        recordedAt: START + knownDay(day) * DAY + (8 + (index % 10)) * (DAY / 24),
        weight: 1,
      })),
    );
}
const august = (day: number) => (day >= 140 && day < 168 ? 0.4 : 1);
const levelOn = (known: ReturnType<typeof knownLulls>, asOf: number, day: number) =>
  known
    .findLast((one) => one.from <= START + asOf * DAY)
    ?.lulls.find((one) => one.from <= START + day * DAY && START + day * DAY < one.to)?.level;

describe('lulls of a workspace', () => {
  it('are told of a season in which everybody is quiet, as deep as it is', () => {
    const known = knownLulls('contact', words(200, august), START + 200 * DAY);
    const level = levelOn(known, 165, 155);
    expect(level).toBeGreaterThan(0.25);
    expect(level).toBeLessThan(0.6);
    // Not before it could be seen, and not of usual weeks.
    expect(levelOn(known, 139, 139)).toBeUndefined();
    expect(levelOn(known, 199, 120)).toBeUndefined();
  });

  it('are told of use that is counted once a week, though less deep than words would have to fall', () => {
    const draw = seededDraw(3);
    const usual = Array.from({ length: 200 }, () => 3 + draw() * 30);
    const use = (drop: number) =>
      Array.from({ length: 40 }, (_, week) => START + week * 7 * DAY).flatMap((at, week) =>
        usual.map((one) => ({
          occurredAt: at,
          recordedAt: at,
          weight: Math.round(one * (week < 25 ? 1 : drop) * (0.85 + draw() * 0.3)),
        })),
      );
    expect(levelOn(knownLulls('product', use(0.75), START + 280 * DAY), 190, 185)).toBeCloseTo(0.75, 1);
    expect(knownLulls('product', use(1), START + 280 * DAY)).toEqual([]);
  });

  it('are no one account that stops, though it had most of the use', () => {
    const use = Array.from({ length: 40 }, (_, week) => START + week * 7 * DAY).flatMap((at, week) =>
      Array.from({ length: 100 }, (_unused, account) => ({
        occurredAt: at,
        recordedAt: at,
        weight: account === 0 ? (week < 25 ? 40 : 0) : 1,
      })),
    );
    expect(knownLulls('product', use, START + 280 * DAY)).toEqual([]);
  });

  it('are told of nothing in a steady rhythm, weekends and all', () => {
    expect(
      knownLulls(
        'contact',
        words(200, () => 1),
        START + 200 * DAY,
      ),
    ).toEqual([]);
  });

  it('are hardly ever told of chance, where words come in threads', () => {
    const seed = Number(process.env['WAYMARK_SEED'] ?? 7);
    const draw = seededDraw(seed);
    const threads: Happening[] = [];
    for (let day = 0; day < 400; day += 1)
      for (let lot = 0; lot < (day % 7 < 5 ? 120 : 0); lot += 1)
        if (draw() < 0.25)
          for (let at = START + (day + draw()) * DAY; ; at += draw() * (DAY / 3)) {
            threads.push({ occurredAt: at, recordedAt: at, weight: 1 });
            if (draw() < 0.4) break;
          }
    const known = knownLulls('contact', threads, START + 400 * DAY);
    const days = (known.at(-1)?.lulls ?? []).reduce((sum, one) => sum + (one.to - one.from) / DAY, 0);
    expect(days, `seed ${seed}`).toBeLessThan(12);
  });

  it('say of an instant what was known then, whatever comes later', () => {
    const all = words(200, august);
    const until = (day: number) => knownLulls('contact', all, START + day * DAY);
    for (const day of [120, 150, 160, 175])
      expect(until(day)).toEqual(until(200).filter((one) => one.from < START + day * DAY));
  });

  it('are taken back where what was missing comes in late', () => {
    const late = words(
      200,
      () => 1,
      (day) => (day >= 140 && day < 152 ? 152 : day),
    );
    const known = knownLulls('contact', late, START + 200 * DAY);
    expect(levelOn(known, 149, 147)).toBeLessThan(0.85);
    expect(levelOn(known, 199, 147)).toBeUndefined();
  });
});

it('passes over the centuries that a wrong date makes', () => {
  const wrong = new Date(0).setUTCFullYear(1);
  const told = [wrong, Date.UTC(1200, 0, 1), Date.UTC(2020, 0, 1)].map((at) => ({
    occurredAt: at,
    recordedAt: at,
    weight: 1,
  }));
  expect(knownLulls('contact', told, Date.UTC(2026, 0, 1))).toEqual([]);
});
