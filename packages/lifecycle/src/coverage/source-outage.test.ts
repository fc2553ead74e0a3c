import { describe, expect, it } from 'vitest';
import { sourceOutages, type HeardHour, type HeardSource } from './source-outage.ts';
import { DAY } from '../time/zone.ts';

const HOUR = 3_600_000;
/** A Monday. */
const start = Date.UTC(2026, 0, 5);
/** Ten arrivals each weekday from one day to another, one in each hour from eight on. */
const busy = (from: number, to: number): HeardHour[] =>
  Array.from({ length: to - from }, (_, index) => from + index)
    .filter((day) => ![0, 6].includes(new Date(start + day * DAY).getUTCDay()))
    .flatMap((day) =>
      Array.from({ length: 10 }, (_, part) => start + day * DAY + (8 + part) * HOUR).map((at) => ({
        first: at,
        last: at,
        count: 1,
      })),
    );
const mail = (hours: readonly HeardHour[], source = 'mail'): HeardSource => ({ source, touchpoint: 'email', hours });
const at = (day: number) => start + day * DAY;

describe('outages of imported sources', () => {
  it('a source that goes on has none, and says when to look again: when its silence would be too long', () => {
    const { outages, nextAt } = sourceOutages([mail(busy(0, 60))], at(60));
    expect(outages).toEqual([]);
    if (nextAt === null) throw new Error('no next look');
    expect(sourceOutages([mail(busy(0, 60))], nextAt - 1).outages).toEqual([]);
    expect(sourceOutages([mail(busy(0, 60))], nextAt).outages).toMatchObject([{ to: null }]);
  });

  it('nine days without a word are one, from after the last word to before the next', () => {
    const hours = [...busy(0, 60), ...busy(70, 100)];
    const { outages } = sourceOutages([mail(hours)], at(99));
    const last = busy(0, 60).at(-1)?.last ?? 0;
    const next = busy(70, 100)[0]?.first ?? 0;
    expect(outages).toEqual([{ source: 'mail', touchpoint: 'email', from: last + 1, to: next - 1 }]);
  });

  it('what came late after all leaves no trace', () => {
    const { outages } = sourceOutages([mail([...busy(0, 60), ...busy(60, 70), ...busy(70, 100)])], at(99));
    expect(outages).toEqual([]);
  });

  it('one that ended for good lasts, until another source has taken its place', () => {
    expect(sourceOutages([mail(busy(0, 60))], at(200)).outages).toMatchObject([{ to: null }]);
    const [outage, ...more] = sourceOutages([mail(busy(0, 60)), mail(busy(63, 200), 'new')], at(200)).outages;
    expect(more).toEqual([]);
    expect(outage).toMatchObject({ source: 'mail', to: (busy(63, 200)[0]?.first ?? 0) - 1 });
    // One that was there all along watches others: it takes nobody's place.
    const both = sourceOutages([mail(busy(0, 60)), mail(busy(0, 200), 'other')], at(199.5)).outages;
    expect(both).toMatchObject([{ source: 'mail', to: null }]);
    const fax = { ...mail(busy(63, 200), 'fax'), touchpoint: 'ticket' };
    expect(sourceOutages([mail(busy(0, 60)), fax], at(199.5)).outages).toMatchObject([{ source: 'mail', to: null }]);
  });

  it('one that was loaded at once and tells of little since then is usual with that little', () => {
    const load = { first: at(0) + 9 * HOUR, last: at(0) + 9.5 * HOUR, count: 400 };
    const now = [17, 31, 33, 58, 80, 81, 120]
      .map((day) => at(day) + 10 * HOUR)
      .map((one) => ({ first: one, last: one, count: 1 }));
    expect(sourceOutages([mail([load, ...now])], at(150)).outages).toEqual([]);
    expect(sourceOutages([mail([load])], at(150))).toEqual({ outages: [], nextAt: null });
    // Busy all along, and a load among it: what is usual stays what it was.
    const [busyOne, ...more] = sourceOutages(
      [mail([...busy(0, 40), { ...load, first: at(40), last: at(40) }, ...busy(41, 60)])],
      at(80),
    ).outages;
    expect([busyOne?.to, more]).toEqual([null, []]);
  });

  it('what lies ahead, and too little to know what is usual, is no silence', () => {
    expect(sourceOutages([mail(busy(0, 3))], at(300))).toEqual({ outages: [], nextAt: null });
    const ahead = { first: at(400), last: at(400), count: 1 };
    expect(sourceOutages([mail([...busy(0, 60), ahead])], at(70)).outages).toMatchObject([{ to: null }]);
  });
});
