import { expect, it } from 'vitest';
import { wired } from './wire.ts';

const at = Date.UTC(2026, 2, 1, 9, 30);
const text = '2026-03-01T09:30:00.000Z';

it('writes instants by their names, however deep, and leaves all other numbers', () => {
  const report = {
    asOf: at,
    gaps: [{ from: at, to: null, hours: 3 }],
    flags: [{ openedAt: at, proof: { at, evidence: [{ at, note: 'x' }], comparisons: [{ value: at, threshold: 3 }] } }],
    purgedSince: [at, at],
    watchedFrom: at,
    handling: { snoozedUntil: at },
    made: new Date(at),
    health: { score: 70, weight: 2 },
    resumedAt: 1200,
    endless: { to: Infinity },
  };
  expect(wired(report)).toEqual({
    asOf: text,
    gaps: [{ from: text, to: null, hours: 3 }],
    flags: [
      {
        openedAt: text,
        proof: { at: text, evidence: [{ at: text, note: 'x' }], comparisons: [{ value: at, threshold: 3 }] },
      },
    ],
    purgedSince: [text, text],
    watchedFrom: text,
    handling: { snoozedUntil: text },
    made: new Date(at),
    health: { score: 70, weight: 2 },
    resumedAt: 1200,
    endless: { to: Infinity },
  });
});

it('leaves to a source what it calls its own', () => {
  const attributes = { startsAt: at, closeAt: at, createdAt: 12, from: 3, own: { at: 7 } };
  expect(wired([{ attributes }])).toEqual([
    { attributes: { startsAt: text, closeAt: text, createdAt: 12, from: 3, own: { at: 7 } } },
  ]);
});
