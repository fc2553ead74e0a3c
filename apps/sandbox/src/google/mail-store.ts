import { createHash } from 'node:crypto';
import { entityNotFound } from './errors.ts';
import { headerValue, messageIds, readHeaders, type MimeHeader } from './mime-headers.ts';
import {
  emptyMailbox,
  type GoogleState,
  type HistoryRecord,
  type HistoryType,
  type MailboxState,
  type StoredMessage,
} from './state.ts';

export interface AddOptions {
  /** `INBOX` and `UNREAD` without it. */
  readonly labelIds?: readonly string[];
  /** Epoch milliseconds; without it the Date header counts, and the present where that is missing or absurd. */
  readonly receivedAt?: number;
  /** False for mail that was there from the start: no history record is written. */
  readonly recorded?: boolean;
}

/** What searches and threads need of a message, read once. */
export interface MessageSummary {
  readonly message: StoredMessage;
  readonly messageId: string | undefined;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly headers: () => readonly MimeHeader[];
}

interface MailIndex {
  /** Oldest first; ties by id. */
  readonly sorted: MessageSummary[];
  readonly byId: Map<string, MessageSummary>;
  /** Thread of each Message-ID, with the subject that a reply must keep. */
  readonly threads: Map<string, { readonly threadId: string; readonly subject: string }>;
}

/** The mailboxes: the only place that changes them. Indexes are rebuilt from the state after a restart or reset. */
export class MailStore {
  readonly #state: () => GoogleState;
  readonly #now: () => number;
  #indexes = new Map<string, MailIndex>();

  constructor(state: () => GoogleState, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /** To be called when the state was replaced. */
  forgetIndexes(): void {
    this.#indexes = new Map();
  }

  mailbox(user: string): MailboxState {
    const state = this.#state();
    if (!state.users[user]) throw entityNotFound();
    return (state.mailboxes[user] ??= emptyMailbox());
  }

  /** Stores a message of any bytes (latin1 text, a character a byte) and returns it. Never refuses one. */
  add(user: string, raw: string, options: AddOptions = {}): StoredMessage {
    const mailbox = this.mailbox(user);
    const index = this.#index(user);
    const headers = readHeaders(raw);
    const id = createHash('sha256').update(`${user}:${mailbox.nextMessage}`).digest('hex').slice(0, 16);
    mailbox.nextMessage += 1;
    mailbox.historyId += 3;
    const message: StoredMessage = {
      id,
      threadId: threadOf(headers, index) ?? id,
      labelIds: [...new Set(options.labelIds ?? ['INBOX', 'UNREAD'])],
      internalDate: options.receivedAt ?? dateOf(headers, this.#now()),
      historyId: mailbox.historyId,
      raw,
    };
    mailbox.messages[id] = message;
    insert(index, message, headers);
    if (options.recorded === false) mailbox.oldestHistoryId = mailbox.historyId;
    else this.#record(mailbox, 'messageAdded', message, message.labelIds);
    return message;
  }

  get(user: string, id: string): StoredMessage {
    const message = this.mailbox(user).messages[id];
    if (!message) throw entityNotFound();
    return message;
  }

  /** Deletes for good, as emptying the trash does; trashing is adding the label TRASH. */
  remove(user: string, id: string): void {
    const mailbox = this.mailbox(user);
    const message = this.get(user, id);
    delete mailbox.messages[id];
    const index = this.#index(user);
    index.byId.delete(id);
    const at = index.sorted.findIndex((each) => each.message.id === id);
    if (at >= 0) index.sorted.splice(at, 1);
    mailbox.historyId += 3;
    this.#record(mailbox, 'messageDeleted', message, message.labelIds);
  }

  /** Adds and removes labels; what is already so writes no history. */
  modify(
    user: string,
    id: string,
    change: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  ): StoredMessage {
    const mailbox = this.mailbox(user);
    const message = this.get(user, id);
    const added = (change.add ?? []).filter((label) => !message.labelIds.includes(label));
    const removed = (change.remove ?? []).filter((label) => message.labelIds.includes(label));
    message.labelIds = [...message.labelIds.filter((label) => !removed.includes(label)), ...added];
    for (const [type, labels] of [
      ['labelAdded', added],
      ['labelRemoved', removed],
    ] as const) {
      if (labels.length === 0) continue;
      mailbox.historyId += 3;
      message.historyId = mailbox.historyId;
      this.#record(mailbox, type, message, labels);
    }
    return message;
  }

  /** Makes every history id handed out so far too old, as Gmail does after about a week (A1). */
  expireHistory(user: string): void {
    const mailbox = this.mailbox(user);
    mailbox.historyId += 10;
    mailbox.oldestHistoryId = mailbox.historyId;
    mailbox.history = [];
  }

  /** History records after `start`, oldest first. Throws 404 when the start is too old or never existed. */
  historySince(user: string, start: number): readonly HistoryRecord[] {
    const mailbox = this.mailbox(user);
    if (start < mailbox.oldestHistoryId || start > mailbox.historyId) throw entityNotFound();
    let low = 0;
    let high = mailbox.history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((mailbox.history[middle]?.id ?? 0) <= start) low = middle + 1;
      else high = middle;
    }
    return mailbox.history.slice(low);
  }

  /** All messages of a mailbox, oldest first. */
  sorted(user: string): readonly MessageSummary[] {
    this.mailbox(user);
    return this.#index(user).sorted;
  }

  /** The message with this Message-ID header (no angle brackets), if the mailbox holds one. */
  findByMessageId(user: string, messageId: string): StoredMessage | undefined {
    return this.sorted(user).find((each) => each.messageId === messageId)?.message;
  }

  #record(mailbox: MailboxState, type: HistoryType, message: StoredMessage, labelIds: readonly string[]): void {
    mailbox.history.push({
      id: mailbox.historyId,
      type,
      messageId: message.id,
      threadId: message.threadId,
      labelIds: [...labelIds],
      messageLabels: [...message.labelIds],
    });
  }

  #index(user: string): MailIndex {
    let index = this.#indexes.get(user);
    if (!index) {
      index = { sorted: [], byId: new Map(), threads: new Map() };
      for (const message of Object.values(this.mailbox(user).messages))
        insert(index, message, readHeaders(message.raw));
      this.#indexes.set(user, index);
    }
    return index;
  }
}

/** Position of the first summary after (`internalDate`, `id`) in time order. */
export const positionAfter = (sorted: readonly MessageSummary[], internalDate: number, id: string): number => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const message = sorted[middle]?.message;
    const isBefore =
      message && (message.internalDate < internalDate || (message.internalDate === internalDate && message.id <= id));
    if (isBefore) low = middle + 1;
    else high = middle;
  }
  return low;
};

const insert = (index: MailIndex, message: StoredMessage, headers: readonly MimeHeader[]): void => {
  const subject = headerValue(headers, 'subject') ?? '';
  const messageId = messageIds(headerValue(headers, 'message-id'))[0];
  const summary: MessageSummary = {
    message,
    messageId,
    from: (headerValue(headers, 'from') ?? '').toLowerCase(),
    to: `${headerValue(headers, 'to') ?? ''} ${headerValue(headers, 'cc') ?? ''}`.toLowerCase(),
    subject: subject.toLowerCase(),
    headers: () => readHeaders(message.raw),
  };
  index.byId.set(message.id, summary);
  index.sorted.splice(positionAfter(index.sorted, message.internalDate, message.id), 0, summary);
  if (messageId !== undefined && !index.threads.has(messageId)) {
    index.threads.set(messageId, { threadId: message.threadId, subject: bareSubject(subject) });
  }
};

/** Gmail joins a reply to its thread only while the subject stays the same but for Re: and Fwd:. */
const threadOf = (headers: readonly MimeHeader[], index: MailIndex): string | undefined => {
  const subject = bareSubject(headerValue(headers, 'subject') ?? '');
  const parents = [
    ...messageIds(headerValue(headers, 'in-reply-to')),
    ...messageIds(headerValue(headers, 'references')).toReversed(),
  ];
  for (const parent of parents) {
    const thread = index.threads.get(parent);
    if (thread?.subject === subject) return thread.threadId;
  }
  return undefined;
};

const bareSubject = (subject: string): string =>
  subject
    .replace(/^(?:\s*(?:re|fwd?|aw|wg)\s*:)+/iu, '')
    .trim()
    .toLowerCase();

const dateOf = (headers: readonly MimeHeader[], now: number): number => {
  const at = Date.parse(headerValue(headers, 'date') ?? '');
  const isPlausible = at > 0 && at <= now + 86_400_000;
  return isPlausible ? Math.floor(at / 1000) * 1000 : now;
};
