import type { SignalName, Touchpoint } from '@waymark/journey';
import type { Moment } from '../course/moment.ts';
import type { Evidence } from '../course/state.ts';
import { DAY } from '../time/zone.ts';
import type { Days } from '../tracks/day-ring.ts';
import { part } from '../tracks/reads.ts';
import {
  countedAt,
  isWatched,
  lettersIn,
  longest,
  meetingsIn,
  metricsIn,
  ringOf,
  step,
  ticketsIn,
  weeksBack,
  windows,
  type Counted,
} from './counted-days.ts';
import { aheadUntil, isUseKnown, underUntil } from './drop-bound.ts';
import { fallOf, streamOf, swingWeeks, type Fall, type Stream } from './fall.ts';
import { missedDeviation, type Attendance } from './missed-meetings.ts';
import { NEVER, note, steady, type SignalFactory } from './signal.ts';
import { everyTouchpoint, lastMeeting, lastWords, missedNote } from './signals-engagement.ts';
import { hasSeason, levels, mostWeeks } from './week-sums.ts';

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
  if (counted.all === undefined) counted.all = steepest((window) => wholeFallIn(moment, counted, window));
  return counted.all;
}

/** That of one window; worked out once for each step of days. */
function wholeFallIn(moment: Moment, counted: Counted, window: number): Fall | null {
  const known = counted.falls.get(window);
  if (known !== undefined) return known;
  const { day } = counted;
  const { context } = moment.around;
  // From days that are over, as all else here: the first word of today must not change what is remembered for today.
  const chats = moment.tracks.contact.counts['inbound:chat']?.[0]?.[0];
  const written: readonly Touchpoint[] = chats !== undefined && chats < day ? ['email', 'chat'] : ['email'];
  const letterWeeks = weeksBack(moment, counted, lettersIn(moment));
  const ticketWeeks = weeksBack(moment, counted, ticketsIn(moment));
  const meetingWeeks = weeksBack(moment, counted, meetingsIn(moment));
  const span = window / 7;
  const seen = (touchpoints: readonly Touchpoint[]) => isWatched(context, touchpoints, (day - window) * DAY, day * DAY);
  const letters = letterWeeks && streamOf(letterWeeks, span);
  const words = letters ?? (ticketWeeks && streamOf(ticketWeeks, span));
  const alone = fallOf([
    seen(letters ? written : ['ticket']) ? words : null,
    meetingWeeks && seen(['meeting']) ? streamOf(meetingWeeks, span) : null,
    ...useIn(moment, counted, window),
  ]);
  const fall = seen(['meeting']) ? withMissed(alone, moment, counted, window) : alone;
  counted.falls.set(window, fall);
  return fall;
}

/** The drop in one window, where one is known. */
const dropIn = (moment: Moment, counted: Counted, window: number): number =>
  wholeFallIn(moment, counted, window)?.drop ?? -Infinity;

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
  const seen = everyTouchpoint.filter((one) => isWatched(context, [one], from, to));
  const words = lastWords(moment, seen.length === everyTouchpoint.length ? everyTouchpoint : seen);
  return [
    ...(isWatched(context, ['email', 'chat'], from, to) ? words.slice(0, 2) : []),
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

/**
 * Signals of a fall against the account's own usual, in words, meetings and use together: the latest two to six weeks against the
 * twenty-six before, quiet seasons of the whole workspace taken out. `engagement_drop` is in standard deviations of the account's own weeks,
 * so that an account whose rhythm swings has to fall further. `engagement_sliding` is for how many days each three weeks brought a tenth
 * less than the three before.
 */
export const declineSignals = {
  engagement_drop: (params, definition) => ({
    ...wholeDrop(params, definition),
    isUnder: (moment, threshold) => {
      // With what is known little it cannot fall so far, whatever comes or does not come in the days ahead.
      const until = turns(moment) === NEVER ? moment.at : underUntil(moment, threshold - 0.01, dropIn);
      if (until <= moment.at) return false;
      moment.flip = until;
      moment.reads = part.missed;
      return true;
    },
  }),
  engagement_level: reader((moment) => wholeFall(moment)?.level),
  engagement_sliding: reader((moment) => {
    const slid = wholeFall(moment)?.slid;
    return slid === undefined ? undefined : slid * 7;
  }),
  usage_level: (params, definition) => ({
    ...reader((moment) => usageFall(moment)?.level)(params, definition),
    isKnown: (moment) => {
      if (!isUseKnown(moment)) return false;
      moment.flip = aheadUntil(moment);
      moment.reads = 0;
      return true;
    },
  }),
} satisfies Partial<Record<SignalName, SignalFactory>>;
