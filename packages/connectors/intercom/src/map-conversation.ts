import { normalizeAddress, isOwnDomain, domainOf, type MapContext, type Mapped } from '@waymark/connector-kit';
import type { EventDraft, Participant } from '@waymark/journey';
import type { Author, RawConversation } from './raw-conversation.ts';

/** Sides of a conversation by the author's type; all other authors are machines. */
const customers = new Set(['user', 'lead', 'contact']);
/** The part that is a word to the other side for certain; an assignment or a closing may carry one, which without bodies cannot be told. */
const spoken = 'comment';

interface Word {
  readonly id: string;
  readonly at: number;
  readonly author: Author;
  readonly automated: boolean;
}

/** Each word of a conversation as a chat event of its side. What was written is not known here (I7). Pure. */
export function mapConversation(conversation: RawConversation, context: MapContext): Mapped {
  const words = wordsOf(conversation);
  const requester = words
    .map(({ author }) => author)
    .find((author) => customers.has(author.type) && address(author, context));
  const events = words.flatMap((word): EventDraft[] => {
    const inbound = customers.has(word.author.type);
    const other = inbound ? undefined : requester;
    const people = [personOf(word.author, 'from', context), ...(other ? [personOf(other, 'to', context)] : [])];
    return [
      {
        type: inbound ? 'chat.received' : 'chat.sent',
        identity: `intercom:${context.account.externalAccountId}|${conversation.id}|${word.id}`,
        rank: 0,
        occurredAt: word.at,
        touchpoint: 'chat',
        direction: inbound ? 'inbound' : 'outbound',
        automated: word.automated,
        participants: people.filter((one) => one !== undefined),
        attributes: { channel: `intercom:${conversation.id}` },
      },
    ];
  });
  return events.length === 0 ? { outcome: 'ignored', reason: 'no_words' } : { outcome: 'stored', events };
}

function wordsOf({ id, created_at: createdAt, source, conversation_parts: parts }: RawConversation): Word[] {
  const words: Word[] = [];
  const add = (word: Omit<Word, 'automated'>, delivered?: string | null): void => {
    const machine = !customers.has(word.author.type) && word.author.type !== 'admin';
    const automated =
      machine || word.author.from_ai_agent === true || delivered === 'automated' || delivered === 'campaigns_initiated';
    words.push({ ...word, automated });
  };
  if (source?.author)
    add({ id: `source:${source.id ?? id}`, at: seconds(createdAt), author: source.author }, source.delivered_as);
  for (const part of parts?.conversation_parts ?? []) {
    if (part.part_type === spoken && part.author)
      add({ id: part.id, at: seconds(part.created_at), author: part.author });
  }
  return words;
}

function seconds(value: number): number {
  const at = value * 1000;
  if (!Number.isSafeInteger(Math.round(at)) || at <= 0 || at > 8.64e15)
    throw new Error('The conversation has a time that is none');
  return Math.round(at);
}

function address(author: Author, context: MapContext): string | undefined {
  const found = normalizeAddress(author.email ?? undefined);
  const own = found !== undefined && isOwnDomain(domainOf(found), { domains: context.ownDomains, addresses: [] });
  return own ? undefined : found;
}

function personOf(author: Author, role: 'from' | 'to', context: MapContext): Participant | undefined {
  const found = normalizeAddress(author.email ?? undefined);
  if (found !== undefined) return { role, address: found, ...(author.name && { name: author.name }) };
  return author.id
    ? { role, external: `intercom:${context.account.externalAccountId}:${author.type}:${author.id}` }
    : undefined;
}
