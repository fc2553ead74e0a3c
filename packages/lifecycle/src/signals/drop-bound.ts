import type { Moment } from '../course/moment.ts';
import { DAY } from '../time/zone.ts';
import type { Days } from '../tracks/day-ring.ts';
import {
  countedAt,
  dayOf,
  isWatched,
  lettersIn,
  longest,
  meetingsIn,
  metricsIn,
  ringOf,
  step,
  ticketsIn,
  windows,
  type Counted,
  type Kind,
} from './counted-days.ts';
import { foreseen, mostInformation, setInformation, staysKnown } from './fall-bound.ts';
import { mostDropWith } from './fall.ts';
import { fewestMeetings, missedDeviation } from './missed-meetings.ts';
import { hasSeason, levels, mostWeeks } from './week-sums.ts';

const spans = windows.map((window) => window / 7);
const widest = longest / 7;
/** Days ahead that are looked at one by one. */
const stepsAhead = foreseen / step + 1;
/** A place for each window of each of these days: what one kind weighs at most, what words do, and all kinds together. */
const own = new Float64Array(stepsAhead * spans.length);
const letters = new Float64Array(own.length);
const all = new Float64Array(own.length);

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
  let words = 0;
  for (const kind of kindsOf(moment, counted)) {
    const one = mostOf(moment, counted, kind);
    // Tickets stand for words where there are no others.
    if (kind.name === 'letters' || kind.name === 'tickets') words = Math.max(words, one);
    else most += one;
  }
  return mostDropWith(most + words, widest);
}

const mostOf = (moment: Moment, { day }: Counted, { lists, of, as }: Kind): number =>
  mostInformation(lists, day, levels(moment.around.context.lulls, of), as);

/** The same for each window of each of the days ahead, by its weeks. */
function mostNearly(moment: Moment, counted: Counted): Float64Array {
  const { lulls } = moment.around.context;
  const { day } = counted;
  letters.fill(0);
  all.fill(0);
  for (const kind of kindsOf(moment, counted)) {
    const { name, lists, of, as } = kind;
    const ring = ringOf(counted, name, lists);
    if (ring.isExact && !hasSeason(levels(lulls, of), day - mostWeeks * 7, day + foreseen))
      setInformation(own, ring, lists, day, as, { step, spans });
    else own.fill(mostOf(moment, counted, kind));
    if (name === 'letters') letters.set(own);
    for (let place = 0; place < all.length; place += 1) {
      const [before = 0, one = 0, words = 0] = [all[place], own[place], letters[place]];
      all[place] = name !== 'tickets' ? before + one : one > words ? before + one - words : before;
    }
  }
  return all.map((information, place) => mostDropWith(information, spans[place % spans.length] ?? widest));
}

/** Amounts under zero make a level under zero: then it is worked out in full. Those of days before are seen by the bounds. */
function isUnderZero({ tracks }: Moment, day: number): boolean {
  for (const metric in tracks.record.usage) {
    const days = tracks.record.usage[metric] ?? [];
    for (let index = days.length - 1; (days[index]?.[0] ?? -Infinity) >= day; index -= 1)
      if ((days[index]?.[1] ?? 0) < 0) return true;
  }
  return false;
}

/**
 * The first instant at which the drop may not be under a threshold, whatever comes or does not come until then but meetings that fall
 * through; the moment itself, or one before it, where it is not now. Of the windows that end now those alone are worked out in full, by
 * `dropIn`, in which it may be so far.
 */
export function underUntil(
  moment: Moment,
  threshold: number,
  dropIn: (moment: Moment, counted: Counted, window: number) => number,
): number {
  const counted = countedAt(moment);
  const { day } = counted;
  // Meetings that fell through add to a fall.
  const missed = mostByMissed(moment, day);
  if (missed >= threshold || isUnderZero(moment, day - foreseen)) return moment.at;
  const left = Math.sqrt(threshold ** 2 - missed ** 2);
  counted.roughly ??= mostRoughly(moment, counted);
  if (counted.roughly < left) return aheadUntil(moment);
  let { nearly } = counted;
  if (!nearly || day > nearly.from + foreseen) {
    nearly = { from: day, drops: mostNearly(moment, counted) };
    counted.nearly = nearly;
  }
  let place = ((day - nearly.from) / step) * spans.length;
  for (const window of windows) {
    if (!((nearly.drops[place] ?? Infinity) < left || dropIn(moment, counted, window) < threshold)) return moment.at;
    place += 1;
  }
  while ((nearly.drops[place] ?? Infinity) < left) place += 1;
  return (nearly.from + Math.floor(place / spans.length) * step) * DAY;
}

/** The first instant at which what holds in the days ahead of a moment may hold no longer. */
export const aheadUntil = (moment: Moment): number => (dayOf(moment) + foreseen + step) * DAY;

/** Whether a level of use is known now and in all the days ahead, whatever comes in them. */
export function isUseKnown(moment: Moment): boolean {
  const day = dayOf(moment);
  const { context } = moment.around;
  if (!isWatched(context, ['product'], (day - 14) * DAY, (day + foreseen) * DAY)) return false;
  const usual = levels(context.lulls, 'product');
  for (const metric in moment.tracks.record.usage)
    if (staysKnown(moment.tracks.record.usage[metric] ?? [], day, usual)) return true;
  return false;
}
