import type { Touchpoint } from '@waymark/journey';
import type { Lull } from '../coverage/workspace-lull.ts';
import type { Moment } from '../course/moment.ts';
import type { AccountContext } from '../course/state.ts';
import { DAY } from '../time/zone.ts';
import { DayRings, type DayRing, type Days } from '../tracks/day-ring.ts';
import { countName } from '../tracks/track-contact.ts';
import type { DayCounts } from '../tracks/tracks.ts';
import type { Fall, Weeks } from './fall.ts';
import { everyTouchpoint } from './signals-engagement.ts';
import { levels, weeksOf } from './week-sums.ts';

/** Windows that are looked at, in days: a short one sees a steep fall soon, a long one a slow fall at last. */
export const windows = [14, 21, 28, 42] as const;
export const longest = Math.max(...windows);
/** Every so many days the window moves. */
export const step = 2;

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
export function isWatched(
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
export interface Counted {
  /** The day of the weeks and falls that are kept. */
  day: number;
  readonly rings: DayRings;
  kinds: readonly Kind[];
  /** How many lists there were when the kinds were put together. */
  listCount: number;
  weeks: Map<string, Weeks | null>;
  /** By window. */
  falls: Map<number, Fall | null>;
  all: Fall | null | undefined;
  usage: Fall | null | undefined;
  /** What no drop of the days ahead exceeds, as far as that is seen by the lists alone; undefined until it is asked. */
  roughly: number | undefined;
  /** The same for each window of each step of days from one on; null until it is asked. */
  nearly: { readonly from: number; readonly drops: Float64Array } | null;
}

/** Simulations for which it is kept: an earlier one counts anew where it is asked again. */
const mostCounted = 4;
const latest: Counted[] = [];
const remembered = new WeakMap<Moment, Counted>();

export const dayOf = (moment: Moment): number => Math.floor(moment.at / DAY / step) * step;

export function countedAt(moment: Moment): Counted {
  const day = dayOf(moment);
  let known = remembered.get(moment);
  if (!known) {
    known = {
      day,
      rings: new DayRings(),
      kinds: [],
      listCount: 0,
      weeks: new Map(),
      falls: new Map(),
      all: undefined,
      usage: undefined,
      roughly: undefined,
      nearly: null,
    };
    remembered.set(moment, known);
    latest.push(known);
    if (latest.length > mostCounted) latest.shift()?.rings.clear();
  }
  if (known.day !== day) {
    // A moment may be set back to look at another instant.
    if (day < known.day) {
      known.rings.clear();
      known.nearly = null;
    }
    known.day = day;
    known.weeks.clear();
    known.falls.clear();
    known.all = undefined;
    known.usage = undefined;
    known.roughly = undefined;
  }
  return known;
}

/** One kind of happening: its name, and the lists that it is counted in. */
export interface Kind {
  readonly name: string;
  readonly lists: readonly Days[];
  readonly of: Lull['of'];
  readonly as: Weeks['kind'];
}

export const ringOf = ({ rings, day }: Counted, name: string, lists: readonly Days[]): DayRing =>
  rings.filled(name, lists, day);

export function weeksBack(moment: Moment, counted: Counted, kind: Kind): Weeks | null {
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

export const lettersIn = ({ tracks }: Moment): Kind => ({
  name: 'letters',
  lists: lettersOf(tracks.contact.counts),
  of: 'contact',
  as: 'counts',
});
export const ticketsIn = ({ tracks }: Moment): Kind => ({
  name: 'tickets',
  lists: [tracks.contact.counts['inbound:ticket'] ?? []],
  of: 'contact',
  as: 'counts',
});
export const meetingsIn = ({ tracks }: Moment): Kind => ({
  name: 'meetings',
  lists: [tracks.meetings.held],
  of: 'contact',
  as: 'counts',
});
export const metricsIn = ({ tracks }: Moment): Kind[] =>
  Object.entries(tracks.record.usage).map(([metric, days]) => ({
    name: metric,
    lists: [days],
    of: 'product',
    as: 'amounts',
  }));
