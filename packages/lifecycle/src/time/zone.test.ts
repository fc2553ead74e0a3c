import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { DAY, zoneOf } from './zone.ts';

const HOUR = 3_600_000;
const berlin = zoneOf('Europe/Berlin');

describe('business time', () => {
  it('leaves out the weekend of the zone, not of UTC', () => {
    // Friday 17:00 in Berlin to Monday 17:00.
    const friday = Date.UTC(2026, 0, 9, 16);
    expect(berlin.business.between(friday, friday + 3 * DAY)).toBe(DAY);
    expect(berlin.business.after(friday, DAY)).toBe(friday + 3 * DAY);
    // In Auckland it is Saturday already.
    expect(zoneOf('Pacific/Auckland').business.between(friday, friday + DAY)).toBe(0);
  });

  it('begins on Monday at midnight, also where the clocks change on the Sunday before (C2)', () => {
    // Europe/Berlin, 29 March 2026: the weekend has 47 hours.
    const monday = Date.UTC(2026, 2, 29, 22);
    expect(berlin.business.between(monday - HOUR, monday)).toBe(0);
    expect(berlin.business.between(monday, monday + HOUR)).toBe(HOUR);
    expect(berlin.business.between(Date.UTC(2026, 2, 27, 23), monday)).toBe(0);
  });

  it('finds the very instant at which an age is reached', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'Pacific/Apia'];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones).map(zoneOf),
        fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2028, 11, 31) }),
        fc.integer({ min: 1, max: 40 * DAY }),
        (zone, from, ms) => {
          const instant = zone.business.after(from, ms);
          expect(zone.business.between(from, instant)).toBe(ms);
          expect(zone.business.between(from, instant - 1)).toBe(ms - 1);
        },
      ),
      { seed: 20260105 },
    );
  });

  it('stands still on quiet days, over the turn of the year and where the clocks change', () => {
    const zone = zoneOf('Europe/Berlin', [
      { from: '12-24', to: '01-01' },
      { from: '03-29', to: '03-29' },
    ]);
    // Wednesday 23 December 2026, 12:00 in Berlin, to Saturday 2 January, 12:00: two half days; one and none of them business.
    const noon = Date.UTC(2026, 11, 23, 11);
    expect(zone.awake.between(noon, noon + 10 * DAY)).toBe(DAY);
    expect(zone.business.between(noon, noon + 10 * DAY)).toBe(DAY / 2);
    expect(zone.awake.after(noon, DAY / 2 + 1)).toBe(Date.UTC(2027, 0, 1, 23) + 1);
    // The 29th of March has 23 hours.
    expect(zone.awake.between(Date.UTC(2026, 2, 28, 12), Date.UTC(2026, 2, 30, 11))).toBe(DAY);
    fc.assert(
      fc.property(
        fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Auckland'),
        fc.constantFrom('awake', 'business'),
        fc.integer({ min: Date.UTC(2025, 11, 1), max: Date.UTC(2028, 3, 30) }),
        fc.integer({ min: 1, max: 800 * DAY }),
        (name, clock, from, ms) => {
          const { [clock]: time } = zoneOf(name, [
            { from: '12-24', to: '01-01' },
            { from: '03-01', to: '03-31' },
          ]);
          const instant = time.after(from, ms);
          expect(time.between(from, instant)).toBe(ms);
          expect(time.between(from, instant - 1)).toBe(ms - 1);
        },
      ),
      { seed: 20260105 },
    );
  });

  it('stands still on holidays, each of its own year, on quiet days or not, and where the clocks change', () => {
    // Easter Monday of 2026 and 2027, and New Year, which quiet days of the year before reach as well.
    const holidays = ['2026-04-06', '2027-03-29', '2027-01-01', '2027-03-28'];
    const alone = zoneOf('Europe/Berlin', [], holidays);
    const saturday = Date.UTC(2026, 3, 4, 10);
    expect(alone.business.between(saturday, saturday + 3 * DAY)).toBe(DAY / 2);
    expect(alone.awake.between(saturday, saturday + 3 * DAY)).toBe(2 * DAY);
    // The 28th of March 2027 is a Sunday of 23 hours; then comes Monday.
    const before = Date.UTC(2027, 2, 27, 23);
    expect(alone.awake.between(before, before + 3 * DAY)).toBe(DAY + HOUR);
    // Not in other years, and never again after the last.
    expect(alone.business.between(Date.UTC(2025, 3, 6, 22), Date.UTC(2025, 3, 7, 22))).toBe(DAY);
    expect(alone.business.between(Date.UTC(2030, 0, 6, 23), Date.UTC(2030, 0, 7, 23))).toBe(DAY);
    expect(alone.awake.after(Date.UTC(2031, 0, 1), 5)).toBe(Date.UTC(2031, 0, 1) + 5);
    const both = zoneOf('Europe/Berlin', [{ from: '12-24', to: '01-01' }], holidays);
    const noon = Date.UTC(2026, 11, 23, 11);
    expect(both.awake.between(noon, noon + 10 * DAY)).toBe(DAY);
    fc.assert(
      fc.property(
        fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Auckland', 'America/New_York'),
        fc.constantFrom('awake', 'business'),
        fc.constantFrom([], [{ from: '12-24', to: '01-01' }]),
        fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 40 }),
        fc.integer({ min: Date.UTC(2025, 11, 1), max: Date.UTC(2028, 3, 30) }),
        fc.integer({ min: 1, max: 800 * DAY }),
        (name, clock, quiet, offsets, from, ms) => {
          const dates = offsets.map((days) => new Date(Date.UTC(2025, 11, 20) + days * DAY).toISOString().slice(0, 10));
          const { [clock]: time } = zoneOf(name, quiet, dates);
          const instant = time.after(from, ms);
          expect(time.between(from, instant)).toBe(ms);
          expect(time.between(from, instant - 1)).toBe(ms - 1);
          // A day taken away is a day that counts again.
          const { [clock]: fewer } = zoneOf(name, quiet, dates.slice(1));
          expect(fewer.between(from, instant)).toBeGreaterThanOrEqual(ms);
        },
      ),
      { seed: 20260105 },
    );
  });

  it('leaves out each hour of weekends, quiet days and holidays once, however they overlap', () => {
    // Most of the year is quiet, and holidays of the next year lie in it.
    const quiet = { from: '09-16', to: '06-25' };
    const holidays = ['2022-03-22', '2022-02-24', '2023-03-09', '2022-07-05'];
    const { business, awake } = zoneOf('America/New_York', [quiet], holidays);
    const isQuiet = (date: string) =>
      date.slice(5) >= quiet.from || date.slice(5) <= quiet.to || holidays.includes(date);
    const local = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York' });
    const days: string[] = [];
    for (let at = Date.UTC(2021, 5, 1, 12); at < Date.UTC(2023, 8, 1); at += DAY) days.push(local.format(at));
    // Asked first about other years, since what is looked up is kept.
    awake.between(Date.UTC(2020, 0, 1), Date.UTC(2020, 0, 2));
    for (const [first, last] of [
      [3, 37],
      [280, 320],
      [368, 403],
      [30, 800],
    ] as const) {
      const [from, to] = [days[first], days[last]].map((day) => Date.parse(`${day}T04:00:00Z`));
      const passed = days.slice(first, last).filter((day) => !isQuiet(day));
      const weekdays = passed.filter((day) => new Date(`${day}T12:00:00Z`).getUTCDay() % 6 !== 0);
      expect(awake.between(from ?? 0, to ?? 0)).toBe(passed.length * DAY);
      expect(business.between(from ?? 0, to ?? 0)).toBe(weekdays.length * DAY);
    }
  });

  it('says dates as the zone has them, and takes an unknown zone for UTC', () => {
    expect(berlin.date(Date.UTC(2026, 11, 31, 23, 30))).toBe('1 Jan 2027');
    expect(zoneOf('Nowhere/Land').date(Date.UTC(2026, 1, 3))).toBe('3 Feb 2026');
  });
});
