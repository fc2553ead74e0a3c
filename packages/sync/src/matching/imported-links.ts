import { isDomainName, registrableDomain } from '@waymark/identity';
import { contentUuid } from '@waymark/journey';
import {
  accountsWithEvents,
  assignmentsOf,
  crmRecords,
  importedSubjectsBelow,
  installations,
  mergedAccounts,
  readSettings,
  setImportedDomain,
  setSurvivor,
  type RematchSubject,
  type Tx,
} from '@waymark/store';
import type { Claimant, TouchedRecords } from './account-links.ts';
import { claimedDomains, type ClaimedDomains, type ImportedClaim } from './imported-claims.ts';

/** Domains below which names are looked for. */
const mostBelow = 20;

/**
 * Lets accounts that an import made go on as the CRM's, where one CRM account has their id or domain; else those that it named by a
 * domain as the one that it named by an id and gave that domain; else they stand for themselves. A function of what is known, in
 * whatever order it came.
 */
export async function linkImported(
  tx: Tx,
  touched: TouchedRecords,
  claims: readonly ImportedClaim[],
  claimants: readonly Claimant[],
  at: number,
): Promise<{ readonly subjects: readonly RematchSubject[]; readonly accounts: readonly string[] }> {
  const names = [...touched.domains, ...touched.externalIds, ...claims.flatMap(({ key, domain }) => [key, domain])];
  if (touched.domains.length <= mostBelow) names.push(...(await importedSubjectsBelow(tx, touched.domains)));
  const made = (await assignmentsOf(tx, { people: [], domains: [], records: [...new Set(names)] })).filter(
    (one) => one.kind === 'record' && one.basis === 'import',
  );
  if (made.length === 0) return { subjects: [], accounts: [] };
  const crm = await crmAccounts(
    tx,
    made.map((one) => one.subject),
    claimants,
  );
  const said = await saidByImports(tx, claims);
  const contested: { readonly subject: string; readonly own: string }[] = [];
  const subjects: RematchSubject[] = [];
  const accounts: string[] = [];
  for (const { subject, accountId } of made) {
    const own = contentUuid('account', tx.workspaceId, 'subject', subject);
    if (accountId !== own) continue;
    const domains = said.domainsOf(subject);
    const holders = crm.holders(subject, isDomainName(subject) ? [registrableDomain(subject)] : domains);
    const [only] = holders;
    const byImport = isDomainName(subject) ? said.accountOf(registrableDomain(subject)) : undefined;
    const survivor = holders.size === 0 ? (byImport ?? null) : holders.size === 1 ? (only ?? null) : null;
    if (claims.length > 0 && !isDomainName(subject)) await setImportedDomain(tx, own, domains[0] ?? null, at);
    if (holders.size === 0 && said.isContested(subject)) contested.push({ subject, own });
    if (!(await setSurvivor(tx, own, survivor, at))) continue;
    subjects.push({ kind: 'record', subject }, { kind: 'account', subject: own });
    accounts.push(own, ...(survivor === null ? [] : [survivor]));
  }
  // What came before the second claim is still where the first, or none, had it.
  const filled = await accountsWithEvents(
    tx,
    contested.map(({ own }) => own),
  );
  for (const { subject, own } of contested) if (filled.has(own)) subjects.push({ kind: 'record', subject });
  return { subjects, accounts };
}

/** The accounts that CRMs give to a name: those that have it as their id, else those that have one of its domains. */
async function crmAccounts(tx: Tx, names: readonly string[], claimants: readonly Claimant[]) {
  const all = (await installations(tx)).map((one) => one.installationId);
  if (all.length === 0) return { holders: (): ReadonlySet<string> => new Set() };
  const byId = Map.groupBy(
    (await crmRecords(tx, all, names)).filter((one) => !one.gone),
    (one) => one.externalId,
  );
  const keyOf = (one: { readonly installationId: string; readonly externalId: string }) =>
    `${one.installationId}:${one.externalId}`;
  const claimed = await crmRecords(
    tx,
    all,
    claimants.map((one) => one.externalId),
  );
  const standing = new Map(
    claimed.filter((one) => !one.gone && !one.merged).map((one) => [keyOf(one), one.accountId] as const),
  );
  const byDomain = new Map<string, Set<string>>();
  for (const claimant of claimants) {
    const accountId = standing.get(keyOf(claimant));
    if (accountId === undefined) continue;
    for (const domain of claimant.domains) byDomain.set(domain, (byDomain.get(domain) ?? new Set()).add(accountId));
  }
  return {
    holders: (name: string, domains: readonly string[]): ReadonlySet<string> => {
      const named = new Set((byId.get(name) ?? []).map((one) => one.accountId));
      return named.size > 0 ? named : new Set(domains.flatMap((domain) => [...(byDomain.get(domain) ?? [])]));
    },
  };
}

/** What counts of what imports say of whose domain is whose: nothing where a person has decided about the domain. */
async function saidByImports(tx: Tx, claims: readonly ImportedClaim[]) {
  const none: ClaimedDomains = { single: new Map(), contested: new Map() };
  const { single, contested } = claims.length === 0 ? none : await countingClaims(tx, claims);
  return {
    /** The domains that the account of an id has alone, in the order of their names. */
    domainsOf: (key: string): readonly string[] =>
      claims
        .filter((one) => one.key === key && single.has(one.domain))
        .map((one) => one.domain)
        .sort(),
    accountOf: (domain: string): string | undefined => single.get(domain),
    isContested: (subject: string): boolean => isDomainName(subject) && contested.has(registrableDomain(subject)),
  };
}

async function countingClaims(tx: Tx, claims: readonly ImportedClaim[]): Promise<ClaimedDomains> {
  const settings = await readSettings(tx);
  const hand = await assignmentsOf(tx, { basis: 'hand' });
  const decided = new Set(hand.flatMap((one) => (one.kind === 'domain' ? [one.subject] : [])));
  return claimedDomains(
    tx,
    claims.filter(({ domain }) => !decided.has(domain)),
    {
      ownDomains: new Set(settings.ownDomains.map((domain) => domain.toLowerCase())),
      extraFreeMail: new Set(settings.freeMailDomains),
      exceptFreeMail: new Set(settings.notFreeMailDomains),
      merged: await mergedAccounts(tx),
    },
  );
}
