import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { silencesInTurn, sourceSilences, type Arrival } from './source-silence.ts';
import { DAY } from '../time/zone.ts';

const start = Date.UTC(2026, 0, 5);
/** Ten arrivals each weekday from one day to another, told as they happen. */
const busy = (from: number, to: number): Arrival[] =>
  Array.from({ length: to - from }, (_, index) => from + index)
    .filter((day) => ![0, 6].includes(new Date(start + day * DAY).getUTCDay()))
    .flatMap((day) =>
      Array.from({ length: 10 }, (_, part) => start + day * DAY + (8 + part) * 3_600_000).map((at) => ({
        occurredAt: at,
        recordedAt: at,
      })),
    );

describe('silences of a source', () => {
  it('a source that goes on has none, weekends and all', () => {
    expect(sourceSilences(busy(0, 120), start + 120 * DAY)).toEqual([]);
  });

  it('nine days without a word are one, known only after it was too long', () => {
    const [silence, ...more] = sourceSilences([...busy(0, 60), ...busy(70, 100)], start + 100 * DAY);
    expect(more).toEqual([]);
    expect(silence?.from).toBeLessThan(start + 60 * DAY);
    expect(silence?.knownFrom).toBeGreaterThan((silence?.from ?? 0) + 2 * DAY);
    expect(silence?.knownFrom).toBeLessThan((silence?.from ?? 0) + 6 * DAY);
    expect(silence?.to).toBeGreaterThanOrEqual(start + 70 * DAY);
    expect(silence?.filledAt).toBeNull();
  });

  it('what was missing comes late in one burst: the silence is filled then, and not before', () => {
    const burst = start + 70 * DAY;
    const late = busy(60, 70).map((one) => ({ ...one, recordedAt: burst }));
    const [silence] = sourceSilences([...busy(0, 60), ...late, ...busy(70, 100)], start + 100 * DAY);
    expect(silence).toMatchObject({ filledAt: burst });
    expect(silence?.knownFrom).toBeLessThan(burst);
  });

  it('a burst that holds a weekend fills the silence all the same, and nobody knew of its end before', () => {
    // Six times as much an hour: a night is long for it, and a weekend longer than what first showed the silence.
    const often = (from: number, to: number) => busy(from, to).flatMap((one) => Array.from({ length: 6 }, () => one));
    for (const [day, length] of [
      [60, 9],
      [61, 10],
      [63, 5],
    ] as const) {
      const burst = start + (day + length) * DAY;
      const late = often(day, day + length).map((one) => ({ ...one, recordedAt: burst }));
      const all = [...often(0, day), ...late, ...often(day + length, 100)];
      const [silence, ...more] = sourceSilences(all, start + 100 * DAY);
      expect(more).toEqual([]);
      // One that ends on a weekend shows as over once the next week begins.
      expect(silence?.filledAt, `from day ${day}`).toBe(silence?.overAt);
      expect(silence?.overAt).toBeGreaterThanOrEqual(burst);
      expect(silence?.overAt).toBeLessThan(burst + 3 * DAY);
      expect(silence?.knownFrom).toBeLessThan(start + (day + 4) * DAY);
    }
  });

  it('no order of what is given makes a difference, and what comes after an instant changes nothing before it', () => {
    const all = [...busy(0, 60), ...busy(70, 100)];
    const whole = sourceSilences(all, start + 100 * DAY);
    expect(sourceSilences(all.toReversed(), start + 100 * DAY)).toEqual(whole);
    const [then] = sourceSilences(all, start + 69 * DAY);
    expect(then).toMatchObject({ from: whole[0]?.from, knownFrom: whole[0]?.knownFrom, to: null, filledAt: null });
  });

  it('too little to know what is usual is no silence', () => {
    expect(sourceSilences(busy(0, 3), start + 60 * DAY)).toEqual([]);
  });

  it('what it lets go of on the way changes nothing, whatever was silent, late or never filled', () => {
    const seed = Number(process.env['WAYMARK_SEED'] ?? Date.now() % 1_000_000);
    console.info(`silences: seed ${seed}; replay with WAYMARK_SEED=${seed}`);
    const outage = fc.record({
      from: fc.integer({ min: 20, max: 380 }),
      days: fc.integer({ min: 1, max: 25 }),
      /** Days after its end on which a part of it came after all; none where it never did. */
      lateBy: fc.option(fc.integer({ min: 0, max: 90 })),
      part: fc.integer({ min: 1, max: 3 }),
      /** A trickle goes on. */
      trickle: fc.boolean(),
    });
    let found = 0;
    fc.assert(
      fc.property(fc.array(outage, { maxLength: 5 }), fc.integer({ min: 200, max: 420 }), (outages, length) => {
        const told = busy(0, 400).flatMap((one, index): Arrival[] => {
          const day = (one.occurredAt - start) / DAY;
          const out = outages.find(({ from, days }) => day >= from && day < from + days);
          if (!out || (out.trickle && index % 40 === 0)) return [one];
          return out.lateBy === null || index % out.part > 0
            ? []
            : [{ ...one, recordedAt: start + (out.from + out.days + out.lateBy) * DAY + index }];
        });
        const inTurn = told.toSorted((a, b) => a.recordedAt - b.recordedAt || a.occurredAt - b.occurredAt);
        const arrivals = {
          recordedAt: Float64Array.from(inTurn, (one) => one.recordedAt),
          occurredAt: Float64Array.from(inTurn, (one) => one.occurredAt),
        };
        const to = start + length * DAY;
        const whole = silencesInTurn(arrivals, to, Infinity);
        found += whole.length;
        for (const tidyFrom of [1, 50, 700]) expect(silencesInTurn(arrivals, to, tidyFrom)).toEqual(whole);
        expect(sourceSilences(told.toReversed(), to)).toEqual(whole);
      }),
      { seed, numRuns: 25 },
    );
    expect(found).toBeGreaterThan(10);
  });
});
