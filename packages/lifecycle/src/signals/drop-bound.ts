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
import { addInformation, foreseen, mostInformation, staysKnown } from './fall-bound.ts';
import { mostDropWith } from './fall.ts';
import { fewestMeetings, missedDeviation } from './missed-meetings.ts';
import { hasSeason, levels, mostWeeks } from './week-sums.ts';

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
export function staysUnder(moment: Moment, threshold: number): boolean {
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
