import { expect, it } from 'vitest';
import { streamOf, type Weeks } from './fall.ts';

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
