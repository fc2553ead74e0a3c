import type { SignalName, Touchpoint } from '@waymark/journey';
import { everyTouchpoint, lastMeeting, lastWords } from './signals-engagement.ts';
import type { Moment } from './moment.ts';
import { part } from './reads.ts';
import { NEVER, steady, type SignalFactory } from './signal.ts';
import type { AccountContext } from './state.ts';
import type { Lull } from './workspace-lull.ts';
import type { DayCounts } from './tracks.ts';
import { DAY } from './zone.ts';

/** Windows that are looked at, in days: a short one sees a steep fall soon, a long one a slow fall at last. */
const windows = [14, 21, 28, 42] as const;
const longest = Math.max(...windows);
/** Weeks before the window that the usual is taken from, and how many there must be. */
const usualWeeks = 16;
/** Weeks that tell how much the account's rhythm swings. */
const swingWeeks = 44;
const fewestWeeks = 8;
/** Fewer words or meetings in the usual weeks than these, and a fall is chance. */
const fewestCounts = 8;
/** Use of a product varies from week to week by at least so much of itself. */
const leastVariation = 0.08;
/** Every so many days the window moves. */
const step = 2;

type Days = readonly (readonly [day: number, amount: number])[];

interface Fall {
  /** How far below the usual, in standard deviations of the account's own stretches of the same length. */
  readonly drop: number;
  /** What there is as a share of the usual. */
  readonly level: number;
}

/** One kind of happening against its own usual. */
interface Stream {
  /** The window as a share of the usual. */
  readonly level: number;
  /** The weeks before the window as shares of the usual, the latest first; null in a quiet season. */
  readonly weeks: readonly (number | null)[];
  /** Coefficient of variation of its weeks. */
  readonly variation: number;
}

type Levels = (day: number) => number;

const always: Levels = () => 1;
const levelsOf = new WeakMap<readonly Lull[], Map<Lull['of'], Levels>>();

/** What is usual on a day as a share of other days; worked out once for each list of lulls. */
function levels(lulls: readonly Lull[] | undefined, of: Lull['of']): Levels {
  if (!lulls || lulls.length === 0) return always;
  const known = levelsOf.get(lulls) ?? new Map<Lull['of'], Levels>();
  levelsOf.set(lulls, known);
  let found = known.get(of);
  if (!found) {
    const byDay = new Map<number, number>();
    for (const lull of lulls)
      if (lull.of === of)
        for (let day = Math.floor(lull.from / DAY); day * DAY < lull.to; day += 1) byDay.set(day, lull.level);
    found = byDay.size === 0 ? always : (day) => byDay.get(day) ?? 1;
    known.set(of, found);
  }
  return found;
}

/** One kind of happening week by week, the latest first, back from a day. */
interface Weeks {
  readonly sums: readonly number[];
  /** What is usual in each of them as a share of other weeks. */
  readonly levels: readonly number[];
  readonly kind: 'counts' | 'amounts';
}

/** The whole weeks that end before `today`; null where there are none. */
function weeksOf(days: Days, today: number, levelOf: Levels, kind: Weeks['kind']): Weeks | null {
  const first = days[0]?.[0];
  const weeks = first === undefined ? 0 : Math.min(swingWeeks + longest / 7, Math.floor((today - first) / 7));
  if (weeks < fewestWeeks) return null;
  const sums = Array.from({ length: weeks }, () => 0);
  const weekdays = Array.from({ length: 7 }, () => 0);
  let total = 0;
  for (let index = days.length - 1; index >= 0; index -= 1) {
    const [day, amount] = days[index] ?? [0, 0];
    if (day >= today) continue;
    const week = Math.floor((today - 1 - day) / 7);
    if (week >= weeks) break;
    sums[week] = (sums[week] ?? 0) + amount;
    weekdays[day % 7] = (weekdays[day % 7] ?? 0) + amount;
    total += amount;
  }
  if (total <= 0) return null;
  const levels = sums.map((_, week) => {
    if (levelOf === always) return 1;
    // Weekends have no part in a working week: a quiet season that is half a window must not weigh as if they had.
    let level = 0;
    for (let back = 1; back <= 7; back += 1) {
      const day = today - week * 7 - back;
      level += levelOf(day) * ((weekdays[day % 7] ?? 0) / total);
    }
    return level;
  });
  return { sums, levels, kind };
}

/** A stream in the latest `span` weeks against those before; null where too little is known of the usual. */
function streamOf(weeks: Weeks | null, span: number): Stream | null {
  if (!weeks) return null;
  const { sums, levels, kind } = weeks;
  const before = sums.slice(span, span + swingWeeks);
  if (before.length < fewestWeeks) return null;
  if (kind === 'counts' && sum(before) < fewestCounts) return null;
  // A quiet season is known to a twentieth at best: weeks deep in it tell nothing of the usual.
  const plain = before.map((one, week) => {
    const level = levels[span + week] ?? 1;
    return level > 0.7 ? one / level : null;
  });
  const usual = plain.slice(0, usualWeeks).filter((one) => one !== null);
  if (usual.length < fewestWeeks) return null;
  const mean = average(usual);
  const expected = mean * sum(levels.slice(0, span));
  if (mean <= 0 || expected <= 0) return null;
  const all = plain.filter((one) => one !== null);
  const middle = average(all);
  const variance = sum(all.map((one) => (one - middle) ** 2)) / (all.length - 1);
  const least = kind === 'counts' ? mean : (leastVariation * mean) ** 2;
  return {
    level: Math.min(1.5, sum(sums.slice(0, span)) / expected),
    weeks: plain.map((one) => (one === null ? null : one / mean)),
    variation: Math.sqrt(Math.max(variance, least)) / mean,
  };
}

/**
 * Several streams as one, each weighing by the inverse of its variance, against the stretches of the same length before: streams of one
 * account swing together, so that their joint past tells what is chance.
 */
function together(streams: readonly (Stream | null)[], window: number): Fall | null {
  const known = streams.filter((one) => one !== null);
  if (known.length === 0) return null;
  const weights = known.map((one) => 1 / one.variation ** 2);
  const weighed = (values: readonly (number | null | undefined)[]) => {
    let sum = 0;
    let of = 0;
    for (const [index, value] of values.entries()) {
      if (value === null || value === undefined) continue;
      sum += value * (weights[index] ?? 0);
      of += weights[index] ?? 0;
    }
    return of === 0 ? null : sum / of;
  };
  const level = weighed(known.map((one) => one.level)) ?? 1;
  const length = Math.max(...known.map((one) => one.weeks.length));
  const weeks = Array.from({ length }, (_, back) => weighed(known.map((one) => one.weeks[back]))).filter(
    (one) => one !== null,
  );
  const span = window / 7;
  const stretches: number[] = [];
  for (let from = 0; from + span <= weeks.length; from += span) stretches.push(average(weeks.slice(from, from + span)));
  const middle = average(weeks);
  const spread = (of: readonly number[]) =>
    of.reduce((sum, one) => sum + (one - middle) ** 2, 0) / Math.max(1, of.length - 1);
  const least = 1 / weights.reduce((sum, one) => sum + one, 0) / span;
  // Few stretches tell little of how far they go: the fewer, the wider.
  const deviation =
    Math.sqrt(Math.max(least, spread(weeks) / span, spread(stretches))) * (1 + 2 / Math.max(1, stretches.length));
  return { drop: Math.min(20, (1 - level) / deviation), level };
}

function inboundDays(counts: Readonly<Record<string, DayCounts>>): Days {
  const days = new Map<number, number>();
  for (const touchpoint of everyTouchpoint) {
    if (touchpoint === 'survey' || touchpoint === 'meeting') continue;
    for (const [day, count] of counts[`inbound:${touchpoint}`] ?? []) days.set(day, (days.get(day) ?? 0) + count);
  }
  return [...days].sort(([a], [b]) => a - b);
}

/** Whether nothing of these touchpoints was missed between two instants: what was not seen has not fallen. */
function isWatched(
  { gaps, watchedFrom }: AccountContext,
  touchpoints: readonly Touchpoint[],
  from: number,
  to: number,
): boolean {
  if (watchedFrom !== undefined && watchedFrom > from) return false;
  return !gaps.some(
    (gap) =>
      gap.from < to && (gap.to === null || gap.to > from) && gap.touchpoints.some((one) => touchpoints.includes(one)),
  );
}

interface Falls {
  readonly all: Fall | null;
  readonly usage: Fall | null;
}

const remembered = new WeakMap<Moment, { readonly day: number; readonly falls: Falls }>();

/** The steepest fall over the windows; worked out once for each step of days, from whole days only. */
function fallsAt(moment: Moment): Falls {
  const day = Math.floor(moment.at / DAY / step) * step;
  const known = remembered.get(moment);
  if (known?.day === day) return known.falls;
  const { context } = moment.around;
  const contact = levels(context.lulls, 'contact');
  const product = levels(context.lulls, 'product');
  const { contact: words, meetings, record } = moment.tracks;
  const inbound = inboundDays(words.counts);
  // From days that are over, as all else here: the first word of today must not change what is remembered for today.
  const chats = words.counts['inbound:chat']?.[0]?.[0];
  const written: readonly Touchpoint[] = chats !== undefined && chats < day ? ['email', 'chat'] : ['email'];
  const metrics = Object.values(record.usage);
  const inboundWeeks = weeksOf(inbound, day, contact, 'counts');
  const meetingWeeks = weeksOf(meetings.held, day, contact, 'counts');
  const metricWeeks = metrics.map((days) => weeksOf(days, day, product, 'amounts'));
  let all: Fall | null = null;
  let usage: Fall | null = null;
  for (const window of windows) {
    const span = window / 7;
    const seen = (touchpoints: readonly Touchpoint[]) =>
      isWatched(context, touchpoints, (day - window) * DAY, day * DAY);
    const used = seen(['product']) ? metricWeeks.map((weeks) => streamOf(weeks, span)) : [];
    const use = together(used, window);
    if (use && (usage === null || use.drop > usage.drop)) usage = use;
    const streams = [
      seen(written) ? streamOf(inboundWeeks, span) : null,
      seen(['meeting']) ? streamOf(meetingWeeks, span) : null,
      ...used,
    ];
    const one = together(streams, window);
    if (one && (all === null || one.drop > all.drop)) all = one;
  }
  const falls = { all, usage };
  remembered.set(moment, { day, falls });
  return falls;
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
const average = (values: readonly number[]): number => sum(values) / values.length;
const round = (value: number): number => Math.round(value * 100) / 100;
/** Every step while anything that is looked at is remembered; what has been quiet for longer than that stays as it is. */
const turns = ({ at, tracks }: Moment): number => {
  const day = Math.floor(at / DAY / step) * step;
  const remembers = (days: Days) => (days.at(-1)?.[0] ?? -Infinity) >= day - (swingWeeks * 7 + longest + step);
  const any =
    remembers(tracks.meetings.held) ||
    Object.values(tracks.record.usage).some(remembers) ||
    Object.values(tracks.contact.counts).some(remembers);
  return any ? (day + step) * DAY : NEVER;
};
/** Only what was seen all along speaks: a source that was silent proves no fall. */
const evidence = (moment: Moment) => {
  const [from, to] = [moment.at - longest * DAY, moment.at];
  const { context } = moment.around;
  return [
    ...(isWatched(context, ['email', 'chat'], from, to) ? lastWords(moment, everyTouchpoint).slice(0, 2) : []),
    ...(isWatched(context, ['meeting'], from, to) ? lastMeeting(moment) : []),
  ];
};

const reader =
  (read: (falls: Falls) => number | undefined): SignalFactory =>
  () => ({
    ...steady(
      (moment) => {
        const value = read(fallsAt(moment));
        return value === undefined ? null : round(value);
      },
      { turns, evidence },
    ),
    // Whole days only: what comes today is seen when the days move on. Where nothing is remembered, a fact sets them going.
    restsOn: (moment) => (turns(moment) === NEVER ? part.contact | part.meetings | part.record : 0),
  });

/**
 * Signals of a fall against the account's own usual, in words, meetings and use together: the latest two to six weeks against the
 * sixteen before, quiet seasons of the whole workspace taken out. `engagement_drop` is in standard deviations of the account's own weeks,
 * so that an account whose rhythm swings has to fall further.
 */
export const declineSignals = {
  engagement_drop: reader(({ all }) => all?.drop),
  engagement_level: reader(({ all }) => all?.level),
  usage_level: reader(({ usage }) => usage?.level),
} satisfies Partial<Record<SignalName, SignalFactory>>;
