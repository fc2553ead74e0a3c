import { describe, expect, it } from 'vitest';
import { sourceSilences } from './source-silence.ts';
import { knownLulls, type Happening, type Unheard } from './workspace-lull.ts';

const DAY = 86_400_000;
const START = Date.UTC(2025, 0, 6);
const days = 200;

/** So many words of a source on each workday, told on the day itself or later. */
function words(source: string, share: (day: number) => number, toldOn = (day: number) => day): Happening[] {
  return Array.from({ length: days }, (_, day) => day)
    .filter((day) => day % 7 < 5)
    .flatMap((day) =>
      Array.from({ length: Math.round(20 * share(day)) }, (_unused, index) => ({
        occurredAt: START + day * DAY + (8 + (index % 10)) * (DAY / 24),
        recordedAt: START + Math.max(day, toldOn(day)) * DAY + (8 + (index % 10)) * (DAY / 24),
        weight: 1,
        sources: [source],
      })),
    );
}
const isOut = (day: number) => day >= 140 && day < 149;
const always = () => 1;
const inOutage = (share: number) => (day: number) => (isOut(day) ? share : 1);
/** What a source's own silence is known to be. */
const silencesOf = (source: string, happenings: readonly Happening[], until = days): Unheard[] =>
  sourceSilences(
    happenings.filter((one) => one.sources?.includes(source)),
    START + until * DAY,
  ).map((silence) => ({ ...silence, source }));

/** The days that are told to be quiet, as of a day. */
function quietDays(happenings: readonly Happening[], unheard: readonly Unheard[], asOf = days): number[] {
  const lulls = knownLulls('contact', happenings, START + asOf * DAY, unheard).at(-1)?.lulls ?? [];
  return lulls.flatMap(({ from, to }) =>
    Array.from({ length: (to - from) / DAY }, (_, index) => (from - START) / DAY + index),
  );
}

describe('a source that is silent everywhere', () => {
  it('makes no quiet season while another goes on as ever, and did without being known', () => {
    const told = [...words('mail', inOutage(0)), ...words('calendar', always)];
    expect(quietDays(told, []).filter((day) => day >= 140).length).toBeGreaterThan(4);
    expect(quietDays(told, silencesOf('mail', told))).toEqual([]);
  });

  it('makes none where it is the only one: nothing is known of those days', () => {
    const told = words('mail', inOutage(0));
    expect(quietDays(told, silencesOf('mail', told))).toEqual([]);
  });

  it('hides none that the other sources show, and is no measure of the weeks after', () => {
    const quiet = (day: number) => (day >= 138 && day < 166 ? 0.3 : 1);
    const told = [...words('mail', (day) => (isOut(day) ? 0 : quiet(day))), ...words('calendar', quiet)];
    const found = quietDays(told, silencesOf('mail', told));
    expect(Math.min(...found)).toBeLessThan(143);
    expect(found.filter((day) => isOut(day) && day >= 143).length).toBeGreaterThan(4);
    expect(found.filter((day) => day >= 150 && day < 165).length).toBeGreaterThan(12);
    expect(Math.max(...found)).toBeLessThan(172);
  });

  it('is no measure for the weeks after it, however long it was', () => {
    const quiet = (day: number) => (day >= 126 && day < 147 ? 0.4 : 1);
    const told = [...words('mail', (day) => (day >= 70 && day < 112 ? 0 : quiet(day))), ...words('calendar', quiet)];
    const lulls = knownLulls('contact', told, START + 148 * DAY, silencesOf('mail', told, 148)).at(-1)?.lulls ?? [];
    const level = lulls.find((one) => one.from <= START + 135 * DAY && START + 135 * DAY < one.to)?.level;
    expect(level).toBeGreaterThan(0.3);
    expect(level).toBeLessThan(0.5);
  });

  it('unmakes a season that was seen before the silence was known, and leaves no trace once all was delivered', () => {
    const deliveredOn = (day: number) => (isOut(day) ? 152 : day);
    const late = [...words('mail', always, deliveredOn), ...words('calendar', always)];
    const silences = silencesOf('mail', late);
    expect(silences).toHaveLength(1);
    // Known only later: until then the dip is what it looks like.
    const slow = silences.map((one) => ({ ...one, knownFrom: START + 145 * DAY }));
    expect(quietDays(late, slow, 145)).not.toEqual([]);
    expect(quietDays(late, slow, 147)).toEqual([]);
    expect(quietDays(late, slow, days)).toEqual([]);
    const inTime = [...words('mail', always), ...words('calendar', always)];
    expect(quietDays(late, silences)).toEqual(quietDays(inTime, []));
  });

  it('says of an instant what was known then, whatever comes later', () => {
    const late = [
      ...words('mail', always, (day) => (isOut(day) ? 152 : day)),
      ...words('calendar', (day) => (day >= 170 ? 0.3 : 1)),
    ];
    const until = (day: number) => knownLulls('contact', late, START + day * DAY, silencesOf('mail', late, day));
    for (const day of [142, 145, 150, 153, 175])
      expect(until(day)).toEqual(until(days).filter((one) => one.from < START + day * DAY));
  });
});
