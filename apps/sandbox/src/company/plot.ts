import type { Random } from './random.ts';
import type { Lifecycle, StoryId, WorldAccount } from './world.ts';

/**
 * What is to happen at one account. Days are calendar days from the anchor, negative in the past. The figures of the risk
 * stories leave a wide margin to any sensible threshold, and so do those of the healthy accounts on the other side.
 */
export interface Plot {
  readonly story: StoryId;
  readonly tier: WorldAccount['tier'];
  readonly lifecycle: Lifecycle;
  /** The rule that must flag it: of a risk, or of an opportunity on an account that is healthy. */
  readonly rule?: string;
  readonly healthy: boolean;
  readonly summary: string;
  /** The day of the sale; absent before one. */
  readonly since?: number;
  /** The day of the next renewal. */
  readonly renewal?: number;
  readonly churned?: number;
  /** A first life as a customer, before a churn: the days of sale and loss. */
  readonly formerly?: { readonly since: number; readonly churned: number };
  /** Mail threads a month. */
  readonly pace: number;
  /** No ordinary thread ends after this day. */
  readonly quietFrom?: number;
  /** At most this many days between threads, for those who are seldom in touch but always. */
  readonly cadence?: number;
  /** Days between meetings of the standing series, 0 for none. */
  readonly series: 0 | 7 | 14 | 28;
  readonly people: number;
  readonly freeMail?: boolean;
  readonly viaReseller?: boolean;
  readonly csmUnnamed?: boolean;
  /** The mail that waits went to the shared mailbox. */
  readonly toShared?: boolean;
  readonly live?: boolean;
}

const PACE = { enterprise: 5, mid: 2.8, small: 1.6 } as const;
const SERIES = { enterprise: 7, mid: 14, small: 28 } as const;
const PEOPLE = { enterprise: 5, mid: 4, small: 3 } as const;

/** A customer who bought so many years before the next renewal; the tier sets what is usual. */
export function customer(
  random: Random,
  tier: Plot['tier'],
  story: StoryId,
  years: 1 | 2 | 3,
  renewal: number,
  summary: string,
  more: Partial<Plot> = {},
): Plot {
  return {
    story,
    tier,
    lifecycle: 'customer',
    healthy: more.rule === undefined,
    summary,
    since: renewal - 365 * years,
    renewal,
    pace: PACE[tier] * random.range(0.85, 1.2),
    series: SERIES[tier],
    people: PEOPLE[tier] + random.int(-1, 2),
    ...more,
  };
}
