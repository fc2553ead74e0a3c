import { createHash } from 'node:crypto';
import { headerValue, messageIds, readHeaders, type MimeHeader } from '../google/mime-headers.ts';
import { itemNotFound } from './graph-error.ts';
import type { Mailbox, MailFolder, MicrosoftState, StoredMessage } from './state.ts';

export interface AddOptions {
  /** Id or well-known name of the folder; `inbox` without it. */
  readonly folder?: string;
  /** Epoch milliseconds; without it the Date header counts, and the present where that is missing or absurd. */
  readonly receivedAt?: number;
  readonly isRead?: boolean;
  readonly isDraft?: boolean;
}

/** What listings and conversations need of a message, read once. */
export interface MessageFacts {
  readonly headers: readonly MimeHeader[];
  readonly messageId: string | undefined;
}

/** The folders that Exchange makes for everybody; the last two are seen only by who asks for hidden ones. */
const standardFolders = [
  ['inbox', 'Inbox'],
  ['sentitems', 'Sent Items'],
  ['drafts', 'Drafts'],
  ['deleteditems', 'Deleted Items'],
  ['junkemail', 'Junk Email'],
  ['archive', 'Archive'],
  ['outbox', 'Outbox'],
  ['conversationhistory', 'Conversation History'],
  ['clutter', 'Clutter'],
] as const;
const hiddenFolders: readonly string[] = ['conversationhistory', 'clutter'];

/** A change that subscribers hear of. */
export interface MailChange {
  readonly user: string;
  readonly kind: 'created' | 'updated' | 'deleted';
  readonly message: Pick<StoredMessage, 'id' | 'moves' | 'folderId'>;
}

/** The mailboxes: the only place that changes them. Indexes are rebuilt from the state after a restart or reset. */
export class MailStore {
  readonly #state: () => MicrosoftState;
  readonly #now: () => number;
  readonly #onChange: (change: MailChange) => void;
  #facts = new Map<string, MessageFacts>();
  /** By user: conversation of each Message-ID, and message of each default id. */
  #conversations = new Map<string, Map<string, string>>();
  #defaultIds = new Map<string, Map<string, string>>();

  constructor(
    state: () => MicrosoftState,
    now: () => number,
    onChange: (change: MailChange) => void = () => undefined,
  ) {
    this.#state = state;
    this.#now = now;
    this.#onChange = onChange;
  }

  /** To be called when the state was replaced. */
  forgetIndexes(): void {
    this.#facts = new Map();
    this.#conversations = new Map();
    this.#defaultIds = new Map();
  }

  /** A user's mailbox, with Exchange's own folders from its first use. */
  mailbox(user: string): Mailbox {
    const state = this.#state();
    if (!state.users[user]) throw itemNotFound();
    return (state.mailboxes[user] ??= emptyMailbox(user));
  }

  /** A folder by id or well-known name. Throws 404. */
  folder(user: string, idOrName: string): MailFolder {
    const { folders } = this.mailbox(user);
    const name = idOrName.toLowerCase();
    const found = folders[idOrName] ?? Object.values(folders).find((folder) => folder.wellKnown === name);
    if (!found) throw itemNotFound();
    return found;
  }

  addFolder(user: string, displayName: string, parent = 'msgfolderroot', isHidden = false): MailFolder {
    const mailbox = this.mailbox(user);
    const parentId = this.folder(user, parent).id;
    mailbox.version += 1;
    const id = opaque('AQMkA', `${user}:folder:${mailbox.version}:${displayName}`, 40);
    const folder: MailFolder = { id, parentId, displayName, isHidden, version: mailbox.version };
    mailbox.folders[id] = folder;
    return folder;
  }

  /** Deletes a folder with its messages and the folders in it. */
  removeFolder(user: string, idOrName: string): void {
    const mailbox = this.mailbox(user);
    const { id } = this.folder(user, idOrName);
    for (const child of Object.values(mailbox.folders)) if (child.parentId === id) this.removeFolder(user, child.id);
    for (const message of Object.values(mailbox.messages)) if (message.folderId === id) this.remove(user, message.id);
    delete mailbox.folders[id];
    mailbox.version += 1;
    mailbox.removedFolders.push({ id, defaultId: id, version: mailbox.version });
  }

  /** Stores a message of any bytes (latin1 text, a character a byte) and returns it. Never refuses one. */
  add(user: string, raw: string, options: AddOptions = {}): StoredMessage {
    const mailbox = this.mailbox(user);
    const folder = this.folder(user, options.folder ?? 'inbox');
    const headers = readHeaders(raw);
    const own = headerValue(headers, 'message-id');
    const messageId = messageIds(own)[0];
    mailbox.version += 1;
    const id = opaque('AAkALgAAAAAAHYQ', `${user}:${mailbox.nextMessage}`, 80);
    mailbox.nextMessage += 1;
    const receivedAt = options.receivedAt ?? dateOf(headers, this.#now());
    const message: StoredMessage = {
      id,
      folderId: folder.id,
      moves: 0,
      conversationId: this.#conversationOf(user, headers) ?? opaque('AAQkA', `${user}:${messageId ?? id}`, 60),
      receivedAt,
      modifiedAt: receivedAt,
      isRead: options.isRead ?? true,
      isSent: folder.wellKnown === 'sentitems',
      isDraft: options.isDraft ?? folder.wellKnown === 'drafts',
      version: mailbox.version,
      contentVersion: mailbox.version,
      raw,
    };
    mailbox.messages[id] = message;
    this.#facts.set(id, { headers, messageId });
    if (messageId !== undefined) this.#conversationIndex(user).set(messageId, message.conversationId);
    this.#defaultIds.get(user)?.set(defaultIdOf(message), id);
    this.#onChange({ user, kind: 'created', message: { ...message } });
    return message;
  }

  /** A message by its immutable id or by the default id that it has now; an older default id is gone. Throws 404. */
  message(user: string, id: string): StoredMessage {
    const { messages } = this.mailbox(user);
    const found = messages[id] ?? messages[this.#defaultIndex(user).get(id) ?? ''];
    if (!found) throw itemNotFound();
    return found;
  }

  /** Moves a message to another folder: gone from the one, new in the other, under another default id. */
  move(user: string, id: string, folder: string): StoredMessage {
    const mailbox = this.mailbox(user);
    const message = this.message(user, id);
    const target = this.folder(user, folder);
    if (target.id === message.folderId) return message;
    this.#bury(user, mailbox, message);
    message.folderId = target.id;
    message.moves += 1;
    mailbox.version += 1;
    message.version = mailbox.version;
    message.contentVersion = mailbox.version;
    message.modifiedAt = this.#now();
    this.#defaultIndex(user).set(defaultIdOf(message), message.id);
    this.#onChange({ user, kind: 'created', message: { ...message } });
    return message;
  }

  markRead(user: string, id: string, isRead: boolean): void {
    const mailbox = this.mailbox(user);
    const message = this.message(user, id);
    mailbox.version += 1;
    Object.assign(message, { isRead, version: mailbox.version, modifiedAt: this.#now() });
    this.#onChange({ user, kind: 'updated', message: { ...message } });
  }

  /** Deletes for good; what a person deletes is first moved to `deleteditems`. */
  remove(user: string, id: string): void {
    const mailbox = this.mailbox(user);
    const message = this.message(user, id);
    this.#bury(user, mailbox, message);
    delete mailbox.messages[message.id];
    this.#facts.delete(message.id);
  }

  /** Makes every delta token handed out so far too old (A7). What was deleted before leaves no trace, as after a real loss. */
  expireDelta(user: string): void {
    const mailbox = this.mailbox(user);
    mailbox.version += 1;
    mailbox.oldestVersion = mailbox.version;
    mailbox.removed = {};
    mailbox.removedFolders = [];
  }

  /** The headers and the Message-ID of a message. */
  facts(message: StoredMessage): MessageFacts {
    let facts = this.#facts.get(message.id);
    if (!facts) {
      const headers = readHeaders(message.raw);
      facts = { headers, messageId: messageIds(headerValue(headers, 'message-id'))[0] };
      this.#facts.set(message.id, facts);
    }
    return facts;
  }

  findByMessageId(user: string, messageId: string): StoredMessage | undefined {
    return Object.values(this.mailbox(user).messages).find((each) => this.facts(each).messageId === messageId);
  }

  #bury(user: string, mailbox: Mailbox, message: StoredMessage): void {
    mailbox.version += 1;
    const defaultId = defaultIdOf(message);
    const tombstone = { id: message.id, defaultId, version: mailbox.version };
    (mailbox.removed[message.folderId] ??= []).push(tombstone);
    this.#defaultIndex(user).delete(defaultId);
    this.#onChange({ user, kind: 'deleted', message: { ...message } });
  }

  #conversationOf(user: string, headers: readonly MimeHeader[]): string | undefined {
    const index = this.#conversationIndex(user);
    const parents = [
      ...messageIds(headerValue(headers, 'in-reply-to')),
      ...messageIds(headerValue(headers, 'references')).toReversed(),
    ];
    return parents.map((parent) => index.get(parent)).find((found) => found !== undefined);
  }

  #conversationIndex(user: string): Map<string, string> {
    let index = this.#conversations.get(user);
    if (!index) {
      index = new Map();
      this.#conversations.set(user, index);
      for (const message of Object.values(this.mailbox(user).messages)) {
        const { messageId } = this.facts(message);
        if (messageId !== undefined) index.set(messageId, message.conversationId);
      }
    }
    return index;
  }

  #defaultIndex(user: string): Map<string, string> {
    let index = this.#defaultIds.get(user);
    if (!index) {
      index = new Map(Object.values(this.mailbox(user).messages).map((message) => [defaultIdOf(message), message.id]));
      this.#defaultIds.set(user, index);
    }
    return index;
  }
}

/** The id that a caller sees who does not ask for immutable ones; another one after each move. */
export const defaultIdOf = (message: Pick<StoredMessage, 'id' | 'moves' | 'folderId'>): string =>
  opaque('AAMkAGVmMDEzM', `${message.id}:${message.folderId}:${message.moves}`, 80);

/** A stable, unguessable-looking id with a prefix as the vendor's ids have one. */
export const opaque = (prefix: string, seed: string, length: number): string => {
  const digest = createHash('sha512').update(seed).digest('base64url').replaceAll('_', '-');
  return `${prefix}${digest.slice(0, Math.max(16, length - prefix.length - 1))}=`;
};

const emptyMailbox = (user: string): Mailbox => {
  const root = opaque('AQMkA', `${user}:msgfolderroot`, 40);
  const folder = (wellKnown: string, displayName: string, parentId: string | null): MailFolder => ({
    id: wellKnown === 'msgfolderroot' ? root : opaque('AQMkA', `${user}:${wellKnown}`, 40),
    parentId,
    displayName,
    wellKnown,
    isHidden: hiddenFolders.includes(wellKnown),
    version: 1,
  });
  const folders = [
    folder('msgfolderroot', 'Top of Information Store', null),
    ...standardFolders.map(([name, display]) => folder(name, display, root)),
  ];
  return {
    version: 1,
    oldestVersion: 0,
    nextMessage: 1,
    folders: Object.fromEntries(folders.map((each) => [each.id, each])),
    messages: {},
    removed: {},
    removedFolders: [],
    replays: 0,
  };
};

const dateOf = (headers: readonly MimeHeader[], now: number): number => {
  const at = Date.parse(headerValue(headers, 'date') ?? '');
  const isPlausible = at > 0 && at <= now + 86_400_000;
  return isPlausible ? Math.floor(at / 1000) * 1000 : now;
};
