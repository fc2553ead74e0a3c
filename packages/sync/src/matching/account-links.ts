import { isFreeMail } from '@waymark/identity';
import { contentUuid } from '@waymark/journey';
import {
  assignmentsOf,
  crmRecords,
  installations,
  moveRecords,
  standAlone,
  type RematchSubject,
  type Tx,
} from '@waymark/store';
import { claimsAround } from './imported-claims.ts';
import { linkImported } from './imported-links.ts';

/** A record of a CRM, with the account that it leads to. */
export interface LinkedRecord {
  readonly installationId: string;
  readonly externalId: string;
  readonly domains: readonly string[];
  readonly from: string;
  readonly to: string;
}

/** What a change of records touches. */
export interface TouchedRecords {
  /** Records that say something new, as `<installation>:<external id>`: one that gave up its last domain is found by nothing else. */
  readonly records: readonly string[];
  readonly domains: readonly string[];
  readonly externalIds: readonly string[];
}

/** Claimants of one domain beyond which nobody is looked for: it is a provider's, not a company's. */
const mostClaimants = 100;
/** Records that hang together through domains, at most. */
const mostRecords = 1_000;

/** The account of a record that stands for itself. */
export const ownAccount = (workspaceId: string, installationId: string, externalId: string): string =>
  contentUuid('account', workspaceId, installationId, externalId);

/**
 * Gives records of several CRMs one account where their domains say that they are one company, and takes that back where they no longer
 * do; an import's accounts go on as the CRM's. A function of the set of records: whichever CRM was read first does not matter. Two
 * records are one company if each is the other's only partner in the other's CRM, over domains that no CRM gives to two of its records.
 */
export async function linkAccounts(
  tx: Tx,
  touched: TouchedRecords,
  at: number,
): Promise<{
  readonly moved: readonly LinkedRecord[];
  readonly subjects: readonly RematchSubject[];
  readonly accounts: readonly string[];
}> {
  if (touched.domains.length + touched.externalIds.length + touched.records.length === 0)
    return { moved: [], subjects: [], accounts: [] };
  const claims = await claimsAround(tx, touched);
  const domains = [...new Set([...touched.domains, ...claims.map((one) => one.domain)])].filter(
    (domain) => !isFreeMail(domain, true),
  );
  const near = await neighborhood(tx, touched.records, domains);
  const order = new Map((await installations(tx)).map((one, index) => [one.installationId, index]));
  const known = await crmRecords(
    tx,
    [...new Set(near.records.map((one) => one.installationId))],
    near.records.map((one) => one.externalId),
  );
  const current = new Map(known.filter((one) => !one.gone && !one.merged).map((one) => [keyOf(one), one.accountId]));
  const standing = near.records.filter((one) => current.has(keyOf(one)));
  const moved: LinkedRecord[] = [];
  const heads: string[] = [];
  for (const group of companies(standing, near.linking, order)) {
    const [head] = group;
    if (!head) continue;
    const to = ownAccount(tx.workspaceId, head.installationId, head.externalId);
    heads.push(to);
    for (const one of group) {
      const from = current.get(keyOf(one)) ?? to;
      if (from !== to) moved.push({ ...one, from, to });
    }
  }
  await standAlone(tx, heads, at);
  await moveRecords(tx, moved, at);
  const imported = await linkImported(tx, touched, claims, near.records, at);
  return {
    moved,
    subjects: [...moved.map((one) => ({ kind: 'account' as const, subject: one.from })), ...imported.subjects],
    accounts: [...moved.flatMap((one) => [one.from, one.to]), ...imported.accounts],
  };
}

/** A record of a CRM with the domains that it has. */
export interface Claimant {
  readonly installationId: string;
  readonly externalId: string;
  readonly domains: readonly string[];
}

interface Neighborhood {
  readonly records: readonly Claimant[];
  /** Domains that no CRM gives to two of its records. */
  readonly linking: ReadonlySet<string>;
}

const keyOf = (one: { readonly installationId: string; readonly externalId: string }) =>
  `${one.installationId}:${one.externalId}`;

/** All records that share a domain with these, and those that share one with them in turn. */
async function neighborhood(tx: Tx, records: readonly string[], touched: readonly string[]): Promise<Neighborhood> {
  const domainsOf = new Map<string, readonly string[]>();
  const claimants = new Map<string, readonly string[]>();
  const first = await claimsOf(tx, { givers: records.map((record) => `record:${record}`) });
  for (const record of records)
    domainsOf.set(
      record,
      first.filter((one) => one.record === record).map((one) => one.domain),
    );
  let frontier = [...new Set([...touched, ...first.map((one) => one.domain)])];
  for (let hop = 0; frontier.length > 0 && domainsOf.size < mostRecords + records.length; hop += 1) {
    const claims = await claimsOf(tx, { people: [], domains: frontier, records: [] });
    for (const domain of frontier)
      claimants.set(
        domain,
        claims.filter((one) => one.domain === domain).map((one) => one.record),
      );
    const reached = frontier.flatMap((domain) => {
      const all = claimants.get(domain) ?? [];
      // Through a domain that several records of one CRM share nobody is linked: only who changed it is looked at.
      return all.length <= mostClaimants && (hop === 0 || isLinking(all)) ? all : [];
    });
    const fresh = [...new Set(reached)].filter((record) => !domainsOf.has(record));
    const own = await claimsOf(tx, { givers: fresh.map((record) => `record:${record}`) });
    for (const record of fresh)
      domainsOf.set(
        record,
        own.filter((one) => one.record === record).map((one) => one.domain),
      );
    frontier = [...new Set(fresh.flatMap((record) => domainsOf.get(record) ?? []))].filter(
      (domain) => !claimants.has(domain),
    );
  }
  return {
    records: [...domainsOf].map(([record, domains]) => {
      const at = record.indexOf(':');
      return { installationId: record.slice(0, at), externalId: record.slice(at + 1), domains };
    }),
    linking: new Set([...claimants].filter(([, all]) => isLinking(all)).map(([domain]) => domain)),
  };
}

const installationOf = (record: string): string => record.slice(0, record.indexOf(':'));

const isLinking = (records: readonly string[]): boolean =>
  records.length > 0 && new Set(records.map(installationOf)).size === records.length;

async function claimsOf(tx: Tx, filter: Parameters<typeof assignmentsOf>[1]) {
  return (await assignmentsOf(tx, filter)).flatMap((one) =>
    one.kind === 'domain' && one.basis === 'crm' && one.detail?.startsWith('record:') && !isFreeMail(one.subject, true)
      ? [{ domain: one.subject, record: one.detail.slice(7) }]
      : [],
  );
}

/** The records in groups of one company each, the one that gives its account first; oldest installation, then id. */
function companies(
  records: readonly Claimant[],
  linking: ReadonlySet<string>,
  order: ReadonlyMap<string, number>,
): readonly (readonly Claimant[])[] {
  const sorted = [...records].sort(
    (a, b) =>
      (order.get(a.installationId) ?? 0) - (order.get(b.installationId) ?? 0) || (a.externalId < b.externalId ? -1 : 1),
  );
  const byDomain = new Map<string, Claimant[]>();
  for (const record of sorted)
    for (const domain of record.domains)
      if (linking.has(domain)) byDomain.set(domain, [...(byDomain.get(domain) ?? []), record]);
  const partners = new Map(
    sorted.map((record) => [
      record,
      new Set(record.domains.flatMap((domain) => byDomain.get(domain) ?? []).filter((other) => other !== record)),
    ]),
  );
  const onlyIn = (record: Claimant, other: Claimant): boolean =>
    [...(partners.get(record) ?? [])].filter((one) => one.installationId === other.installationId).length === 1;
  const linked = (record: Claimant) =>
    [...(partners.get(record) ?? [])].filter((other) => onlyIn(record, other) && onlyIn(other, record));
  const done = new Set<Claimant>();
  return sorted.flatMap((record) => {
    if (done.has(record)) return [];
    const group = [record];
    done.add(record);
    for (const one of group)
      for (const other of linked(one)) {
        if (done.has(other)) continue;
        done.add(other);
        group.push(other);
      }
    // A chain that comes back to the same CRM would make one company of two that it holds apart.
    const isOne = new Set(group.map((one) => one.installationId)).size === group.length;
    return isOne ? [[...group].sort((a, b) => sorted.indexOf(a) - sorted.indexOf(b))] : group.map((one) => [one]);
  });
}
