import type { SignalName } from '@waymark/journey';
import { countIn, nextEdge } from '../tracks/day-counts.ts';
import type { Moment } from '../course/moment.ts';
import { MOST_SHOWN, latestFirst, NEVER, note, steady, type SignalFactory } from './signal.ts';
import { everyTouchpoint, isQuiet } from './signals-engagement.ts';
import { leftAt, nextDeparture } from './signals-people.ts';
import type { DayCounts, PersonTrack } from '../tracks/tracks.ts';
import { contactWord } from '../course/wording.ts';
import { DAY } from '../time/zone.ts';

/** With fewer messages than this in the window a share is chance. */
const FEWEST_MESSAGES = 6;
/** Who was in touch on fewer days was never one to count on. */
const FEWEST_DAYS = 4;

function countsOf(moment: Moment, way: 'inbound' | 'outbound'): DayCounts[] {
  return everyTouchpoint.flatMap((one) => {
    const counts = moment.tracks.contact.counts[`${way}:${one}`];
    return one === 'meeting' || one === 'survey' || !counts ? [] : [counts];
  });
}

const total = (all: readonly DayCounts[], at: number, days: number): number =>
  all.reduce((sum, counts) => sum + countIn(counts, at, days), 0);

const firstEdge = (all: readonly DayCounts[], at: number, days: number): number =>
  all.reduce((first, counts) => Math.min(first, nextEdge(counts, at, days)), NEVER);

/** Counts of one kind in the `days` whole UTC days (30 unless told) that end with the moment's. */
const countedDays =
  (countsAt: (moment: Moment) => DayCounts): SignalFactory =>
  (params) => {
    const days = params.days ?? 30;
    return steady((moment) => countIn(countsAt(moment), moment.at, days), {
      turns: (moment) => nextEdge(countsAt(moment), moment.at, days),
    });
  };

/** Signals of give and take: whose words there are more of, what is called off, what comes back, and who has fallen silent. */
export const balanceSignals = {
  message_balance: (params) => {
    const days = params.days ?? 30;
    return steady(
      (moment) => {
        const theirs = total(countsOf(moment, 'inbound'), moment.at, days);
        const all = theirs + total(countsOf(moment, 'outbound'), moment.at, days);
        return all < FEWEST_MESSAGES ? null : Math.round((theirs / all) * 1000) / 1000;
      },
      {
        turns: (moment) =>
          firstEdge([...countsOf(moment, 'inbound'), ...countsOf(moment, 'outbound')], moment.at, days),
      },
    );
  },
  // As of the streak: on quiet days all are away.
  meetings_called_off: countedDays((moment) =>
    moment.tracks.meetings.calledOffDays.filter(([day]) => !isQuiet(moment, day * DAY + DAY / 2)),
  ),
  tickets_reopened: countedDays((moment) => moment.tracks.tickets.reopened),
  quiet_stakeholders: (params) => {
    const window = (params.days ?? 45) * DAY;
    const known = (moment: Moment) =>
      Object.entries(moment.tracks.people.persons).flatMap(([person, one]) =>
        one.days >= FEWEST_DAYS && leftAt(moment, person) === null ? [one] : [],
      );
    const isSilent = (moment: Moment, { last }: PersonTrack) => moment.at - last.at >= window;
    return steady((moment) => known(moment).filter((one) => isSilent(moment, one)).length, {
      turns: (moment) =>
        known(moment).reduce(
          (first, one) => (isSilent(moment, one) ? first : Math.min(first, one.last.at + window)),
          nextDeparture(moment),
        ),
      evidence: (moment) =>
        known(moment)
          .filter((one) => isSilent(moment, one))
          .map(({ last }) => last)
          .toSorted(latestFirst)
          .slice(0, MOST_SHOWN)
          .map((mark) => note(mark, `Last word from one who used to write: ${contactWord(mark)}`)),
    });
  },
} satisfies Partial<Record<SignalName, SignalFactory>>;
