import type { MapContext, Mapped } from '@waymark/connector-kit';
import { isOwnDomain, normalizeAddress, domainOf } from '@waymark/connector-kit';
import type { EventDraft, Participant } from '@waymark/journey';
import { timeOf, type MessageFacts } from './message-facts.ts';
import type { Author, RawMessage } from './raw-message.ts';
import { accountOf, isNamedForCustomer, settingsOf } from './settings.ts';

/** Subtypes that are messages of somebody; all others tell of the channel itself: joins, names, topics, pins. */
const spoken = new Set(['bot_message', 'file_share', 'me_message', 'thread_broadcast', 'reply_broadcast']);

type Message = Extract<RawMessage, { readonly kind: 'message' }>;

/** A message as one event: from the customer's side or from ours. Its text is not known here (I7). */
export function mapMessage(raw: RawMessage, context: MapContext): Mapped {
  if (raw.kind === 'deleted') return { outcome: 'ignored', reason: 'deleted' };
  const { facts, author, channel } = raw;
  if (facts.subtype !== undefined && !spoken.has(facts.subtype))
    return { outcome: 'ignored', reason: 'system_message' };
  if (author === null) return { outcome: 'ignored', reason: 'without_author' };
  const inbound = isCustomers(author, context);
  const settings = settingsOf(context.settings);
  const given = accountOf(settings, channel);
  const customers =
    inbound ||
    channel.isShared ||
    given !== undefined ||
    channel.outsiders.length > 0 ||
    isNamedForCustomer(settings, channel.name);
  if (!customers) return { outcome: 'ignored', reason: 'internal_channel' };
  const draft: EventDraft = {
    type: inbound ? 'chat.received' : 'chat.sent',
    identity: `slack:${channel.id}|${facts.ts}`,
    occurredAt: timeOf(facts.ts),
    touchpoint: 'chat',
    direction: inbound ? 'inbound' : 'outbound',
    participants: [personOf(author), ...namedOf(channel, inbound, author)],
    automated: author.isBot,
    subject: given ?? domainFor(raw, inbound, context) ?? `record:slack:${channel.id}`,
    attributes: attributesOf(channel, facts),
    rank: 0,
  };
  return { outcome: 'stored', events: [draft], ...(raw.url !== undefined && { url: raw.url }) };
}

/**
 * Whose side the author is on. Through Slack Connect the workspace decides; in our own, a guest is the customer's unless the address is
 * of our own domain. Whom Slack does not place is ours, so that no silence is hidden by a guess.
 */
function isCustomers(author: Author, context: MapContext): boolean {
  const address = normalizeAddress(author.address);
  const own = address !== undefined && isOwnDomain(domainOf(address), { domains: context.ownDomains, addresses: [] });
  if (own) return false;
  return author.otherTeam === true || author.isGuest;
}

function personOf(author: Author): Participant {
  const address = normalizeAddress(author.address);
  return {
    role: 'from',
    ...(address !== undefined && { address }),
    ...(author.name !== undefined && { name: author.name }),
    ...(address === undefined && { external: `slack:${author.team ?? ''}:${author.user ?? 'bot'}` }),
  };
}

/**
 * Outside members are named on our messages, and beside an author without an address, where they are of one company by their workspace or
 * their domain: between two, none is guessed.
 */
function namedOf(channel: Message['channel'], inbound: boolean, author: Author): readonly Participant[] {
  const domains = new Set(channel.outsiders.map(domainOf));
  const known = inbound && normalizeAddress(author.address) !== undefined;
  const one = domains.size === 1 || channel.outsideTeams.length === 1;
  if (!one || known) return [];
  return channel.outsiders.map((address) => ({ role: inbound ? ('cc' as const) : ('to' as const), address }));
}

/**
 * The customer's domain by the workspaces that share the channel: the author's own for a message of theirs, the only other one for a
 * message of ours; only where that workspace has one single mail domain.
 */
function domainFor({ channel, author }: Message, inbound: boolean, context: MapContext): string | undefined {
  const written = inbound ? channel.outsideTeams.filter(({ id }) => id === author?.team) : channel.outsideTeams;
  const [team] = written;
  if (!team || written.length > 1) return undefined;
  const domains = team.domains.filter((domain) => !isOwnDomain(domain, { domains: context.ownDomains, addresses: [] }));
  return domains.length === 1 && team.domains.length === 1 ? domains[0] : undefined;
}

function attributesOf(channel: Message['channel'], facts: MessageFacts) {
  return {
    channel: (channel.name || channel.id).slice(0, 200),
    channelId: channel.id,
    ...(facts.threadTs !== undefined && { threadId: `${channel.id}:${facts.threadTs}` }),
    length: facts.length,
    ...(facts.files > 0 && { files: facts.files }),
    ...(facts.mentions > 0 && { mentions: facts.mentions }),
    ...(facts.editedTs !== undefined && { edited: true }),
  };
}
