import { expect, it } from 'vitest';
import { seededDraw } from '../backtest/seeded-draw.ts';
import { slideOf } from './slide.ts';

it('counts the weeks in which each three brought a tenth less than the three before', () => {
  const slide = [0.4, 0.4, 0.4, 0.55, 0.55, 0.55, 0.7, 0.7, 0.7, 0.9, 0.9, 0.9, 1, 1, 1, 0.98, 0.98, 0.98];
  // 1 after 0.98 is no fall: twelve weeks back, and the tenth from 1 to 0.9 is just none.
  expect(slideOf(slide.slice(0, 4), slide.slice(4))).toBe(9);
  for (let window = 2; window <= 6; window += 1) expect(slideOf(slide.slice(0, window), slide.slice(window))).toBe(9);
});

it('is none where the latest weeks are back, where a fall has ended, and where too little is known', () => {
  expect(slideOf([1, 1, 1], [0.4, 0.4, 0.4, 1, 1, 1])).toBe(0);
  expect(slideOf([0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 1, 1, 1])).toBe(0);
  expect(slideOf([0.1, 0.1, 0.1], [1, 1])).toBe(0);
  expect(slideOf([0, 0, 0], [0, 0, 0, 0])).toBe(0);
  expect(slideOf([0.5, 0.5, 0.5], [1, 1, Number.NaN, 1, 1, 1])).toBe(0);
});

it('is none of who slid for as long before and came back', () => {
  const slide = [0.4, 0.4, 0.4, 0.55, 0.55, 0.55, 0.7, 0.7, 0.7, 1, 1, 1];
  expect(slideOf(slide.slice(0, 3), [...slide.slice(3), 1, 1, ...slide, 1, 1, 1])).toBe(0);
  // A shorter one before was no such slide.
  expect(slideOf(slide.slice(0, 3), [...slide.slice(3), 1, 1, ...slide.slice(3), 1, 1, 1])).toBe(9);
});

it('tells a slide from swings: by chance hardly anybody falls for nine weeks in a row', () => {
  const seed = 4_112;
  const draw = seededDraw(seed);
  let slid = 0;
  for (let account = 0; account < 2_000; account += 1) {
    const weeks = Array.from({ length: 40 }, () => 0.4 + 1.2 * draw());
    if (slideOf(weeks.slice(0, 6), weeks.slice(6)) >= 9) slid += 1;
  }
  expect(slid, `seed ${seed}`).toBeLessThan(40);
  const falling = Array.from({ length: 40 }, (_, week) => Math.min(1, 0.3 + week * 0.06) * (0.97 + 0.06 * draw()));
  expect(slideOf(falling.slice(0, 6), falling.slice(6)), `seed ${seed}`).toBeGreaterThanOrEqual(9);
});
