import type { Direction, Participant } from '@waymark/journey';
import { addressKey, domainOf, isFreeMail, registrableDomain } from './domains.ts';

/** Why an event belongs to an account, strongest first; `hand` and `record` say it outright. */
export type MatchReason = 'hand' | 'record' | 'contact' | 'alias' | 'domain' | 'parent' | 'thread';

/** Why an event belongs to none. */
export type UnmatchedReason =
  | 'no-outside-participant'
  | 'free-mail'
  | 'unknown-domain'
  | 'ambiguous-contact'
  | 'ambiguous-domain'
  | 'split-domain'
  | 'unknown-record'
  | 'not-customer';

export interface Candidate {
  readonly accountId: string;
  readonly reason: MatchReason;
  /** The address, domain, thread or record that speaks for it. */
  readonly subject: string;
}

/**
 * Why a candidate lost: a person decided otherwise; its evidence is weaker; it is as strong, of a participant who weighs less;
 * several accounts claim the subject; or its parent account claims the same domain.
 */
export type LostWhy = 'decided' | 'weaker' | 'later' | 'shared' | 'family';

export interface LostCandidate extends Candidate {
  readonly why: LostWhy;
}

/** What matching found, with everything that lost. */
export type Match =
  | {
      readonly accountId: string;
      readonly reason: MatchReason;
      readonly subject: string;
      readonly lost: readonly LostCandidate[];
    }
  | {
      readonly accountId: null;
      readonly reason: UnmatchedReason;
      /** What a person would have to decide about: addresses or domains. */
      readonly subjects: readonly { readonly kind: 'contact' | 'domain' | 'record'; readonly subject: string }[];
      readonly lost: readonly LostCandidate[];
    };

/** The assignments in force, as plain maps from a subject to account ids. */
export interface Assignments {
  readonly ownDomains: ReadonlySet<string>;
  /** Addresses of the workspace's own people outside its domains. */
  readonly ownAddresses: ReadonlySet<string>;
  /** By address key. */
  readonly contacts: ReadonlyMap<string, readonly string[]>;
  readonly aliases: ReadonlyMap<string, readonly string[]>;
  /** By registrable domain. */
  readonly domains: ReadonlyMap<string, readonly string[]>;
  /** Decisions by hand: about a `contact:`, `domain:` or `event:` subject. They replace what the sources say of it. */
  readonly hand: ReadonlyMap<string, string>;
  /** Decisions that name no account, by the same subjects: nobody's customer, or (domains) left to each of its people. */
  readonly verdicts?: ReadonlyMap<string, 'not_customer' | 'split'>;
  /** Domains that imported events give to several accounts, where no CRM gives them to any. */
  readonly contested?: ReadonlyMap<string, readonly string[]>;
  /** Accounts with the one that a CRM names as their parent. */
  readonly parents?: ReadonlyMap<string, string>;
  /**
   * By the record's key in its installation: `<installation>:<external id>`; `*:<external id>` where one account alone has it in
   * whatever CRM, for sources that name it without saying which.
   */
  readonly records: ReadonlyMap<string, string>;
  /** Accounts that were merged, with the one that each goes on as. */
  readonly merged?: ReadonlyMap<string, string>;
  readonly extraFreeMail?: ReadonlySet<string>;
  readonly exceptFreeMail?: ReadonlySet<string>;
}

/** What matching reads of an event. */
export interface Matchable {
  readonly eventId: string;
  readonly direction: Direction;
  readonly participants: readonly Participant[];
  /** `record:<external id>` where the source names the account, a domain or record id for imports. */
  readonly subject?: string;
  readonly installationId?: string;
}

const roleOrder = [
  'from',
  'organizer',
  'requester',
  'respondent',
  'contact',
  'to',
  'attendee',
  'cc',
  'assignee',
  'actor',
];

/** The outside addresses of an event, the most telling first: the sender of an inbound mail, the first recipient of an outbound. */
export function outsideAddresses(
  participants: readonly Participant[],
  own: Pick<Assignments, 'ownDomains' | 'ownAddresses'>,
): readonly string[] {
  const seen = new Set<string>();
  const byRole = [...participants].sort((a, b) => roleOrder.indexOf(a.role) - roleOrder.indexOf(b.role));
  for (const one of byRole) {
    if (!one.address) continue;
    const domain = domainOf(one.address);
    if (!domain || isOwn(one.address, domain, own)) continue;
    seen.add(addressKey(one.address));
  }
  return [...seen];
}

function isOwn(address: string, domain: string, own: Pick<Assignments, 'ownDomains' | 'ownAddresses'>): boolean {
  if (own.ownAddresses.has(addressKey(address))) return true;
  return own.ownDomains.has(domain) || own.ownDomains.has(registrableDomain(domain));
}

/**
 * Finds the account of an event: by what was decided by hand, by the record the source names, else by exact contact, then alias,
 * then domain, over the outside participants in order of weight. Threads come after, in `matchByThread`. Pure: the same event and
 * assignments give the same answer.
 */
export function match(event: Matchable, assignments: Assignments): Match {
  const subjectOfEvent = `event:${event.eventId}`;
  const byHand = assignments.hand.get(subjectOfEvent);
  const nobody = assignments.verdicts?.get(subjectOfEvent) === 'not_customer';
  const found: Candidate[] = byHand ? [{ accountId: byHand, reason: 'hand', subject: event.eventId }] : [];
  const aside: LostCandidate[] = [];
  const record = recordClaim(event, assignments);
  found.push(...record.found);
  aside.push(...record.aside);
  const waits = record.unmatched === 'unknown-record' && event.subject;
  const open: OpenSubject[] = waits ? [{ kind: 'record', subject: waits }] : [];
  const reasons: UnmatchedReason[] = record.unmatched ? [record.unmatched] : [];

  const levels = { person: [] as Candidate[], alias: [] as Candidate[], domain: [] as Candidate[] };
  for (const address of outsideAddresses(event.participants, assignments)) {
    const claim = claimOf(address, assignments);
    levels.person.push(...claim.person);
    levels.alias.push(...claim.alias);
    levels.domain.push(...claim.domain);
    aside.push(...claim.aside);
    if (claim.unmatched === undefined) continue;
    reasons.push(claim.unmatched);
    if (claim.open) open.push(claim.open);
  }
  found.push(...levels.person, ...levels.alias, ...levels.domain);
  const winner = nobody ? undefined : found[0];
  if (!winner) {
    const lost = [...found.map((one) => ({ ...one, why: 'decided' as const })), ...aside];
    const reason = nobody ? 'not-customer' : (reasons.find((one) => one !== 'not-customer') ?? reasons[0]);
    return {
      accountId: null,
      reason: reason ?? 'no-outside-participant',
      subjects: nobody ? [] : open,
      lost: distinct(lost),
    };
  }
  const lost = found.map((one): LostCandidate => ({ ...one, why: whyLost(one, winner) }));
  return { ...winner, lost: distinct([...lost, ...aside].filter((one) => one.accountId !== winner.accountId)) };
}

/** The account of a thread whose other mails are matched: only where they agree. */
export function matchByThread(thread: string, accountIds: readonly string[], unmatched: Match): Match {
  const distinctIds = [...new Set(accountIds)].sort();
  const only = distinctIds[0];
  if (unmatched.accountId !== null || only === undefined) return unmatched;
  if (distinctIds.length > 1) {
    const claims = distinctIds.map(
      (accountId) => ({ accountId, reason: 'thread', subject: thread, why: 'shared' }) as const,
    );
    return { ...unmatched, lost: distinct([...unmatched.lost, ...claims]) };
  }
  return {
    accountId: only,
    reason: 'thread',
    subject: thread,
    lost: unmatched.lost.filter((one) => one.accountId !== only),
  };
}

type OpenSubject = { readonly kind: 'contact' | 'domain' | 'record'; readonly subject: string };

/** `hand` about a person weighs as a contact does, about a domain as a domain does: their places in the list tell. */
const strength: Readonly<Record<MatchReason, number>> = {
  hand: 0,
  record: 1,
  contact: 2,
  alias: 3,
  domain: 4,
  parent: 4,
  thread: 5,
};

function whyLost(one: Candidate, winner: Candidate): LostWhy {
  if (winner.reason === 'hand') return 'decided';
  return strength[one.reason] > strength[winner.reason] ? 'weaker' : 'later';
}

interface RecordClaim {
  readonly found: readonly Candidate[];
  readonly aside: readonly LostCandidate[];
  /** Why the subject leads nowhere. */
  readonly unmatched?: 'unknown-record' | 'not-customer';
}

/** What the record or domain says that the source names as the event's subject. */
function recordClaim(event: Matchable, assignments: Assignments): RecordClaim {
  const nothing: RecordClaim = { found: [], aside: [] };
  const { subject } = event;
  if (!subject) return nothing;
  const as = (accountId: string) => ({ ...nothing, found: [{ accountId, reason: 'record' as const, subject }] });
  // Waymark's own facts name the account itself.
  if (subject.startsWith('account:')) {
    const named = subject.slice(8);
    return as(assignments.merged?.get(named) ?? named);
  }
  const key = subject.startsWith('record:') ? subject.slice(7) : subject;
  const own = assignments.records.get(`${event.installationId ?? ''}:${key}`);
  if (own && event.installationId) return as(own);
  // What a CRM says of a domain comes before the account that an import made of it: whichever was read first.
  if (subject.includes('.') && !subject.startsWith('record:')) {
    const domain = registrableDomain(subject);
    const claim = domainClaim(domain, assignments);
    const [first] = claim.found;
    if (first)
      return {
        found: [first.reason === 'hand' ? first : { ...first, reason: 'record', subject }],
        aside: claim.aside,
      };
    const unmatched = claim.reason === 'not-customer' ? 'not-customer' : 'unknown-record';
    if (claim.aside.length > 0) return { found: [], aside: claim.aside, unmatched };
    const contested = assignments.contested?.get(domain);
    if (contested && claim.reason !== 'split-domain') {
      const why = unmatched === 'not-customer' ? 'decided' : 'shared';
      const aside = candidates(contested, 'domain', domain).map((one): LostCandidate => ({ ...one, why }));
      return { found: [], aside, unmatched };
    }
  }
  const anywhere = subject.startsWith('record:') ? undefined : assignments.records.get(`*:${key}`);
  const named = own ?? anywhere;
  return named ? as(named) : { ...nothing, unmatched: 'unknown-record' };
}

interface AddressClaim {
  readonly person: readonly Candidate[];
  readonly alias: readonly Candidate[];
  readonly domain: readonly Candidate[];
  readonly aside: readonly LostCandidate[];
  /** Why this participant leads nowhere, with what would have to be decided. */
  readonly unmatched?: UnmatchedReason;
  readonly open?: OpenSubject;
}

/** What one outside participant says. */
function claimOf(address: string, assignments: Assignments): AddressClaim {
  const contacts = candidates(assignments.contacts.get(address), 'contact', address);
  const aliases = candidates(assignments.aliases.get(address), 'alias', address);
  const name = registrableDomain(domainOf(address) ?? '');
  const company = domainClaim(name, assignments);
  const none = { person: [], alias: [], domain: [] };
  if (assignments.verdicts?.get(`contact:${address}`) === 'not_customer') {
    const all = [...contacts, ...aliases, ...company.found];
    return { ...none, aside: [...all.map(asDecided), ...company.aside], unmatched: 'not-customer' };
  }
  const hand = assignments.hand.get(`contact:${address}`);
  if (hand) {
    const decided: Candidate = { accountId: hand, reason: 'hand', subject: address };
    const aside = [...contacts, ...aliases].map(asDecided);
    return { ...none, person: [decided], domain: company.found, aside: [...aside, ...company.aside] };
  }
  const shared = contacts.length > 1 ? contacts : contacts.length === 0 && aliases.length > 1 ? aliases : [];
  const person = contacts.length === 1 ? contacts : [];
  // Where two accounts have the address as a contact's, one of them by an alias too says nothing.
  const alias = contacts.length === 0 && aliases.length === 1 ? aliases : [];
  const aside = [...shared.map((one): LostCandidate => ({ ...one, why: 'shared' })), ...company.aside];
  const claim = { person, alias, domain: company.found, aside };
  if (person.length + alias.length + company.found.length > 0) return claim;
  if (shared.length > 0) {
    return { ...claim, unmatched: 'ambiguous-contact', open: { kind: 'contact', subject: address } };
  }
  const unmatched = company.reason ?? 'unknown-domain';
  if (unmatched === 'not-customer') return { ...claim, unmatched };
  const byDomain = unmatched === 'unknown-domain' || unmatched === 'ambiguous-domain';
  return {
    ...claim,
    unmatched,
    open: byDomain ? { kind: 'domain', subject: name } : { kind: 'contact', subject: address },
  };
}

interface DomainClaim {
  readonly found: readonly Candidate[];
  readonly aside: readonly LostCandidate[];
  readonly reason?: UnmatchedReason;
}

/** What a registrable domain says. One that a parent shares with its subsidiaries alone is the parent's. */
function domainClaim(domain: string, assignments: Assignments): DomainClaim {
  const owners = candidates(assignments.domains.get(domain), 'domain', domain);
  const hand = assignments.hand.get(`domain:${domain}`);
  if (hand) return { found: [{ accountId: hand, reason: 'hand', subject: domain }], aside: owners.map(asDecided) };
  const verdict = assignments.verdicts?.get(`domain:${domain}`);
  if (verdict === 'not_customer') return { found: [], aside: owners.map(asDecided), reason: 'not-customer' };
  const shared = owners.map((one): LostCandidate => ({ ...one, why: 'shared' }));
  if (verdict === 'split') return { found: [], aside: shared, reason: 'split-domain' };
  const free = isFreeMail(domain, owners.length > 0, {
    ...(assignments.extraFreeMail && { extra: assignments.extraFreeMail }),
    ...(assignments.exceptFreeMail && { except: assignments.exceptFreeMail }),
  });
  if (free) return { found: [], aside: [], reason: 'free-mail' };
  if (owners.length === 0) return { found: [], aside: [], reason: 'unknown-domain' };
  if (owners.length === 1) return { found: owners, aside: [] };
  const ids = owners.map((one) => one.accountId);
  const head = ids.find((id) => ids.every((other) => other === id || isAncestor(id, other, assignments.parents)));
  if (head === undefined) return { found: [], aside: shared, reason: 'ambiguous-domain' };
  return {
    found: [{ accountId: head, reason: 'parent', subject: domain }],
    aside: owners.filter((one) => one.accountId !== head).map((one) => ({ ...one, why: 'family' })),
  };
}

/** Whether an account stands above another; a circle of parents ends the walk. */
function isAncestor(above: string, below: string, parents: ReadonlyMap<string, string> | undefined): boolean {
  const seen = new Set<string>();
  for (let at = parents?.get(below); at !== undefined && !seen.has(at); at = parents?.get(at)) {
    if (at === above) return !isCircle(above, parents);
    seen.add(at);
  }
  return false;
}

function isCircle(start: string, parents: ReadonlyMap<string, string> | undefined): boolean {
  const seen = new Set<string>();
  for (let at = parents?.get(start); at !== undefined && !seen.has(at); at = parents?.get(at)) {
    if (at === start) return true;
    seen.add(at);
  }
  return false;
}

const candidates = (ids: readonly string[] | undefined, reason: MatchReason, subject: string): readonly Candidate[] =>
  (ids ?? []).map((accountId) => ({ accountId, reason, subject }));

const asDecided = (one: Candidate): LostCandidate => ({ ...one, why: 'decided' });

/** Each account once, by what speaks for it most. */
function distinct(lost: readonly LostCandidate[]): readonly LostCandidate[] {
  const seen = new Map<string, LostCandidate>();
  for (const one of lost) if (!seen.has(one.accountId)) seen.set(one.accountId, one);
  return [...seen.values()];
}
