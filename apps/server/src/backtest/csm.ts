import type { Fact } from '@waymark/lifecycle';

/** How far back those who were in touch are looked at, ms. */
const lately = 90 * 86_400_000;

/**
 * Who would have got the alerts about an account at an instant: the owner whom the CRM's history names, else `recorded`, the one it names
 * now. Where nobody is named, the colleague who was in touch with the account most in the 90 days before, or last. Null where nobody is known.
 */
export function csmOf(
  facts: readonly Fact[],
  { recorded, domain }: { readonly recorded: string | null; readonly domain: string | null },
): (at: number) => string | null {
  const owners = facts.flatMap((fact) => {
    const { owner } = fact.attributes;
    return fact.type === 'crm.owner_changed' && typeof owner === 'string' ? [{ at: fact.occurredAt, owner }] : [];
  });
  let met: readonly Met[] | undefined;
  return (at) => {
    const named = owners.findLast((one) => one.at <= at)?.owner ?? recorded;
    if (named !== null || domain === null) return named;
    met ??= facts.flatMap((fact) => colleaguesIn(fact, domain).map((address) => ({ at: fact.occurredAt, address })));
    return mostInTouch(met, at);
  };
}

interface Met {
  readonly at: number;
  readonly address: string;
}

/** The addresses of those in a mail, chat or meeting who are none of the customer's. */
function colleaguesIn({ touchpoint, direction, participants }: Fact, domain: string): string[] {
  if (touchpoint !== 'email' && touchpoint !== 'chat' && touchpoint !== 'meeting') return [];
  return participants.flatMap(({ role, address }) => {
    const isOurs =
      touchpoint === 'meeting' ||
      (direction === 'outbound' && role === 'from') ||
      (direction === 'inbound' && role === 'to');
    const isTheirs = address === undefined || address.endsWith(`@${domain}`) || address.endsWith(`.${domain}`);
    return isOurs && !isTheirs ? [address] : [];
  });
}

function mostInTouch(met: readonly Met[], at: number): string | null {
  const counts = new Map<string, number>();
  let last: string | null = null;
  for (const one of met) {
    if (one.at > at) break;
    last = one.address;
    if (one.at > at - lately) counts.set(one.address, (counts.get(one.address) ?? 0) + 1);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return most?.[0] ?? last;
}
