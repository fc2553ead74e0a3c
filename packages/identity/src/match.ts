import type { Direction, Participant } from '@waymark/journey';
import { addressKey, domainOf, isFreeMail, registrableDomain } from './domains.ts';

/** Why an event belongs to an account, strongest first; `hand` and `record` say it outright. */
export type MatchReason = 'hand' | 'record' | 'contact' | 'alias' | 'domain' | 'thread';

/** Why an event belongs to none. */
export type UnmatchedReason =
  | 'no-outside-participant'
  | 'free-mail'
  | 'unknown-domain'
  | 'ambiguous-contact'
  | 'ambiguous-domain'
  | 'unknown-record';

export interface Candidate {
  readonly accountId: string;
  readonly reason: MatchReason;
  /** The address, domain, thread or record that speaks for it. */
  readonly subject: string;
}

/** What matching found, with everything that lost. */
export type Match =
  | {
      readonly accountId: string;
      readonly reason: MatchReason;
      readonly subject: string;
      readonly lost: readonly Candidate[];
    }
  | {
      readonly accountId: null;
      readonly reason: UnmatchedReason;
      /** What a person would have to decide about: addresses or domains. */
      readonly subjects: readonly { readonly kind: 'contact' | 'domain' | 'record'; readonly subject: string }[];
      readonly lost: readonly Candidate[];
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
  /** By the record's key in its installation: `<installation>:<external id>`. */
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
  const byHand = assignments.hand.get(`event:${event.eventId}`);
  const found: Candidate[] = [];
  if (byHand) found.push({ accountId: byHand, reason: 'hand', subject: event.eventId });
  const record = recordOf(event, assignments);
  if (record.candidate) found.push(record.candidate);
  const outside = outsideAddresses(event.participants, assignments);
  const open: { kind: 'contact' | 'domain' | 'record'; subject: string }[] = [];
  let unmatched: UnmatchedReason = record.unknown ? 'unknown-record' : 'no-outside-participant';
  if (record.unknown && event.subject) open.push({ kind: 'record', subject: event.subject });

  const levels: Record<'contact' | 'alias' | 'domain', Candidate[]> = { contact: [], alias: [], domain: [] };
  for (const address of outside) {
    const person = personCandidates(address, assignments);
    levels.contact.push(...person.contact);
    levels.alias.push(...person.alias);
    const company = domainCandidates(address, assignments);
    levels.domain.push(...company.candidates);
    const reason = person.ambiguous ? 'ambiguous-contact' : company.reason;
    if (person.contact.length + person.alias.length + company.candidates.length === 0 && reason) {
      open.push(
        reason === 'unknown-domain' || reason === 'ambiguous-domain'
          ? { kind: 'domain', subject: company.domain }
          : { kind: 'contact', subject: address },
      );
      if (unmatched === 'no-outside-participant') unmatched = reason;
    }
  }
  found.push(...levels.contact, ...levels.alias, ...levels.domain);
  const winner = found[0];
  if (!winner) return { accountId: null, reason: unmatched, subjects: open, lost: [] };
  const lost = found.filter((one) => one.accountId !== winner.accountId);
  return { ...winner, lost: distinct(lost) };
}

/** The account of a thread whose other mails are matched: only where they agree. */
export function matchByThread(thread: string, accountIds: readonly string[], unmatched: Match): Match {
  const distinctIds = [...new Set(accountIds)];
  const only = distinctIds[0];
  if (unmatched.accountId !== null || only === undefined || distinctIds.length > 1) return unmatched;
  return { accountId: only, reason: 'thread', subject: thread, lost: unmatched.lost };
}

function recordOf(event: Matchable, assignments: Assignments): { candidate?: Candidate; unknown: boolean } {
  if (!event.subject) return { unknown: false };
  // Waymark's own facts name the account itself.
  if (event.subject.startsWith('account:')) {
    const named = event.subject.slice(8);
    const accountId = assignments.merged?.get(named) ?? named;
    return { candidate: { accountId, reason: 'record', subject: event.subject }, unknown: false };
  }
  const key = event.subject.startsWith('record:') ? event.subject.slice(7) : event.subject;
  const accountId = assignments.records.get(`${event.installationId ?? ''}:${key}`);
  if (accountId) return { candidate: { accountId, reason: 'record', subject: event.subject }, unknown: false };
  if (event.subject.includes('.') && !event.subject.startsWith('record:')) {
    const owners = assignments.domains.get(registrableDomain(event.subject)) ?? [];
    const owner = owners[0];
    if (owner !== undefined && owners.length === 1) {
      return { candidate: { accountId: owner, reason: 'record', subject: event.subject }, unknown: false };
    }
  }
  return { unknown: true };
}

function personCandidates(address: string, assignments: Assignments) {
  const hand = assignments.hand.get(`contact:${address}`);
  if (hand)
    return { contact: [{ accountId: hand, reason: 'hand' as const, subject: address }], alias: [], ambiguous: false };
  const contacts = assignments.contacts.get(address) ?? [];
  const aliases = assignments.aliases.get(address) ?? [];
  const as = (accountId: string, reason: 'contact' | 'alias') => ({ accountId, reason, subject: address });
  return {
    contact: contacts.length === 1 ? contacts.map((id) => as(id, 'contact')) : [],
    alias: contacts.length === 0 && aliases.length === 1 ? aliases.map((id) => as(id, 'alias')) : [],
    ambiguous: contacts.length > 1 || (contacts.length === 0 && aliases.length > 1),
  };
}

function domainCandidates(address: string, assignments: Assignments) {
  const domain = registrableDomain(domainOf(address) ?? '');
  const none = { candidates: [] as Candidate[], domain };
  const hand = assignments.hand.get(`domain:${domain}`);
  if (hand)
    return { ...none, candidates: [{ accountId: hand, reason: 'hand' as const, subject: domain }], reason: undefined };
  const owners = assignments.domains.get(domain) ?? [];
  const free = isFreeMail(domain, owners.length > 0, {
    ...(assignments.extraFreeMail && { extra: assignments.extraFreeMail }),
    ...(assignments.exceptFreeMail && { except: assignments.exceptFreeMail }),
  });
  if (free) return { ...none, reason: 'free-mail' as const };
  if (owners.length > 1) return { ...none, reason: 'ambiguous-domain' as const };
  if (owners.length === 0) return { ...none, reason: 'unknown-domain' as const };
  return {
    ...none,
    candidates: owners.map((accountId) => ({ accountId, reason: 'domain' as const, subject: domain })),
    reason: undefined,
  };
}

function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  const seen = new Map<string, Candidate>();
  for (const one of candidates) if (!seen.has(one.accountId)) seen.set(one.accountId, one);
  return [...seen.values()];
}
