import type { JourneyDefinition } from '@waymark/journey';
import { compareFacts } from '../tracks/fact.ts';
import { dateIn } from '../tracks/track-work.ts';
import type { Fact } from '../course/state.ts';
import type { Outcome } from './outcome.ts';
import { DAY } from '../time/zone.ts';

/** How a definition declares what the end of a contract says. */
type ContractDeclaration = NonNullable<NonNullable<JourneyDefinition['outcomes']>['contract']>;

/** A contract's end as it was told; null where it was taken away. */
interface Told {
  readonly at: number;
  readonly eventId: string;
  readonly end: number | null;
}

/**
 * What the end of contracts says of an account, as far as it is certain before `until` (epoch milliseconds). An end that passes without a
 * renewal for the grace days is a churn, at the end; one that is put off for long, near the end, is a renewal, at the record that says so.
 * Each cites the record that told the end. `events` are the churns and renewals that the account's other records tell, oldest first: a
 * renewal since the end was told, early or within the grace days, is one of this contract, and after a churn nothing is left to lapse.
 */
export function contractOutcomes(
  contract: ContractDeclaration,
  facts: readonly Fact[],
  events: readonly Outcome[],
  until: number,
): Outcome[] {
  const [grace, early, putOff] = [contract.graceDays * DAY, contract.earlyDays * DAY, contract.renewedByDays * DAY];
  const told = endsTold(contract, facts);
  return told.flatMap(({ at, eventId, end }, index): Outcome[] => {
    // An end that was long past when it was told is no news of how a customer went on.
    if (end === null || at > end + grace) return [];
    const sure = end + grace;
    const next = told[index + 1];
    const since = Math.max(at, end - early);
    if (next && next.at <= sure) {
      const isRenewal = next.end !== null && next.end - end >= putOff && next.at > since && next.at < until;
      return isRenewal ? [{ kind: 'renewed', at: next.at, eventId: next.eventId, sureAt: next.at }] : [];
    }
    const isSettled = events.some((one) => one.at > (one.kind === 'renewed' ? since : at) && one.at <= sure);
    return isSettled || sure >= until ? [] : [{ kind: 'churned', at: end, eventId, sureAt: sure }];
  });
}

/** The ends in the order in which they were told: by the CRM's property, and by renewals that say until when. The same end told again is no news. */
function endsTold({ date }: ContractDeclaration, facts: readonly Fact[]): Told[] {
  const told: Told[] = [];
  for (const fact of facts.toSorted(compareFacts)) {
    const end = endIn(date, fact);
    if (end === undefined || (told.at(-1)?.end ?? null) === end) continue;
    told.push({ at: fact.occurredAt, eventId: fact.id, end });
  }
  return told;
}

/** The end that a fact tells: null takes it away, undefined tells nothing. */
function endIn(date: string, { type, attributes }: Fact): number | null | undefined {
  if (type === 'account.renewed') return typeof attributes.until === 'number' ? attributes.until : undefined;
  if (type !== 'crm.property_changed' || (attributes.property !== date && attributes.role !== date)) return undefined;
  const text = typeof attributes.to === 'string' ? attributes.to : '';
  return text.trim() === '' ? null : (dateIn(text) ?? undefined);
}
