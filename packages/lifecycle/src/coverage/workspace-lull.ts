import { DAY } from '../time/zone.ts';
import { DaysHeard } from './days-heard.ts';
import type { SourceSilence } from './source-silence.ts';

/** A stretch in which a whole workspace was quieter than usual: a holiday season, not a customer who turns away. */
export interface Lull {
  /** Midnight (UTC) of its first day, and the one after its last. */
  readonly from: number;
  readonly to: number;
  /** What was going on as a share of the usual, from 0.05 up to 0.85. */
  readonly level: number;
  /** Words of people, or use of the product. */
  readonly of: 'contact' | 'product';
}

/** What happened of one kind, over all accounts; `weight` is 1 for words and the value for use. */
export interface Happening {
  readonly occurredAt: number;
  readonly recordedAt: number;
  readonly weight: number;
  /** How many happenings it stands for; 1 without it. */
  readonly count?: number;
  /** The sources that told of it; whom no silence concerns without it. */
  readonly sources?: readonly string[];
}

/** A stretch in which a source told nothing of anybody: a gap, which is no quiet season. Known and ended as a silence is. */
export type Unheard = SourceSilence & { readonly source: string };

/** The lulls as they were known from an instant on. */
export interface KnownLulls {
  readonly from: number;
  readonly lulls: readonly Lull[];
}

const week = 7;
/** Weeks that the usual is taken from, and how many of them there must be. */
const usualWeeks = 10;
const fewestWeeks = 4;
/** Under so many happenings a week a dip is chance. */
const fewestAWeek = 30;
/** How far back weeks that were no lull are looked for. */
const mostWeeks = 30;
/** Days and happenings that tell a dip from chance. */
const fewestDays = 2;
/** Days that are looked at again when later ones are known. */
const hindsight = 9;
const enough = 80;
/** With so many happenings a dip that is none shows as none. */
const plenty = 400;
/** How many standard deviations of the same days of other weeks a dip is deep: every day is looked at, in several ways. */
const deviations = 3.5;
const deepest = 0.05;
const shallowest = 0.85;

const rounded = (level: number): number => Math.max(deepest, Math.round(level * 20) / 20);

/**
 * The lulls of one kind, day by day as they became known: a day's level is that of the two to seven days that end with it, against the
 * medians of the same weekdays in the ten weeks before that were no lull. Judged once a day, with what was recorded by then. Days on
 * which a source was silent are judged by the other sources, against days on which these were heard; by none, they are no lull.
 */
export function knownLulls(
  of: Lull['of'],
  happenings: readonly Happening[],
  to: number,
  unheard: readonly Unheard[] = [],
): KnownLulls[] {
  const told = happenings.filter((one) => one.recordedAt < to).toSorted((a, b) => a.recordedAt - b.recordedAt);
  const first = told.reduce((least, one) => Math.min(least, Math.floor(one.occurredAt / DAY)), Infinity);
  const start = told[0]?.recordedAt;
  if (start === undefined || !Number.isFinite(first)) return [];
  const days = new DaysHeard(first, unheard);
  const { levels } = days;
  const known: KnownLulls[] = [];
  let said: ReadonlyMap<number, number> = new Map();
  let next = 0;
  let latest = Math.floor(start / DAY);
  for (let today = Math.floor(start / DAY) + 1; today * DAY < to; today += 1) {
    const now = today * DAY;
    // Centuries without a word, as a wrong date makes them, are passed over at once.
    const upcoming = told[next]?.recordedAt;
    if (today - latest > mostWeeks * week && levels.size === said.size) {
      if (upcoming === undefined) break;
      if (upcoming >= now) {
        today = Math.floor(upcoming / DAY);
        latest = today;
        continue;
      }
    }
    let earliest = Math.min(today - 1, days.knowSilences(now));
    for (let one = told[next]; one && one.recordedAt < now; one = told[++next]) {
      earliest = Math.min(earliest, days.add(one));
      latest = Math.max(latest, today);
    }
    // What came late speaks of its own days again, and of those whose seven days hold it.
    for (let day = Math.max(Math.min(earliest, today - hindsight), first, today - 60); day < today; day += 1) {
      const level = levelOf(days, day, today);
      if (level === null || level >= shallowest) levels.delete(day);
      else levels.set(day, rounded(level));
    }
    const shown = expected(levels, said, today);
    if (!differs(shown, said, today)) continue;
    said = shown;
    known.push({ from: now, lulls: merged(shown, of) });
  }
  return known;
}

/** How long a lull that lasts is taken to go on, days. */
const ahead = 10;

/** Whether a day's level is so different from what was said that a fall would be judged otherwise: by a sixth of it. */
const isNews = (level: number, said: number): boolean => Math.abs(level - said) >= Math.max(level, said) / 6;

/** Levels as they are told: a day keeps what was told of it while it is nearly so, and a lull that lasts is taken to go on for a while. */
function expected(
  levels: ReadonlyMap<number, number>,
  said: ReadonlyMap<number, number>,
  today: number,
): Map<number, number> {
  const shown = new Map<number, number>();
  for (const [day, level] of levels) {
    const before = said.get(day);
    shown.set(day, before !== undefined && !isNews(level, before) ? before : level);
  }
  const last = shown.get(today - 1);
  if (last !== undefined) for (let day = today; day < today + ahead; day += 1) shown.set(day, said.get(day) ?? last);
  return shown;
}

/** Whether any day up to now is told so differently that it is worth judging everybody anew, or what was taken to go on runs out. */
function differs(shown: ReadonlyMap<number, number>, said: ReadonlyMap<number, number>, today: number): boolean {
  for (const [day, level] of shown) if (day < today && isNews(level, said.get(day) ?? 1)) return true;
  for (const [day, level] of said) if (day < today && !shown.has(day) && isNews(1, level)) return true;
  return shown.has(today) !== said.has(today);
}

/**
 * The level of a day, from as many days beside it as it takes to tell chance from a dip: those that end with it, or, once they are known,
 * those that begin with it, whichever is nearer to the day itself. A season begins and ends on a day, not little by little.
 */
function levelOf(heard: DaysHeard, day: number, today: number): number | null {
  const over = (days: readonly number[], least: number): number | null => {
    let now = 0;
    let usual = 0;
    let seen = 0;
    let variance = 0;
    for (const [index, one] of days.entries()) {
      const same = weekdayBefore(heard, one);
      if (same === null) return null;
      now += heard.on(one, one).total;
      usual += same.total;
      seen += same.count;
      variance += same.variance;
      if (index + 1 >= least && seen >= enough && (isDip(now, usual, variance) || seen >= plenty)) break;
    }
    if (seen < fewestAWeek || usual <= 0) return null;
    return isDip(now, usual, variance) ? now / usual : Math.max(1, now / usual);
  };
  const steps = Array.from({ length: week }, (_, step) => step);
  const before = over(
    steps.map((step) => day - step),
    fewestDays,
  );
  const after =
    day + fewestDays <= today
      ? over(
          steps.map((step) => day + step).filter((one) => one < today),
          fewestDays,
        )
      : null;
  if (before === null || after === null) return before;
  const same = weekdayBefore(heard, day);
  if (same === null || same.total <= 0) return before;
  const own = heard.on(day, day).total / same.total;
  return Math.abs(own - after) < Math.abs(own - before) ? after : before;
}

const isDip = (now: number, usual: number, variance: number): boolean =>
  usual - now >= deviations * Math.sqrt(variance);

/** The median of the same weekday in the weeks before that were no lull; null where there are too few. */
function weekdayBefore(
  heard: DaysHeard,
  day: number,
): { readonly total: number; readonly count: number; readonly variance: number } | null {
  const found: number[] = [];
  let count = 0;
  for (let back = 1; found.length < usualWeeks && back <= mostWeeks; back += 1) {
    const before = day - back * week;
    if (before < heard.first) break;
    if (heard.levels.has(before) || !heard.compares(before, day)) continue;
    const same = heard.on(before, day);
    found.push(same.total);
    count += same.count;
  }
  if (found.length < fewestWeeks) return null;
  found.sort((a, b) => a - b);
  const total = found[Math.floor(found.length / 2)] ?? 0;
  const usual = count / found.length;
  const squares = found.reduce((sum, one) => sum + (one - total) ** 2, 0) / (found.length - 1);
  return { total, count: usual, variance: Math.max(squares, leastVariance(total, usual)) };
}

/**
 * What a total varies by at least. Words come in threads and bursts: never do they swing less than independent ones. An amount of use is
 * itself made of many, and an account's varies by a half of itself at most.
 */
function leastVariance(total: number, count: number): number {
  if (count <= 0) return 0;
  const independent = total ** 2 / count;
  return Math.max(Math.min(total, independent), independent / 4);
}

/** Days of one level that follow one another as one stretch. */
function merged(levels: ReadonlyMap<number, number>, of: Lull['of']): Lull[] {
  const lulls: Lull[] = [];
  for (const [day, level] of [...levels].sort(([a], [b]) => a - b)) {
    const last = lulls.at(-1);
    if (last && last.to === day * DAY && last.level === level)
      lulls[lulls.length - 1] = { ...last, to: (day + 1) * DAY };
    else lulls.push({ from: day * DAY, to: (day + 1) * DAY, level, of });
  }
  return lulls;
}
