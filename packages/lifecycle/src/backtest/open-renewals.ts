import { textAttribute } from '../tracks/fact.ts';
import type { Fact } from '../course/state.ts';
import { DAY } from '../time/zone.ts';

/** How long a renewal that nobody moves counts as open: deals that are forgotten stay open for ever. */
const forgottenAfter = 180 * DAY;

const named = /renew/i;
const none: ReadonlySet<string> = new Set();

/** Whether a deal is about a renewal: by its kind, else by how its pipeline or type is called. */
function isRenewal(fact: Fact): boolean {
  const kind = textAttribute(fact, 'kind');
  if (kind !== undefined) return kind === 'renewal';
  return ['pipeline', 'type', 'deal type'].some((name) => named.test(textAttribute(fact, name) ?? ''));
}

/** The renewals of an account that are open, as its facts go by in the order of time. */
export class OpenRenewals {
  /** By deal, when anything was last told of it. */
  readonly #open = new Map<string, number>();

  /**
   * Takes a fact that knows what its deal is about; `ends` says whether it ends the deal. Gives the renewals that are open when it ends one:
   * of several products or quotes one was dropped, and how the customer goes on, the others tell, if anything more is told of them.
   */
  leftOpen(fact: Fact, ends: boolean): ReadonlySet<string> {
    const deal = textAttribute(fact, 'dealId');
    if (!fact.type.startsWith('deal.') || deal === undefined || !isRenewal(fact)) return none;
    if (!ends) {
      this.#open.set(deal, fact.occurredAt);
      return none;
    }
    this.#open.delete(deal);
    const lately = [...this.#open].filter(([, told]) => fact.occurredAt - told <= forgottenAfter);
    return new Set(lately.map(([name]) => name));
  }
}
