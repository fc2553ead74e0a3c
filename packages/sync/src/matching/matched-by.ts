import { domainClaims, isDomainName, registrableDomain } from '@waymark/identity';
import { importedDomains, matchSummary, namingEvents, type MatchedBy, type Tx } from '@waymark/store';
import { keyOfGiver } from './imported-claims.ts';

/** Why events of an account are its own; `united` where they name it otherwise than the rest, and an import said that it is the same. */
export interface ExplainedMatch extends MatchedBy {
  readonly united?: {
    /** The id by which the account is named elsewhere. */
    readonly key: string;
    readonly domain: string;
    /** An event that says so. */
    readonly eventId: string | null;
  };
}

/** Why an account's events are its own, the commonest reasons first. */
export async function matchesOf(tx: Tx, accountId: string): Promise<readonly ExplainedMatch[]> {
  const matches = await matchSummary(tx, accountId);
  const given = await importedDomains(tx, accountId);
  if (given.length === 0) return matches;
  const said = new Map<string, string>();
  for (const event of await namingEvents(tx, accountId))
    for (const { key, domain } of domainClaims(event)) {
      const claim = `${domain} ${key}`;
      if (!said.has(claim)) said.set(claim, event.eventId);
    }
  return matches.map((one) => {
    const domain = isDomainName(one.subject) ? registrableDomain(one.subject) : undefined;
    const claim = one.reason === 'record' ? given.find((each) => each.domain === domain) : undefined;
    if (!claim) return one;
    const key = keyOfGiver(claim.giver);
    return {
      ...one,
      united: { key, domain: claim.domain, eventId: said.get(`${claim.domain} ${key}`) ?? null },
    };
  });
}
