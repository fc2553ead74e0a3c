import type { SignalName, SignalParams } from '@waymark/journey';
import {
  isPeer,
  peerLag,
  peerMeasureOf,
  peerValue,
  peerWeekAt,
  tierName,
  type PeerMeasure,
  type PeerStep,
} from '../coverage/peer-baseline.ts';
import { customerSince, tierAt, type Moment } from '../course/moment.ts';
import { countIn } from '../tracks/day-counts.ts';
import { part } from '../tracks/reads.ts';
import type { DayCounts } from '../tracks/tracks.ts';
import { latestFirst, NEVER, note, steady, type SignalReader } from './signal.ts';
import { DAY } from '../time/zone.ts';

const WEEK = 7 * DAY;

const happenings = ({ tracks }: Moment, { types }: PeerMeasure) =>
  types.flatMap((type) => tracks.happenings[type] ?? []);

/** How often it happened in so many weeks that end `back` weeks before an end of a week. */
const weeksBefore = (all: readonly DayCounts[], end: number, weeks: number, back: number): number =>
  all.reduce((sum, counts) => sum + countIn(counts, end - 1, weeks * 7, back * 7), 0);

const stepsIn = (moment: Moment, { key }: PeerMeasure): readonly PeerStep[] => {
  const { peers } = moment.around.context;
  if (!peers) return [];
  const own = tierName(tierAt(moment));
  return peers.find(({ measure, tier }) => measure === key && (tier ?? own) === own)?.steps ?? [];
};

/** Since when it is a customer, or is known at all. */
function sinceOf(moment: Moment): number {
  const since = customerSince(moment);
  if (since !== null) return since;
  let first = NEVER;
  for (const { days } of Object.values(moment.tracks.happenings))
    first = Math.min(first, (days[0]?.[0] ?? NEVER) * DAY);
  return first;
}

/** The account's own value in the last week that counts. */
function own(moment: Moment, measure: PeerMeasure): number | null {
  const end = peerWeekAt(moment.at);
  if (!isPeer(measure, sinceOf(moment), end)) return null;
  const { weeks, baselineWeeks } = measure;
  const all = happenings(moment, measure).map(({ days }) => days);
  return peerValue(measure, weeksBefore(all, end, weeks, 0), weeksBefore(all, end, baselineWeeks, weeks));
}

/** What was usual in its tier as of then. */
function usual(moment: Moment, measure: PeerMeasure): PeerStep | undefined {
  const end = peerWeekAt(moment.at);
  return stepsIn(moment, measure).findLast(({ from }) => from <= end);
}

/** The next instant at which another week counts, while anything that is counted, or the tier, can be another by it. */
function turns(moment: Moment, measure: PeerMeasure): number {
  const steps = stepsIn(moment, measure);
  if (steps.length === 0) return NEVER;
  const end = peerWeekAt(moment.at);
  const span = (measure.weeks + measure.baselineWeeks) * WEEK;
  const since = sinceOf(moment);
  const moves =
    happenings(moment, measure).some(({ days }) => ((days.at(-1)?.[0] ?? -Infinity) + 1) * DAY > end - span) ||
    (Number.isFinite(since) && since > end - span) ||
    steps.some(({ from }) => from > end);
  return moves ? end + WEEK + peerLag : NEVER;
}

function held(measure: PeerMeasure): SignalReader {
  return {
    ...steady(
      (moment) => {
        const median = usual(moment, measure)?.median ?? null;
        const value = median === null || median === 0 ? null : own(moment, measure);
        return value === null || median === null ? null : Math.round((value / median) * 100) / 100;
      },
      {
        turns: (moment) => turns(moment, measure),
        evidence: (moment) => {
          const [last] = happenings(moment, measure)
            .map((one) => one.last)
            .toSorted(latestFirst);
          const step = usual(moment, measure);
          const value = own(moment, measure);
          if (!last || !step || step.median === null || value === null) return [];
          const { median, accounts } = step;
          const days = measure.weeks * 7;
          const words =
            measure.baselineWeeks === 0
              ? `The latest; ${value} in ${days} days, where ${median} are the median of ${accounts} customers of the tier`
              : `The latest; ${value} times the own usual in ${days} days, where ${median} is the median of ${accounts} customers of the tier`;
          return [note(last, words)];
        },
      },
    ),
    // Whole weeks that are over: what comes now is counted when the weeks move on. Where nothing is counted, a fact sets them going.
    restsOn: (moment) => (turns(moment, measure) === NEVER ? part.happenings : 0),
  };
}

/** Signals of an account against the customers of its tier, from whole weeks that have been over for a day. */
export const peerSignals = {
  tier_share: (params: SignalParams) => held(peerMeasureOf('tier_share', params)),
  tier_trend: (params: SignalParams) => held(peerMeasureOf('tier_trend', params)),
} satisfies Partial<Record<SignalName, (params: SignalParams) => SignalReader>>;
