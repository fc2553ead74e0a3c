import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY, zoneOf } from './zone.ts';

const seed = Number(process.env['WAYMARK_SEED'] ?? Date.now() % 2 ** 31);
const QUARTER = 900_000;

/** Zones whose clocks or calendars do what few expect, with a time at which they do. */
const odd = [
  // Behind by an hour for the month of Ramadan.
  ['Africa/Casablanca', '2026-02-01', '2026-04-01'],
  // Changes at midnight: the day has no 00:00, or begins twice.
  ['America/Scoresbysund', '2023-03-01', '2024-04-20'],
  ['America/Havana', '2026-02-25', '2026-03-20'],
  ['America/Santiago', '2026-03-25', '2026-09-20'],
  ['Africa/Cairo', '2026-04-10', '2026-11-10'],
  ['Asia/Beirut', '2026-03-20', '2026-11-01'],
  // Not by whole hours.
  ['Asia/Kathmandu', '2026-01-01', '2026-02-01'],
  ['Australia/Lord_Howe', '2026-03-25', '2026-10-20'],
  ['America/St_Johns', '2026-03-01', '2026-11-10'],
  // By two hours.
  ['Antarctica/Troll', '2026-03-20', '2026-11-01'],
  // The 30th of December 2011, a Friday, never was.
  ['Pacific/Apia', '2011-12-10', '2012-01-20'],
  ['Pacific/Kiritimati', '2026-01-01', '2026-02-01'],
  ['Europe/Berlin', '2027-12-20', '2028-03-31'],
] as const;

const quiet = [
  { from: '12-24', to: '01-01' },
  { from: '02-27', to: '02-28' },
  { from: '03-29', to: '03-30' },
];
const holidays = ['2011-12-30', '2012-01-02', '2026-04-06', '2026-09-06', '2026-09-18', '2024-03-31', '2028-02-29'];

/** Whether a quarter of an hour counts, by the date that a clock on the wall shows. */
function counting(zone: string) {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone });
  const known = new Map<string, { readonly awake: boolean; readonly business: boolean }>();
  return (at: number) => {
    const date = format.format(at);
    const found = known.get(date);
    if (found) return found;
    const day = date.slice(5);
    const isQuiet = quiet.some(({ from, to }) => (from <= to ? day >= from && day <= to : day >= from || day <= to));
    const awake = !isQuiet && !holidays.includes(date);
    const isWeekend = [0, 6].includes(new Date(`${date}T12:00:00Z`).getUTCDay());
    const made = { awake, business: awake && !isWeekend };
    known.set(date, made);
    return made;
  };
}

describe('the clocks of odd zones', () => {
  it.each(odd)('%s: count what a clock on the wall would have counted', (name, first, last) => {
    const zone = zoneOf(name, quiet, holidays);
    const counts = counting(name);
    const [from, to] = [Date.parse(`${first}T00:00:00Z`), Date.parse(`${last}T00:00:00Z`)];
    const sums = { awake: [0], business: [0] };
    for (let at = from; at < to; at += QUARTER) {
      const now = counts(at);
      for (const clock of ['awake', 'business'] as const)
        sums[clock].push((sums[clock].at(-1) ?? 0) + (now[clock] ? QUARTER : 0));
    }
    const quarters = (to - from) / QUARTER;
    const differing: string[] = [];
    for (const clock of ['awake', 'business'] as const)
      for (let index = 0; index < quarters; index += 1) {
        const at = from + index * QUARTER;
        const counted = (sums[clock][index + 1] ?? 0) - (sums[clock][index] ?? 0);
        if (zone[clock].between(at, at + QUARTER) !== counted) differing.push(`${clock} ${new Date(at).toISOString()}`);
      }
    expect(differing).toEqual([]);
    const place = fc.integer({ min: 0, max: quarters });
    fc.assert(
      fc.property(place, place, fc.constantFrom('awake' as const, 'business' as const), (one, other, clock) => {
        const [a, b] = [Math.min(one, other), Math.max(one, other)];
        const wanted = (sums[clock][b] ?? 0) - (sums[clock][a] ?? 0);
        expect(zone[clock].between(from + a * QUARTER, from + b * QUARTER)).toBe(wanted);
        if (wanted === 0) return;
        const reached = zone[clock].after(from + a * QUARTER, wanted);
        expect(zone[clock].between(from + a * QUARTER, reached)).toBe(wanted);
        expect(zone[clock].between(from + a * QUARTER, reached - 1)).toBe(wanted - 1);
      }),
      { seed, numRuns: 60 },
    );
  });

  it.each(odd)('%s: dates are those of the wall', (name, first, last) => {
    const zone = zoneOf(name);
    const wall = new Intl.DateTimeFormat('en-GB', { timeZone: name, day: 'numeric', month: 'short', year: 'numeric' });
    for (let at = Date.parse(`${first}T00:00:00Z`); at < Date.parse(`${last}T00:00:00Z`); at += DAY / 48)
      expect(zone.date(at)).toBe(wall.format(at).replace('Sept', 'Sep'));
  });
});
