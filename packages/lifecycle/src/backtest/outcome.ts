import type { JourneyDefinition } from '@waymark/journey';
import { compileMatcher } from '../course/matcher.ts';
import type { Fact } from '../course/state.ts';
import { contractOutcomes } from './contract-outcome.ts';
import { DAY } from '../time/zone.ts';

/** How a customer relation went on at an instant, as the definition's `outcomes` declare it. */
export interface Outcome {
  readonly kind: 'churned' | 'renewed';
  readonly at: number;
  /** The event that says so; of a contract that ran out, the one that told its end. */
  readonly eventId: string;
  /** From when on it is certain: with the event, or once the grace days of a contract have gone by without a renewal. */
  readonly sureAt: number;
}

/** Which outcomes a definition declares: without a declaration nothing is taken for one. */
export function declaredOutcomes(definition: JourneyDefinition): readonly Outcome['kind'][] {
  const { churned, renewed, contract } = definition.outcomes ?? {};
  return [
    ...(churned || contract ? (['churned'] as const) : []),
    ...(renewed || contract ? (['renewed'] as const) : []),
  ];
}

/** Records of one and the same ending come together: a lost deal, the stage in the CRM, the churn itself. */
const sameWithin = 45 * DAY;

/**
 * The outcomes of an account's facts that are certain before `until` (epoch milliseconds), oldest first. Several records of one ending or
 * of one renewal within 45 days count once, at the first; a renewal that is taken back by a churn within a day is none; after a contract
 * that ran out another record of the ending says nothing new.
 */
export function outcomesOf(definition: JourneyDefinition, facts: readonly Fact[], until: number): Outcome[] {
  const { contract } = definition.outcomes ?? {};
  const matchers = (['churned', 'renewed'] as const).flatMap((kind) =>
    (definition.outcomes?.[kind] ?? []).map((matcher) => ({ kind, matches: compileMatcher(matcher) })),
  );
  const found: Outcome[] = [];
  for (const fact of facts) {
    const { id: eventId, occurredAt: at } = fact;
    const kind = at < until ? matchers.find(({ matches }) => matches(fact))?.kind : undefined;
    if (kind !== undefined) found.push({ kind, at, eventId, sureAt: at });
  }
  found.sort(byTime);
  if (contract) found.push(...contractOutcomes(contract, facts, found, until));
  found.sort(byTime);
  const kept: Outcome[] = [];
  for (const outcome of found) {
    const last = kept.at(-1);
    const isLapsed = last !== undefined && last.kind === 'churned' && last.sureAt > last.at;
    if (last && last.kind === outcome.kind && (isLapsed || outcome.at - last.at <= sameWithin)) continue;
    if (last?.kind === 'renewed' && outcome.kind === 'churned' && outcome.at - last.at < DAY) kept.pop();
    kept.push(outcome);
  }
  return kept;
}

const byTime = (a: Outcome, b: Outcome): number => a.at - b.at || (a.eventId < b.eventId ? -1 : 1);
