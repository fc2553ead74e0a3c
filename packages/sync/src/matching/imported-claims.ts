import { claimsCount, type DomainClaim } from '@waymark/identity';
import { contentUuid } from '@waymark/journey';
import { addAssignments, assignmentsOf, existingAccounts, type Assignment, type Tx } from '@waymark/store';

/** What an import said of whose domain is whose, with the account that the id leads to. */
export interface ImportedClaim extends DomainClaim {
  readonly accountId: string;
}

const giver = 'named:';

/** The id by which an account is named, of the giver of such an assignment. */
export const keyOfGiver = (detail: string): string => detail.slice(giver.length);

/** Stores what imported events say of whose domain is whose; what is there stays as it is. */
export async function addImportedClaims(tx: Tx, claims: readonly ImportedClaim[]): Promise<void> {
  await addAssignments(
    tx,
    claims.map(({ key, domain, accountId }) => ({
      assignmentId: contentUuid('assignment', tx.workspaceId, 'named', key, domain),
      kind: 'domain',
      subject: domain,
      accountId,
      basis: 'import',
      detail: `${giver}${key}`,
      knownFrom: 0,
      by: null,
    })),
  );
}

/** All that imports say of these domains and ids, of what hangs together with them, and of who else claims any of it. */
export async function claimsAround(
  tx: Tx,
  touched: { readonly domains: readonly string[]; readonly externalIds: readonly string[] },
): Promise<readonly ImportedClaim[]> {
  const first = await claimsOf(tx, touched.domains, touched.externalIds);
  if (first.length === 0) return [];
  const keys = [...new Set(first.map((one) => one.key))];
  const second = await claimsOf(tx, [], keys);
  return claimsOf(tx, [...new Set([...first, ...second].map((one) => one.domain))], keys);
}

async function claimsOf(
  tx: Tx,
  domains: readonly string[],
  keys: readonly string[],
): Promise<readonly ImportedClaim[]> {
  const found = [
    ...(domains.length > 0 ? await assignmentsOf(tx, { people: [], domains, records: [] }) : []),
    ...(keys.length > 0 ? await assignmentsOf(tx, { givers: keys.map((key) => `${giver}${key}`) }) : []),
  ];
  return importedClaimsAmong([...new Map(found.map((one) => [one.assignmentId, one])).values()]);
}

/** Those of these assignments that are domains which an import gave to an account: unlike a CRM's they speak for no mail. */
export const importedClaimsAmong = (given: readonly Assignment[]): readonly ImportedClaim[] =>
  given.flatMap(({ kind, basis, subject, accountId, detail }) =>
    kind === 'domain' && basis === 'import' && accountId !== null && detail?.startsWith(giver)
      ? [{ key: keyOfGiver(detail), domain: subject, accountId }]
      : [],
  );

/** Domains with the accounts that imports give them to. */
export interface ClaimedDomains {
  /** Of one account alone, whatever other ids it has. */
  readonly single: ReadonlyMap<string, string>;
  /** Of several, as they stand after merges: a person has to decide. */
  readonly contested: ReadonlyMap<string, readonly string[]>;
}

/**
 * Which domains speak for an account. Not one that is given to an id of which nothing else is known: that may be another account. A
 * function of the set of claims, whatever their order.
 */
export async function claimedDomains(
  tx: Tx,
  claims: readonly ImportedClaim[],
  { merged, ...own }: Parameters<typeof claimsCount>[1] & { readonly merged: ReadonlyMap<string, string> },
): Promise<ClaimedDomains> {
  const single = new Map<string, string>();
  const contested = new Map<string, readonly string[]>();
  const counting = claims.filter(({ domain }) => claimsCount(domain, own));
  if (counting.length === 0) return { single, contested };
  const there = await existingAccounts(tx, [...new Set(counting.map((one) => one.accountId))]);
  for (const [domain, all] of Map.groupBy(counting, (one) => one.domain)) {
    const known = all.map((one) => one.accountId).filter((accountId) => there.has(accountId));
    const heads = [...new Set(known.map((accountId) => merged.get(accountId) ?? accountId))].sort();
    const [first] = known.sort();
    if (heads.length > 1) contested.set(domain, heads);
    else if (first !== undefined && known.length === all.length) single.set(domain, first);
  }
  return { single, contested };
}
