import { describe, expect, it } from 'vitest';
import { heardAgain, isKnownSilent, type ToldBySource } from './heard-again.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5);
/** Twice an hour from eight to six on each of 80 days, but for days that are told later or never. */
function source(toldAt: (day: number) => number | null, silences: ToldBySource['silences'] = []): ToldBySource {
  const told: { recordedAt: number; occurredAt: number }[] = [];
  for (let day = 0; day < 80; day += 1)
    for (let half = 0; half < 20; half += 1) {
      const occurredAt = START + day * DAY + 8 * HOUR + (half * HOUR) / 2;
      const late = toldAt(day);
      if (late !== null) told.push({ occurredAt, recordedAt: Math.max(occurredAt, late) });
    }
  told.sort((a, b) => a.recordedAt - b.recordedAt);
  return {
    recordedAt: Float64Array.from(told, (one) => one.recordedAt),
    occurredAt: Float64Array.from(told, (one) => one.occurredAt),
    silences,
  };
}
const at = (day: number, hour = 0) => START + day * DAY + hour * HOUR;
const always = source(() => 0);

describe('a source that an alert rests on', () => {
  it('is heard of again with the first that it tells of anybody since', () => {
    expect(heardAgain(always, at(70), at(70))).toBe(at(70, 8));
    expect(heardAgain(always, at(70, 8), at(70, 8))).toBe(at(70, 8));
    expect(heardAgain(always, at(70, 9.2), at(70, 9.2))).toBe(at(70, 9.5));
  });

  it('is waited for no longer where it told something between the opening and the day on which that was known', () => {
    expect(heardAgain(always, at(69), at(70))).toBe(at(70));
    expect(heardAgain(always, at(70, 17.6), at(71))).toBe(at(71, 8));
  });

  it('is not heard by what comes late of the time before', () => {
    const late = source((day) => (day < 70 ? at(day + 1, 3) : at(day)));
    expect(heardAgain(late, at(70, 1), at(70, 1))).toBe(at(70, 8));
  });

  it('is waited for until it is known to be silent, and not at all from then on', () => {
    const silence = { from: at(69, 17.5), knownFrom: at(71, 12), to: at(75, 8), overAt: at(75, 8), filledAt: null };
    const silent = source((day) => (day >= 70 && day < 75 ? null : 0), [silence]);
    expect(heardAgain(silent, at(70), at(70))).toBe(at(71, 12));
    expect(heardAgain(silent, at(73), at(73))).toBe(at(73));
    expect(heardAgain(silent, at(75), at(75))).toBe(at(75));
    expect(heardAgain(silent, at(76), at(76))).toBe(at(76, 8));
  });

  it('is known to be silent from the notice to the day on which it was heard of again', () => {
    const silence = { from: at(69), knownFrom: at(71), to: at(75), overAt: at(76), filledAt: null };
    const known = [70, 71, 75.5, 76].map((day) => isKnownSilent({ silences: [silence] }, at(day)));
    expect(known).toEqual([false, true, true, false]);
    expect(isKnownSilent({ silences: [{ ...silence, to: null, overAt: null }] }, at(400))).toBe(true);
  });

  it('is waited for by nobody where it tells too little to be missed', () => {
    const { recordedAt, occurredAt } = always;
    const rare = {
      recordedAt: recordedAt.filter((_, i) => i % 60 === 0),
      occurredAt: occurredAt.filter((_, i) => i % 60 === 0),
      silences: [],
    };
    expect(heardAgain(rare, at(70), at(70))).toBe(at(70));
    expect(heardAgain(always, at(1), at(1))).toBe(at(1));
  });

  it('that tells nothing any more keeps an alert back that nobody can tell from its end', () => {
    expect(
      heardAgain(
        source((day) => (day < 70 ? 0 : null)),
        at(70),
        at(70),
      ),
    ).toBe(Infinity);
  });
});
