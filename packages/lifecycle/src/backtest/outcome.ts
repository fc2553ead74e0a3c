import type { JourneyDefinition } from '@waymark/journey';
import { compileMatcher } from '../course/matcher.ts';
import { compareFacts, textAttribute } from '../tracks/fact.ts';
import type { Fact } from '../course/state.ts';
import { OpenRenewals } from './open-renewals.ts';
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
 * that ran out another record of the ending says nothing new; a renewal that is lost while another goes on ends nothing. What a deal is about
 * may have been told by an earlier event of it.
 */
export function outcomesOf(definition: JourneyDefinition, facts: readonly Fact[], until: number): Outcome[] {
  const { contract } = definition.outcomes ?? {};
  const kindOf = compileOutcomes(definition);
  const found: Outcome[] = [];
  const deals = new Map<string, Fact['attributes']>();
  const isProspect = prospectsAmong(definition, kindOf, facts);
  const renewals = new OpenRenewals();
  const ordered = inOrder(facts);
  for (const given of ordered) {
    const fact = knownDeal(given, deals);
    const { id: eventId, occurredAt: at } = fact;
    const outcome = at < until ? kindOf(fact) : undefined;
    const others = renewals.leftOpen(fact, outcome !== undefined || closing.has(fact.type));
    const goesOn = (one: Fact) =>
      one.occurredAt > at && one.occurredAt < until && others.has(textAttribute(one, 'dealId') ?? '');
    if (others.size > 0 && outcome?.kind === 'churned' && ordered.some(goesOn)) continue;
    if (!outcome || (outcome.notOf === 'prospects' && isProspect(fact))) continue;
    found.push({ kind: outcome.kind, at, eventId, sureAt: at });
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

const closing: ReadonlySet<string> = new Set(['deal.won', 'deal.lost']);

const byTime = (a: Outcome, b: Outcome): number => a.at - b.at || (a.eventId < b.eventId ? -1 : 1);

/** Says which outcome a fact tells by itself, as the definition declares them: the first that fits. */
export function compileOutcomes({ outcomes }: JourneyDefinition) {
  const matchers = (['churned', 'renewed'] as const).flatMap((kind) =>
    (outcomes?.[kind] ?? []).map((entry) => ({ kind, notOf: entry.notOf, matches: compileMatcher(entry) })),
  );
  return (fact: Fact) => matchers.find(({ matches }) => matches(fact));
}

/** Facts in the order of time; the same list where they are. */
export function inOrder(facts: readonly Fact[]): readonly Fact[] {
  const isOrdered = facts.every((fact, index) => {
    const before = facts[index - 1];
    return before === undefined || compareFacts(before, fact) <= 0;
  });
  return isOrdered ? facts : facts.toSorted(compareFacts);
}

/** What changes along a deal; all else says what it is about. */
const moving = new Set(['stage', 'stageLabel', 'to', 'from']);

/** A fact of a deal with what earlier ones told of the same deal and it leaves out; `deals` is what was told so far. */
export function knownDeal(fact: Fact, deals: Map<string, Fact['attributes']>): Fact {
  const { dealId } = fact.attributes;
  if (!fact.type.startsWith('deal.') || typeof dealId !== 'string') return fact;
  const attributes = { ...deals.get(dealId), ...fact.attributes };
  deals.set(dealId, Object.fromEntries(Object.entries(attributes).filter(([name]) => !moving.has(name))));
  return { ...fact, attributes };
}

type KindOf = (fact: Fact) => { readonly kind: Outcome['kind'] } | undefined;

function prospectMatchers({ outcomes }: JourneyDefinition, kindOf: KindOf) {
  const matchers = (outcomes?.prospects ?? []).map(compileMatcher);
  const isOfProspects = (fact: Fact) => matchers.some((matches) => matches(fact));
  const showsCustomer = (fact: Fact) =>
    fact.type === 'deal.won' ||
    fact.type === 'account.renewed' ||
    (fact.type === 'crm.stage_changed' && !isOfProspects(fact) && kindOf(fact)?.kind !== 'churned');
  return { isOfProspects, showsCustomer };
}

/** Says of a fact whether the account had not bought by then. */
function prospectsAmong(
  definition: JourneyDefinition,
  kindOf: KindOf,
  facts: readonly Fact[],
): (fact: Fact) => boolean {
  const { isOfProspects, showsCustomer } = prospectMatchers(definition, kindOf);
  return (fact) => {
    const before = facts.filter((one) => compareFacts(one, fact) < 0);
    if (before.some(showsCustomer)) return false;
    const { from } = fact.attributes;
    const left = { ...fact, attributes: { ...fact.attributes, to: from } };
    return before.some(isOfProspects) || (typeof from === 'string' && isOfProspects(left));
  };
}
