import type { JourneyDefinition } from '@waymark/journey';
import { compileMatcher } from '../course/matcher.ts';
import type { Fact } from '../course/state.ts';
import { DAY } from '../time/zone.ts';

/** How a customer relation went on at an instant, as the definition's `outcomes` declare it. */
export interface Outcome {
  readonly kind: 'churned' | 'renewed';
  readonly at: number;
  /** The event that says so. */
  readonly eventId: string;
}

/** Which outcomes a definition declares: without a declaration nothing is taken for one. */
export function declaredOutcomes(definition: JourneyDefinition): readonly Outcome['kind'][] {
  const { churned, renewed } = definition.outcomes ?? {};
  return [...(churned ? (['churned'] as const) : []), ...(renewed ? (['renewed'] as const) : [])];
}

/** Records of one and the same ending come together: a lost deal, the stage in the CRM, the churn itself. */
const sameWithin = 45 * DAY;

/**
 * The outcomes of an account's facts, oldest first. Several records of one ending or of one renewal within 45 days count once, at the
 * first; a renewal that is taken back by a churn within a day is none.
 */
export function outcomesOf(definition: JourneyDefinition, facts: readonly Fact[]): Outcome[] {
  const matchers = (['churned', 'renewed'] as const).flatMap((kind) =>
    (definition.outcomes?.[kind] ?? []).map((matcher) => ({ kind, matches: compileMatcher(matcher) })),
  );
  const found: Outcome[] = [];
  for (const fact of facts) {
    const kind = matchers.find(({ matches }) => matches(fact))?.kind;
    if (kind !== undefined) found.push({ kind, at: fact.occurredAt, eventId: fact.id });
  }
  found.sort((a, b) => a.at - b.at || (a.eventId < b.eventId ? -1 : 1));
  const kept: Outcome[] = [];
  for (const outcome of found) {
    const last = kept.at(-1);
    if (last && last.kind === outcome.kind && outcome.at - last.at <= sameWithin) continue;
    if (last?.kind === 'renewed' && outcome.kind === 'churned' && outcome.at - last.at < DAY) kept.pop();
    kept.push(outcome);
  }
  return kept;
}
