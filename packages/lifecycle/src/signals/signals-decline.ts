import type { SignalName, Touchpoint } from '@waymark/journey';
import { DayRings, type DayRing, type Days } from '../tracks/day-ring.ts';
import { addInformation, foreseen, mostInformation, staysKnown } from './fall-bound.ts';
import { fallOf, mostDropWith, streamOf, swingWeeks, type Fall, type Stream, type Weeks } from './fall.ts';
import { fewestMeetings, missedDeviation, type Attendance } from './missed-meetings.ts';
import { everyTouchpoint, lastMeeting, lastWords, missedNote } from './signals-engagement.ts';
import type { Moment } from '../course/moment.ts';
import { part } from '../tracks/reads.ts';
import { NEVER, note, steady, type SignalFactory } from './signal.ts';
import type { AccountContext, Evidence } from '../course/state.ts';
import type { Lull } from '../coverage/workspace-lull.ts';
import { countName } from '../tracks/track-contact.ts';
import type { DayCounts } from '../tracks/tracks.ts';
import { hasSeason, levels, mostWeeks, weeksOf } from './week-sums.ts';
import { DAY } from '../time/zone.ts';

/** Windows that are looked at, in days: a short one sees a steep fall soon, a long one a slow fall at last. */
const windows = [14, 21, 28, 42] as const;
const longest = Math.max(...windows);
/** Every so many days the window moves. */
const step = 2;

const lettersNamed = everyTouchpoint
  .filter((one) => one !== 'survey' && one !== 'meeting' && one !== 'ticket')
  .map((one) => countName('inbound', one));

/** What they wrote, list by list; tickets are troubles, and stand for words only where there are no others. */
function lettersOf(counts: Readonly<Record<string, DayCounts>>): DayCounts[] {
  const lists: DayCounts[] = [];
  for (const name of lettersNamed) {
    const list = counts[name];
    if (list) lists.push(list);
  }
  return lists;
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

/** What has been counted of an account in one simulation. */
interface Counted {
  /** The day of the weeks and falls that are kept. */
  day: number;
  readonly rings: DayRings;
  kinds: readonly Kind[];
  /** How many lists there were when the kinds were put together. */
  listCount: number;
  weeks: Map<string, Weeks | null>;
  all: Fall | null | undefined;
  usage: Fall | null | undefined;
  /** What no drop of the days ahead exceeds: ever nearer, each worked out when it is asked first. */
  bounds: number[];
}

/** Simulations for which it is kept: an earlier one counts anew where it is asked again. */
const mostCounted = 4;
const latest: Counted[] = [];
const remembered = new WeakMap<Moment, Counted>();

const dayOf = (moment: Moment): number => Math.floor(moment.at / DAY / step) * step;

function countedAt(moment: Moment): Counted {
  const day = dayOf(moment);
  let known = remembered.get(moment);
  if (!known) {
    known = {
      day,
      rings: new DayRings(),
      kinds: [],
      listCount: 0,
      weeks: new Map(),
      all: undefined,
      usage: undefined,
      bounds: [],
    };
    remembered.set(moment, known);
    latest.push(known);
    if (latest.length > mostCounted) latest.shift()?.rings.clear();
  }
  if (known.day !== day) {
    // A moment may be set back to look at another instant.
    if (day < known.day) known.rings.clear();
    known.day = day;
    known.weeks.clear();
    known.all = undefined;
    known.usage = undefined;
    known.bounds = [];
  }
  return known;
}

/** One kind of happening: its name, and the lists that it is counted in. */
interface Kind {
  readonly name: string;
  readonly lists: readonly Days[];
  readonly of: Lull['of'];
  readonly as: Weeks['kind'];
}

const ringOf = ({ rings, day }: Counted, name: string, lists: readonly Days[]): DayRing =>
  rings.filled(name, lists, day);

function weeksBack(moment: Moment, counted: Counted, kind: Kind): Weeks | null {
  let weeks = counted.weeks.get(kind.name);
  if (weeks === undefined) {
    let first = Number.POSITIVE_INFINITY;
    for (const list of kind.lists) first = Math.min(first, list[0]?.[0] ?? first);
    if (first === Number.POSITIVE_INFINITY) return null;
    weeks = weeksOf(
      ringOf(counted, kind.name, kind.lists),
      first,
      counted.day,
      levels(moment.around.context.lulls, kind.of),
      kind.as,
    );
    counted.weeks.set(kind.name, weeks);
  }
  return weeks;
}

const lettersIn = ({ tracks }: Moment): Kind => ({
  name: 'letters',
  lists: lettersOf(tracks.contact.counts),
  of: 'contact',
  as: 'counts',
});
const ticketsIn = ({ tracks }: Moment): Kind => ({
  name: 'tickets',
  lists: [tracks.contact.counts['inbound:ticket'] ?? []],
  of: 'contact',
  as: 'counts',
});
const meetingsIn = ({ tracks }: Moment): Kind => ({
  name: 'meetings',
  lists: [tracks.meetings.held],
  of: 'contact',
  as: 'counts',
});
const metricsIn = ({ tracks }: Moment): Kind[] =>
  Object.entries(tracks.record.usage).map(([metric, days]) => ({
    name: metric,
    lists: [days],
    of: 'product',
    as: 'amounts',
  }));

/** What of the streams of use is watched all through a window. */
function useIn(moment: Moment, counted: Counted, window: number): (Stream | null)[] {
  const { day } = counted;
  if (!isWatched(moment.around.context, ['product'], (day - window) * DAY, day * DAY)) return [];
  return metricsIn(moment).map((kind) => {
    const weeks = weeksBack(moment, counted, kind);
    return weeks && streamOf(weeks, window / 7);
  });
}

/** The steepest fall of use over the windows; worked out once for each step of days, from whole days only. */
function usageFall(moment: Moment): Fall | null {
  const counted = countedAt(moment);
  if (counted.usage === undefined) counted.usage = steepest((window) => fallOf(useIn(moment, counted, window)));
  return counted.usage;
}

/** What became of meetings from a day up to another, days of a quiet season left out: then everybody is away. */
function attendanceIn(moment: Moment, counted: Counted, from: number, to: number): Attendance {
  const { meetings } = moment.tracks;
  const held = ringOf(counted, 'meetings', [meetings.held]);
  const missed = ringOf(counted, 'missed', [meetings.calledOffDays]);
  const usual = levels(moment.around.context.lulls, 'contact');
  if (!hasSeason(usual, from, to)) return { held: held.between(from, to), missed: missed.between(from, to) };
  const all = { held: 0, missed: 0 };
  for (let day = from; day < to; day += 1) {
    if (usual.on(day) < 1) continue;
    all.held += held.amountOn(day);
    all.missed += missed.amountOn(day);
  }
  return all;
}

/** A fall with what meetings that fall through add to it. */
function withMissed(fall: Fall | null, moment: Moment, counted: Counted, window: number): Fall | null {
  const { calledOffDays } = moment.tracks.meetings;
  const { day } = counted;
  if (!fall || fall.drop <= 0 || (calledOffDays.at(-1)?.[0] ?? -Infinity) < day - window) return fall;
  const missed = missedDeviation(
    attendanceIn(moment, counted, day - window, day),
    attendanceIn(moment, counted, day - mostWeeks * 7, day - window),
  );
  return { ...fall, drop: Math.hypot(fall.drop, missed) };
}

/** The same of all streams together. */
function wholeFall(moment: Moment): Fall | null {
  const counted = countedAt(moment);
  if (counted.all !== undefined) return counted.all;
  const { day } = counted;
  const { context } = moment.around;
  // From days that are over, as all else here: the first word of today must not change what is remembered for today.
  const chats = moment.tracks.contact.counts['inbound:chat']?.[0]?.[0];
  const written: readonly Touchpoint[] = chats !== undefined && chats < day ? ['email', 'chat'] : ['email'];
  const letterWeeks = weeksBack(moment, counted, lettersIn(moment));
  const ticketWeeks = weeksBack(moment, counted, ticketsIn(moment));
  const meetingWeeks = weeksBack(moment, counted, meetingsIn(moment));
  counted.all = steepest((window) => {
    const span = window / 7;
    const seen = (touchpoints: readonly Touchpoint[]) =>
      isWatched(context, touchpoints, (day - window) * DAY, day * DAY);
    const letters = letterWeeks && streamOf(letterWeeks, span);
    const words = letters ?? (ticketWeeks && streamOf(ticketWeeks, span));
    const fall = fallOf([
      seen(letters ? written : ['ticket']) ? words : null,
      meetingWeeks && seen(['meeting']) ? streamOf(meetingWeeks, span) : null,
      ...useIn(moment, counted, window),
    ]);
    return seen(['meeting']) ? withMissed(fall, moment, counted, window) : fall;
  });
  return counted.all;
}

function steepest(fallIn: (window: number) => Fall | null): Fall | null {
  let found: Fall | null = null;
  for (const window of windows) {
    const one = fallIn(window);
    if (one && (found === null || one.drop > found.drop)) found = one;
  }
  return found;
}

const round = (value: number): number => Math.round(value * 100) / 100;
/** Every step while anything that is looked at is remembered; what has been quiet for longer than that stays as it is. */
const turns = ({ at, tracks }: Moment): number => {
  const day = Math.floor(at / DAY / step) * step;
  const remembers = (days: Days) => (days.at(-1)?.[0] ?? -Infinity) >= day - (swingWeeks * 7 + longest + step);
  let any = remembers(tracks.meetings.held);
  for (const metric in tracks.record.usage) any ||= remembers(tracks.record.usage[metric] ?? []);
  for (const name in tracks.contact.counts) any ||= remembers(tracks.contact.counts[name] ?? []);
  return any ? (day + step) * DAY : NEVER;
};
const mostMissed = 2;
const lastMissed = ({ tracks: { meetings } }: Moment, from: number): Evidence[] =>
  meetings.missed
    .filter(({ at }) => at > from)
    .slice(-mostMissed)
    .map((one) => note(one, missedNote(one)));
/** Only what was seen all along speaks: a source that was silent proves no fall. */
const evidence = (moment: Moment) => {
  const [from, to] = [moment.at - longest * DAY, moment.at];
  const { context } = moment.around;
  return [
    ...(isWatched(context, ['email', 'chat'], from, to) ? lastWords(moment, everyTouchpoint).slice(0, 2) : []),
    ...(isWatched(context, ['meeting'], from, to) ? [...lastMeeting(moment), ...lastMissed(moment, from)] : []),
  ];
};

const reader =
  (read: (moment: Moment) => number | undefined): SignalFactory =>
  () => ({
    ...steady(
      (moment) => {
        const value = read(moment);
        return value === undefined ? null : round(value);
      },
      { turns, evidence },
    ),
    // Whole days only: what comes today is seen when the days move on. Where nothing is remembered, a fact sets them going.
    restsOn: (moment) => (turns(moment) === NEVER ? part.contact | part.meetings | part.usage : 0),
  });

const wholeDrop = reader((moment) => wholeFall(moment)?.drop);

const spans = windows.map((window) => window / 7);
const widest = longest / 7;
const information = new Float64Array((foreseen / step + 1) * spans.length);

/**
 * What meetings that fell through so far can add at most in the days ahead: all of them in one window without one that was held, against a
 * year of meetings held. What is held in these days lies in each window that ends in them.
 */
function mostByMissed({ tracks }: Moment, day: number): number {
  const { held, calledOffDays } = tracks.meetings;
  const since = (days: Days, from: number) => {
    let total = 0;
    for (let index = days.length - 1; index >= 0 && (days[index]?.[0] ?? 0) >= from; index -= 1)
      total += days[index]?.[1] ?? 0;
    return total;
  };
  const missed = since(calledOffDays, day - longest);
  if (missed === 0) return 0;
  return missedDeviation(
    { held: Math.max(0, fewestMeetings - missed), missed },
    { held: since(held, day - mostWeeks * 7), missed: 0 },
  );
}

/** All kinds of which there is anything. Lists come, but never go. */
function kindsOf(moment: Moment, counted: Counted): readonly Kind[] {
  const { contact, meetings, record } = moment.tracks;
  let listCount = meetings.held.length > 0 ? 1 : 0;
  for (const _ in contact.counts) listCount += 1;
  for (const _ in record.usage) listCount += 1;
  if (listCount !== counted.listCount) {
    const all = [lettersIn(moment), ticketsIn(moment), meetingsIn(moment), ...metricsIn(moment)];
    counted.kinds = all.filter(({ lists }) => lists.some((list) => list.length > 0));
    counted.listCount = listCount;
  }
  return counted.kinds;
}

/** What no drop of the days ahead exceeds, whatever comes or does not come in them but meetings that fall through: by the lists alone. */
function mostRoughly(moment: Moment, counted: Counted): number {
  let most = 0;
  for (const kind of kindsOf(moment, counted)) most += mostOf(moment, counted, kind);
  return mostDropWith(most, widest);
}

const mostOf = (moment: Moment, { day }: Counted, { lists, of, as }: Kind): number =>
  mostInformation(lists, day, levels(moment.around.context.lulls, of), as);

/** The same window by window for kinds that are wanted, with what the others weigh at most; 20, which none exceeds, where that is not known. */
function mostNearly(moment: Moment, counted: Counted, isWanted: (kind: Kind) => boolean): number {
  const { lulls } = moment.around.context;
  const { day } = counted;
  information.fill(0);
  let others = 0;
  for (const kind of kindsOf(moment, counted)) {
    const { name, lists, of, as } = kind;
    if (!isWanted(kind)) {
      others += mostOf(moment, counted, kind);
      continue;
    }
    const ring = ringOf(counted, name, lists);
    if (!ring.isExact || hasSeason(levels(lulls, of), day - mostWeeks * 7, day + foreseen)) return Infinity;
    addInformation(information, ring, lists, day, as, { step, spans });
  }
  // The more is known, the further it can fall: of each span the most that is known on any day decides.
  let drop = 0;
  for (const [index, span] of spans.entries()) {
    let most = 0;
    for (let place = index; place < information.length; place += spans.length)
      most = Math.max(most, information[place] ?? 0);
    drop = Math.max(drop, mostDropWith(most + others, span));
  }
  return drop;
}

/** Most often it is amounts of which so little is told. */
const bounds: readonly ((moment: Moment, counted: Counted) => number)[] = [
  mostRoughly,
  (moment, counted) => mostNearly(moment, counted, ({ as }) => as === 'amounts'),
  (moment, counted) => mostNearly(moment, counted, () => true),
];

/** Amounts under zero make a level under zero: then it is worked out in full. Those of days that are over are seen by the bounds. */
function isUnderZero({ tracks }: Moment, day: number): boolean {
  for (const metric in tracks.record.usage) {
    const days = tracks.record.usage[metric] ?? [];
    for (let index = days.length - 1; (days[index]?.[0] ?? -Infinity) >= day; index -= 1)
      if ((days[index]?.[1] ?? 0) < 0) return true;
  }
  return false;
}

/** Whether the drop stays under a threshold in all the days ahead, whatever comes or does not come in them but meetings that fall through. */
function staysUnder(moment: Moment, threshold: number): boolean {
  const counted = countedAt(moment);
  // Meetings that fell through add to a fall.
  const missed = mostByMissed(moment, counted.day);
  if (missed >= threshold || isUnderZero(moment, counted.day)) return false;
  const left = Math.sqrt(threshold ** 2 - missed ** 2);
  for (const [index, bound] of bounds.entries()) {
    counted.bounds[index] ??= bound(moment, counted);
    if ((counted.bounds[index] ?? Infinity) < left) return true;
  }
  return false;
}

/**
 * Signals of a fall against the account's own usual, in words, meetings and use together: the latest two to six weeks against the
 * twenty-six before, quiet seasons of the whole workspace taken out. `engagement_drop` is in standard deviations of the account's own weeks,
 * so that an account whose rhythm swings has to fall further.
 */
export const declineSignals = {
  engagement_drop: (params, definition) => ({
    ...wholeDrop(params, definition),
    isUnder: (moment, threshold) => {
      // With what is known little it cannot fall so far, whatever comes or does not come in the days ahead.
      if (turns(moment) === NEVER || !staysUnder(moment, threshold - 0.01)) return false;
      moment.flip = (dayOf(moment) + foreseen + step) * DAY;
      moment.reads = part.missed;
      return true;
    },
  }),
  engagement_level: reader((moment) => wholeFall(moment)?.level),
  usage_level: (params, definition) => ({
    ...reader((moment) => usageFall(moment)?.level)(params, definition),
    isKnown: (moment) => {
      const day = dayOf(moment);
      const { context } = moment.around;
      if (!isWatched(context, ['product'], (day - 14) * DAY, (day + foreseen) * DAY)) return false;
      const usual = levels(context.lulls, 'product');
      for (const metric in moment.tracks.record.usage) {
        if (!staysKnown(moment.tracks.record.usage[metric] ?? [], day, usual)) continue;
        moment.flip = (day + foreseen + step) * DAY;
        moment.reads = 0;
        return true;
      }
      return false;
    },
  }),
} satisfies Partial<Record<SignalName, SignalFactory>>;
