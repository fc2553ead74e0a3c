import { addressKey, domainOf, registrableDomain, type Assignments, type Matchable } from '@waymark/identity';
import {
  accountRecords,
  assignments as storedAssignments,
  assignmentsOf,
  crmRecords,
  installations as readInstallations,
  members,
  mergedAccounts,
  parentLinks,
  readSettings,
  type Assignment,
  type Tx,
} from '@waymark/store';
import { claimedDomains, importedClaimsAmong } from './imported-claims.ts';

/** Gives the assignments that matching these needs. */
export type Lookup = (events: readonly Matchable[]) => Promise<Assignments>;

interface RecordKey {
  readonly installationId: string;
  readonly externalId: string;
  readonly accountId: string;
}

/** What matching rests on whatever the event: who we are, what was decided by hand, which accounts were merged. */
interface Ground {
  readonly ownDomains: ReadonlySet<string>;
  readonly ownAddresses: ReadonlySet<string>;
  readonly extraFreeMail: ReadonlySet<string>;
  readonly exceptFreeMail: ReadonlySet<string>;
  readonly merged: ReadonlyMap<string, string>;
}

/** All assignments in force, as matching wants them. Grows with the workspace: for few events `lookupFor` reads only theirs. */
export async function loadAssignments(tx: Tx): Promise<Assignments> {
  const ground = await loadGround(tx);
  const given = await storedAssignments(tx);
  return withParents(
    tx,
    toAssignments(ground, given, await accountRecords(tx), await contestedAmong(tx, ground, given)),
  );
}

/** What events name, by which their assignments are found. */
interface Named {
  readonly people: ReadonlySet<string>;
  readonly domains: ReadonlySet<string>;
  readonly records: ReadonlySet<string>;
  /** Of the records, those of which it is not said whose they are. */
  readonly bare: ReadonlySet<string>;
  readonly installations: ReadonlySet<string>;
}

function namedBy(events: readonly Matchable[]): Named {
  const people = new Set<string>();
  const domains = new Set<string>();
  const records = new Set<string>();
  const bare = new Set<string>();
  const installations = new Set<string>();
  for (const event of events) {
    for (const { address } of event.participants) {
      const domain = address && domainOf(address);
      if (!address || !domain) continue;
      people.add(addressKey(address));
      domains.add(registrableDomain(domain));
      domains.add(registrableDomain(domainOf(addressKey(address)) ?? domain));
    }
    if (event.installationId) installations.add(event.installationId);
    if (!event.subject) continue;
    records.add(event.subject.startsWith('record:') ? event.subject.slice(7) : event.subject);
    if (!event.subject.startsWith('record:')) bare.add(event.subject);
    if (event.subject.includes('.')) domains.add(registrableDomain(event.subject));
  }
  return { people, domains, records, bare, installations };
}

const isWithin = (asked: Named, before: Named): boolean =>
  parts.every((part) => [...asked[part]].every((one) => before[part].has(one)));
const parts = ['people', 'domains', 'records', 'bare', 'installations'] as const;

/**
 * Reads, for each batch of events, the assignments of the people, domains and records that they name, and no others. They are taken to
 * stay as they are as long as it is used: for one transaction that has the matching's turn and assigns nothing meanwhile.
 */
export async function lookupFor(tx: Tx): Promise<Lookup> {
  const ground = await loadGround(tx);
  const byHand = await assignmentsOf(tx, { basis: 'hand' });
  let last: { readonly named: Named; readonly found: Assignments } | undefined;
  return async (events) => {
    const named = namedBy(events);
    // The threads of a page are mostly those of its own people.
    if (last && isWithin(named, last.named)) return last.found;
    const { people, domains, records, bare, installations } = named;
    const given = await assignmentsOf(tx, { people: [...people], domains: [...domains], records: [...records] });
    // A source that is no CRM names an id without saying whose.
    const all = bare.size === 0 ? [] : (await readInstallations(tx)).map(({ installationId }) => installationId);
    const known = await crmRecords(tx, [...new Set([...installations, ...all])], [...records]);
    const standing = known.filter((one) => !one.gone);
    const inForce = [...given.filter((one) => one.basis !== 'hand'), ...byHand];
    const contested = await contestedAmong(tx, ground, inForce);
    const found = await withParents(tx, toAssignments(ground, inForce, standing, contested));
    last = { named, found };
    return found;
  };
}

async function loadGround(tx: Tx): Promise<Ground> {
  const settings = await readSettings(tx);
  const own = await members(tx);
  return {
    ownDomains: new Set(settings.ownDomains.map((domain) => domain.toLowerCase())),
    ownAddresses: new Set(
      [...own.map((member) => member.email), ...settings.ownAddresses].map((address) => addressKey(address)),
    ),
    extraFreeMail: new Set(settings.freeMailDomains),
    exceptFreeMail: new Set(settings.notFreeMailDomains),
    merged: await mergedAccounts(tx),
  };
}

async function contestedAmong(tx: Tx, ground: Ground, given: readonly Assignment[]) {
  return (await claimedDomains(tx, importedClaimsAmong(given), ground)).contested;
}

function toAssignments(
  ground: Ground,
  given: readonly Assignment[],
  standing: readonly RecordKey[],
  contested: ReadonlyMap<string, readonly string[]>,
): Assignments {
  const survivor = (accountId: string) => ground.merged.get(accountId) ?? accountId;
  const contacts = new Map<string, string[]>();
  const aliases = new Map<string, string[]>();
  const domains = new Map<string, string[]>();
  const hand = new Map<string, string>();
  const verdicts = new Map<string, 'not_customer' | 'split'>();
  const records = new Map<string, string>();
  const maps = { contact: contacts, alias: aliases, domain: domains };
  for (const one of standing) records.set(`${one.installationId}:${one.externalId}`, survivor(one.accountId));
  for (const [externalId, same] of Map.groupBy(standing, (one) => one.externalId)) {
    const [only, ...more] = new Set(same.map((one) => survivor(one.accountId)));
    if (only !== undefined && more.length === 0) records.set(`*:${externalId}`, only);
  }
  for (const one of given) {
    if (one.accountId === null) {
      if (one.verdict) verdicts.set(`${one.kind}:${one.subject}`, one.verdict);
      continue;
    }
    const accountId = survivor(one.accountId);
    if (one.kind === 'record') records.set(`:${one.subject}`, accountId);
    else if (one.basis === 'hand') hand.set(`${one.kind}:${one.subject}`, accountId);
    else if (one.kind === 'domain' && one.basis === 'import') continue;
    else if (one.kind === 'contact' || one.kind === 'alias' || one.kind === 'domain') {
      const list = maps[one.kind].get(one.subject) ?? [];
      if (!list.includes(accountId)) maps[one.kind].set(one.subject, [...list, accountId].sort());
    }
  }
  return { ...ground, contacts, aliases, domains, hand, verdicts, records, ...(contested.size > 0 && { contested }) };
}

/** Steps up from a subsidiary that are followed. */
const mostSteps = 10;

/** Adds the parents of the accounts that share a domain: nothing else asks for them. */
async function withParents(tx: Tx, inForce: Assignments): Promise<Assignments> {
  const parents = new Map<string, string>();
  let below = [...new Set([...inForce.domains.values()].flatMap((owners) => (owners.length > 1 ? owners : [])))];
  for (let step = 0; step < mostSteps && below.length > 0; step += 1) {
    const links = await parentLinks(tx, below);
    for (const { accountId, parentId } of links) {
      const [child, parent] = [survivorOf(inForce, accountId), survivorOf(inForce, parentId)];
      if (child !== parent && !parents.has(child)) parents.set(child, parent);
    }
    below = [...new Set(links.map((one) => survivorOf(inForce, one.parentId)))].filter((one) => !parents.has(one));
  }
  return parents.size === 0 ? inForce : { ...inForce, parents };
}

const survivorOf = (inForce: Assignments, accountId: string): string => inForce.merged?.get(accountId) ?? accountId;
