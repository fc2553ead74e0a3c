import type { EventType } from '@waymark/journey';
import { compareFacts } from '../tracks/fact.ts';
import { emptyTracks } from '../tracks/tracks.ts';
import { takeRecord } from '../tracks/track-work.ts';
import type { Fact } from '../course/state.ts';

/** The types of events that tell of an account's tier, and since when it is a customer. */
export const standingTypes: readonly EventType[] = [
  'account.churned',
  'account.renewed',
  'crm.property_changed',
  'crm.stage_changed',
  'deal.created',
  'deal.lost',
  'deal.stage_changed',
  'deal.won',
];

const types: ReadonlySet<string> = new Set(standingTypes);

/** What dated events tell of an account as of an instant. */
export interface DatedStanding {
  /** Null where it had none; undefined where nothing dated tells. */
  readonly tier: string | null | undefined;
  /** Since when it was a customer, epoch milliseconds; null where nothing dated tells. */
  readonly since: number | null;
}

/**
 * What dated events told of an account's tier, and since when it was a customer, as of any instant: as the engine takes them, from what had
 * happened and was recorded by then. Best asked of instants one after the other.
 */
export function datedStanding(facts: readonly Fact[]): (at: number) => DatedStanding {
  const telling = facts.filter(({ type }) => types.has(type)).toSorted(compareFacts);
  let known = -1;
  let said: DatedStanding = { tier: undefined, since: null };
  return (at) => {
    const then = telling.filter(({ occurredAt, recordedAt }) => occurredAt <= at && recordedAt <= at);
    // What is known grows with time: as much is the same.
    if (then.length === known) return said;
    const { record } = emptyTracks();
    for (const fact of then) takeRecord(record, fact);
    known = then.length;
    said = { tier: record.tier ? record.tier.value : undefined, since: record.since ?? null };
    return said;
  };
}
