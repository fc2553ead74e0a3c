import type { EventType, JourneyDefinition, SignalParams } from '@waymark/journey';
import { DAY } from '../time/zone.ts';

/** What of accounts is held against others of their tier: how often something happens in whole weeks, or that against the weeks before. */
export interface PeerMeasure {
  /** Tells one measure from another. */
  readonly key: string;
  readonly types: readonly EventType[];
  readonly weeks: number;
  /** The weeks before them that are the own usual; 0 where the number itself is held against others. */
  readonly baselineWeeks: number;
  /** Under so many customers a tier has no usual. */
  readonly leastAccounts: number;
}

/** What is usual in a tier, as of the end of a week on; epoch milliseconds. */
export interface PeerStep {
  readonly from: number;
  /** Null where the tier has too few customers. */
  readonly median: number | null;
  readonly accounts: number;
}

/** What is usual in an account's tier, week by week, oldest first. */
export interface PeerBaseline {
  readonly measure: string;
  /** Of which tier, as `tierName` writes it; whichever the account has where it is not told. */
  readonly tier?: string;
  readonly steps: readonly PeerStep[];
}

const WEEK = 7 * DAY;
/** The first Monday of 1970, UTC. */
const FIRST_MONDAY = 4 * DAY;
/** A week counts once it has been over for so long, so that what is told late, and whoever works it out, has time. */
export const peerLag = DAY;
/** Window and baseline together stay within the days that an account remembers. */
const mostWeeks = 25;
/** Fewer in the baseline make a ratio noise. */
const fewestBefore = 6;

const weeksOf = (days: number): number => Math.min(mostWeeks, Math.ceil(days / 7));

/** The end of the last week that counts at an instant: a Monday at midnight (UTC). */
export function peerWeekAt(at: number): number {
  return Math.floor((at - peerLag - FIRST_MONDAY) / WEEK) * WEEK + FIRST_MONDAY;
}

/** The ends of weeks from one instant to another that count by the latter, oldest first; `most` of the latest. */
export function peerWeeks(from: number, to: number, most: number): readonly number[] {
  const weeks: number[] = [];
  for (let end = peerWeekAt(to); end > from && weeks.length < most; end -= WEEK) weeks.push(end);
  return weeks.toReversed();
}

/** The measure that `tier_share` or `tier_trend` asks for with its parameters. */
export function peerMeasureOf(name: 'tier_share' | 'tier_trend', params: SignalParams): PeerMeasure {
  const types = [...new Set(params.types ?? [])].sort();
  const weeks = weeksOf(params.days ?? 28);
  const baselineWeeks = name === 'tier_trend' ? weeksOf(params.baselineDays ?? 84) : 0;
  const leastAccounts = params.leastAccounts ?? 5;
  return {
    key: `${types.join('+')} ${weeks}/${baselineWeeks} of ${leastAccounts}`,
    types,
    weeks,
    baselineWeeks,
    leastAccounts,
  };
}

/** Every measure that a definition asks for, each once. */
export function peerMeasures(definition: JourneyDefinition): readonly PeerMeasure[] {
  const found = new Map<string, PeerMeasure>();
  const look = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('with' in node && isParams(node.with)) {
      const named = [valueOf(node, 'signal'), valueOf(node, 'known'), valueOf(node, 'unknown')];
      for (const name of ['tier_share', 'tier_trend'] as const) {
        if (!named.includes(name)) continue;
        const measure = peerMeasureOf(name, node.with);
        found.set(measure.key, measure);
      }
    }
    for (const value of Object.values(node)) look(value);
  };
  look(definition);
  return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

const valueOf = (node: object, name: string): unknown => new Map<string, unknown>(Object.entries(node)).get(name);
/** A definition that was accepted has no other `with`. */
const isParams = (value: unknown): value is SignalParams => typeof value === 'object' && value !== null;

/** How a tier is written: case and spaces around it do not matter; accounts without one are a tier of their own. */
export const tierName = (tier: string | null | undefined): string => (tier ?? '').trim().toLowerCase();

/** What is counted of an account, and what has to be known to count it. */
export interface PeerAccount {
  /** When it became a customer, or was first heard of, as known a day after the end of a week. */
  readonly sinceAt: (weekEnd: number) => number;
  /** Its tier while it was a customer, as known a day after the end of a week; null where it was none. */
  readonly tierAt: (weekEnd: number) => string | null;
  readonly happenings: readonly PeerHappening[];
}

/** Something that happened to an account, `count` times about that instant; known from `recordedAt` on, at once without it. */
export interface PeerHappening {
  readonly type: EventType;
  readonly occurredAt: number;
  readonly recordedAt?: number;
  readonly count: number;
}

/** What is usual in one tier as of the end of one week. */
export interface PeerMedian extends PeerStep {
  readonly tier: string;
  readonly measure: string;
}

/** Whether an account has been a customer for all the weeks that a measure looks at. */
export function isPeer(measure: PeerMeasure, since: number, weekEnd: number): boolean {
  return since <= weekEnd - (measure.weeks + measure.baselineWeeks) * WEEK;
}

/** A measure from how often something happened in its weeks and in those before; null where there is no telling. */
export function peerValue({ weeks, baselineWeeks }: PeerMeasure, now: number, before: number): number | null {
  if (baselineWeeks === 0) return now;
  return before < fewestBefore ? null : Math.round((now / weeks / (before / baselineWeeks)) * 100) / 100;
}

/**
 * The medians of tiers, week by week, from one account after the other. Of each week only what was recorded within a day of its end counts.
 * Takes memory by tiers, weeks and different values, not by accounts.
 */
export class PeerTally {
  readonly #measures: readonly PeerMeasure[];
  readonly #weekEnds: readonly number[];
  /** By measure, week and tier: how many accounts have a value. */
  readonly #values: Map<string, Map<number, number>>[][];

  constructor(measures: readonly PeerMeasure[], weekEnds: readonly number[]) {
    this.#measures = measures;
    this.#weekEnds = weekEnds;
    this.#values = measures.map(() => weekEnds.map(() => new Map<string, Map<number, number>>()));
  }

  add({ sinceAt, tierAt, happenings }: PeerAccount): void {
    const since = this.#weekEnds.map(sinceAt);
    const tiers = this.#weekEnds.map(tierAt);
    for (const [index, measure] of this.#measures.entries()) {
      const now = this.#sums(measure, happenings, 0, measure.weeks);
      const before = this.#sums(measure, happenings, measure.weeks, measure.baselineWeeks);
      for (const [week, end] of this.#weekEnds.entries()) {
        const tier = tiers[week] ?? null;
        if (tier === null || !isPeer(measure, since[week] ?? Infinity, end)) continue;
        const value = peerValue(measure, now[week] ?? 0, before[week] ?? 0);
        const byTier = this.#values[index]?.[week];
        if (value === null || !byTier) continue;
        const counts = byTier.get(tier) ?? new Map<number, number>();
        counts.set(value, (counts.get(value) ?? 0) + 1);
        byTier.set(tier, counts);
      }
    }
  }

  medians(): readonly PeerMedian[] {
    return this.#measures.flatMap(({ key, leastAccounts }, index) =>
      this.#weekEnds.flatMap((from, week) =>
        [...(this.#values[index]?.[week] ?? [])].map(([tier, counts]) => {
          const accounts = [...counts.values()].reduce((sum, count) => sum + count, 0);
          return {
            tier,
            measure: key,
            from,
            accounts,
            median: accounts < leastAccounts ? null : medianOf(counts, accounts),
          };
        }),
      ),
    );
  }

  /** For each week, what happened in so many weeks that end `back` weeks before its end. */
  #sums(measure: PeerMeasure, happenings: readonly PeerHappening[], back: number, weeks: number): Float64Array {
    const sums = new Float64Array(this.#weekEnds.length);
    const first = this.#weekEnds[0] ?? 0;
    if (weeks === 0) return sums;
    for (const { type, occurredAt, recordedAt = occurredAt, count } of happenings) {
      if (!measure.types.includes(type)) continue;
      // Weeks follow one another: the first whose end lies `back` weeks after it.
      const start = Math.floor((occurredAt - first) / WEEK) + 1 + back;
      for (let week = Math.max(0, start); week < Math.min(sums.length, start + weeks); week += 1)
        if (recordedAt < (this.#weekEnds[week] ?? 0) + peerLag) sums[week] = (sums[week] ?? 0) + count;
    }
    return sums;
  }
}

/** The median of values by how often each is there. */
function medianOf(counts: ReadonlyMap<number, number>, total: number): number {
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const at = (place: number): number => {
    let seen = 0;
    for (const [value, count] of sorted) {
      seen += count;
      if (seen > place) return value;
    }
    return 0;
  };
  return Math.round(((at((total - 1) >> 1) + at(total >> 1)) / 2) * 100) / 100;
}

/** The baselines of each tier: weeks that say the same as the one before are left out. */
export function peerBaselines(medians: readonly PeerMedian[]): ReadonlyMap<string, readonly PeerBaseline[]> {
  const byTier = Map.groupBy(medians, ({ tier }) => tier);
  return new Map(
    [...byTier].map(([tier, own]) => [
      tier,
      [...Map.groupBy(own, ({ measure }) => measure)]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([measure, all]) => ({ measure, steps: stepsOf(all) })),
    ]),
  );
}

function stepsOf(medians: readonly PeerMedian[]): readonly PeerStep[] {
  const steps: PeerStep[] = [];
  for (const { from, median, accounts } of medians.toSorted((a, b) => a.from - b.from))
    if (steps.length === 0 || steps.at(-1)?.median !== median) steps.push({ from, median, accounts });
  return steps;
}
