import type { SignalName, SignalParams } from '@waymark/journey';
import { countIn, nextEdge } from '../tracks/day-counts.ts';
import type { Moment } from '../course/moment.ts';
import { latestFirst, MOST_SHOWN, NEVER, note, steady, type SignalFactory } from './signal.ts';
import { trend, trendTurn } from './signals-engagement.ts';
import type { Evidence } from '../course/state.ts';
import type { Happenings } from '../tracks/track-happenings.ts';
import type { DayCounts } from '../tracks/tracks.ts';
import { counted } from '../course/wording.ts';
import { DAY } from '../time/zone.ts';

/** Fewer gaps than these are no habit. */
const FEWEST_GAPS = 3;

const chosen = ({ tracks }: Moment, { types = [] }: SignalParams): Happenings[] =>
  [...new Set(types)].flatMap((type) => tracks.happenings[type] ?? []);

const countsOf = (moment: Moment, params: SignalParams): DayCounts[] => chosen(moment, params).map(({ days }) => days);

const sum = (all: readonly DayCounts[], at: number, days: number, back = 0): number =>
  all.reduce((total, counts) => total + countIn(counts, at, days, back), 0);

const firstEdge = (all: readonly DayCounts[], at: number, days: number): number =>
  all.reduce((first, counts) => Math.min(first, nextEdge(counts, at, days)), NEVER);

function latest(moment: Moment, params: SignalParams, words: string): Evidence[] {
  const [last] = chosen(moment, params)
    .map((one) => one.last)
    .toSorted(latestFirst);
  return last ? [note(last, words)] : [];
}

const noShows = ({ tracks }: Moment): DayCounts => tracks.happenings['meeting.no_show']?.days ?? [];

/** The gaps between the days on which meetings were held, over the window before the last, shortest first. */
function meetingGaps({ tracks }: Moment, days: number): number[] {
  const { held } = tracks.meetings;
  const last = held.at(-1)?.[0] ?? 0;
  const inWindow = held.flatMap(([day]) => (day > last - days ? [day] : []));
  return inWindow
    .slice(1)
    .map((day, index) => (day - (inWindow[index] ?? day)) * DAY)
    .sort((a, b) => a - b);
}

/** Signals of how often things of a type happen, and of meetings by how they went. Days are whole days (UTC). */
export const happeningSignals = {
  event_count: (params) => {
    const days = params.days ?? 30;
    return steady((moment) => sum(countsOf(moment, params), moment.at, days), {
      turns: (moment) => firstEdge(countsOf(moment, params), moment.at, days),
      evidence: (moment) => {
        const total = sum(countsOf(moment, params), moment.at, days);
        return total === 0 ? [] : latest(moment, params, `The latest of ${total} within ${days} days`);
      },
    });
  },
  event_trend: (params) => {
    const days = params.days ?? 30;
    const baseline = params.baselineDays ?? 90;
    return steady((moment) => trend(countsOf(moment, params), moment.at, days, baseline), {
      turns: (moment) => trendTurn(countsOf(moment, params), moment.at, days, baseline),
      evidence: (moment) => {
        const all = countsOf(moment, params);
        const usual = Math.round((sum(all, moment.at, baseline, days) * days) / baseline);
        const now = sum(all, moment.at, days);
        return latest(moment, params, `The latest; ${now} within ${days} days, where ${usual} are usual`);
      },
    });
  },
  meetings_no_show: (params) => {
    const days = params.days ?? 90;
    return steady((moment) => countIn(noShows(moment), moment.at, days), {
      turns: (moment) => nextEdge(noShows(moment), moment.at, days),
      evidence: (moment) => {
        const total = countIn(noShows(moment), moment.at, days);
        const words = `Meeting missed: nobody came; ${counted(total, 'time', 'times')} within ${days} days`;
        return total === 0 ? [] : latest(moment, { types: ['meeting.no_show'] }, words);
      },
    });
  },
  meetings_canceled: (params) => {
    const days = params.days ?? 90;
    const canceled = (moment: Moment) =>
      countIn(moment.tracks.meetings.calledOffDays, moment.at, days) - countIn(noShows(moment), moment.at, days);
    return steady(canceled, {
      turns: (moment) =>
        Math.min(
          nextEdge(moment.tracks.meetings.calledOffDays, moment.at, days),
          nextEdge(noShows(moment), moment.at, days),
        ),
      evidence: (moment) => {
        const total = canceled(moment);
        const words = `Meeting canceled; ${counted(total, 'time', 'times')} within ${days} days`;
        return total === 0 ? [] : latest(moment, { types: ['meeting.canceled'] }, words);
      },
    });
  },
  usual_meeting_gap: (params) => {
    const percentile = params.percentile ?? 0.5;
    const days = params.days ?? 180;
    return {
      ...steady(
        (moment) => {
          const gaps = meetingGaps(moment, days);
          return gaps.length < FEWEST_GAPS
            ? null
            : (gaps[Math.max(0, Math.ceil(percentile * gaps.length) - 1)] ?? null);
        },
        {
          evidence: ({ tracks }) =>
            tracks.meetings.recentHeld
              .toReversed()
              .slice(0, MOST_SHOWN)
              .map((mark) => note(mark, 'Meeting held')),
        },
      ),
      scale: DAY,
    };
  },
} satisfies Partial<Record<SignalName, SignalFactory>>;
