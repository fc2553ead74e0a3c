import { expect, it } from 'vitest';
import { seededDraw } from '../backtest/seeded-draw.ts';
import { fallOf, streamOf, type Weeks } from './fall.ts';

const weeks = (count: number, level: (week: number) => number = () => 1): Weeks => ({
  sums: Array.from({ length: count }, (_, week) => (week < 2 ? 1 : 6) * level(week)),
  levels: Array.from({ length: count }, (_, week) => level(week)),
  kind: 'counts',
});

it('judges no fall of an account that is younger than twelve weeks before the window', () => {
  expect(streamOf(weeks(13), 2)).toBeNull();
  expect(streamOf(weeks(14), 2)).not.toBeNull();
});

it('counts no week deep in a quiet season among them, and holds them to be enough however few of them are recent', () => {
  const quiet = (week: number): number => (week >= 4 && week < 10 ? 0.5 : 1);
  expect(streamOf(weeks(19, quiet), 2)).toBeNull();
  expect(streamOf(weeks(20, quiet), 2)).not.toBeNull();
});

/** Words a week, the latest first, in a quiet season in the weeks before `ends`. */
const words = (count: number, now: readonly number[], usual: (week: number) => number, ends = 0): Weeks => ({
  sums: Array.from({ length: count }, (_, week) => now[week] ?? usual(week)),
  levels: Array.from({ length: count }, (_, week) => (week < ends ? 0.15 : 1)),
  kind: 'counts',
});
const dropOf = (weeks: Weeks, span: number): number => fallOf([streamOf(weeks, span)])?.drop ?? Number.NaN;

it('takes three weeks with hardly a word for less in a season that leaves hardly any than where all are at work', () => {
  const steady = (week: number): number => 6 + (week % 3);
  expect(dropOf(words(47, [1, 1, 1], steady), 3)).toBeGreaterThan(3.5);
  expect(dropOf(words(47, [0, 0, 0], steady, 3), 3)).toBeLessThan(2.5);
});

const use = (count: number, now: readonly number[]): Weeks => ({
  sums: Array.from({ length: count }, (_, week) => (now[week] ?? 1) * (98 + (week % 5))),
  levels: Array.from({ length: count }, () => 1),
  kind: 'amounts',
});
const together = (words: Weeks, use: Weeks, span: number): number =>
  fallOf([streamOf(words, span), streamOf(use, span)])?.drop ?? Number.NaN;

it('takes two weeks without a word that set in at once, while use goes on, for a holiday of theirs', () => {
  const usual = (week: number): number => 5 + (week % 2);
  expect(together(words(47, [0, 0], usual), use(47, [0.6, 0.6]), 2)).toBe(0);
  // Who goes on writing less is not away, nor is who was silent for longer.
  expect(together(words(47, [3, 3], usual), use(47, [0.6, 0.6]), 2)).toBeGreaterThan(4.5);
  expect(together(words(47, [0, 0, 0], usual), use(47, [0.6, 0.6, 0.6]), 3)).toBeGreaterThan(4.5);
});

it('takes a week without a word for no holiday where hardly one was due', () => {
  const seldom = (week: number): number => (week % 2 === 0 ? 2 : 1);
  expect(together(words(47, [0, 2, 1], seldom), use(47, [0.5, 0.72, 0.9]), 2)).toBeGreaterThan(4.5);
});

it('takes a fall that grows for more than one that is as deep and grows no further', () => {
  const fall = (now: readonly number[]): number => fallOf([streamOf(use(47, now), now.length)])?.drop ?? Number.NaN;
  expect(fall([0.6, 0.9])).toBeGreaterThan(fall([0.75, 0.75]) + 0.3);
  expect(fall([0.5, 0.7, 0.9])).toBeGreaterThan(fall([0.7, 0.7, 0.7]) + 0.3);
  expect(fall([0.9, 0.6])).toBeLessThan(fall([0.75, 0.75]) - 0.3);
});

it('measures how a rhythm swings wherever its stretches begin', () => {
  // Four weeks of much and four of little in turn: cut at the wrong places, all stretches of eight are alike.
  const turns = (shift: number) => (week: number) => (Math.floor((week + shift) / 4) % 2 === 0 ? 9 : 3);
  const drops = [0, 1, 2, 3].map((shift) => dropOf(words(44, [1, 1, 1, 1], turns(shift)), 4));
  expect(Math.max(...drops) - Math.min(...drops)).toBeLessThan(0.8);
});

it('takes three weeks without a word of three a week for hardly more than chance', () => {
  // 3.5 where nothing at all told more than a third of the usual does.
  expect(
    dropOf(
      words(47, [0, 0, 0], (week) => 2 + (week % 3)),
      3,
    ),
  ).toBeLessThan(3.3);
});

it('hardly ever takes chance for a fall, however few stretches of a rhythm that swings are known', () => {
  const seed = Number(process.env['WAYMARK_SEED'] ?? 5);
  const draw = seededDraw(seed);
  const poisson = (mean: number): number => {
    let count = -1;
    for (let left = 1; left > Math.exp(-mean); left *= draw()) count += 1;
    return count;
  };
  for (const count of [15, 25, 47]) {
    let beyond = 0;
    const accounts = 4000;
    for (let account = 0; account < accounts; account += 1) {
      const mean = 3 + draw() * 6;
      const swings = draw() * 0.6;
      let level = 1;
      const sums = Array.from({ length: count }, (_, week) => {
        if (week % 4 === 0) level = 1 - swings + 2 * swings * draw();
        return poisson(mean * level);
      });
      const weeks: Weeks = { sums, levels: sums.map(() => 1), kind: 'counts' };
      if (dropOf(weeks, 3) >= 4) beyond += 1;
    }
    expect(beyond / accounts, `${count} weeks, seed ${seed}`).toBeLessThan(0.001);
  }
});
