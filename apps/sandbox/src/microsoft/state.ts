import { emptyOAuthState, type OAuthState } from '../front/oauth.ts';

/** A message as the mailbox keeps it. */
export interface StoredMessage {
  /** The immutable id: stays as long as the message is in the mailbox. */
  readonly id: string;
  folderId: string;
  /** How often it was moved: each move gives another default id. */
  moves: number;
  readonly conversationId: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  modifiedAt: number;
  isRead: boolean;
  /** True for what was written here: Exchange keeps no internet headers with it. */
  readonly isSent: boolean;
  readonly isDraft: boolean;
  /** The mailbox's version at the last change: what a delta token compares with. */
  version: number;
  /** The version at the last change that was more than being read or unread. */
  contentVersion: number;
  /** The message's bytes, one character each (latin1). */
  readonly raw: string;
}

export interface MailFolder {
  readonly id: string;
  /** Null for the root, which no listing shows. */
  parentId: string | null;
  displayName: string;
  /** Such as `inbox`: a name by which the API also knows it. */
  readonly wellKnown?: string;
  readonly isHidden: boolean;
  version: number;
}

/** What a folder or a calendar no longer holds. */
export interface Tombstone {
  readonly id: string;
  /** The id that the item had there for callers who do not ask for immutable ids. */
  readonly defaultId: string;
  readonly version: number;
}

export interface Mailbox {
  version: number;
  /** A token of a version before this one is answered with 410. */
  oldestVersion: number;
  nextMessage: number;
  folders: Record<string, MailFolder>;
  messages: Record<string, StoredMessage>;
  /** By folder. */
  removed: Record<string, Tombstone[]>;
  removedFolders: Tombstone[];
  /** How many items the next rounds of delta repeat although nothing has changed. */
  replays: number;
}

export interface EventAttendee {
  readonly address: string;
  readonly name?: string;
  readonly response: 'accepted' | 'declined' | 'tentative' | 'needsAction';
}

/** What a person sets on an event. Times are epoch milliseconds. */
export interface EventFields {
  readonly subject: string;
  readonly start: number;
  readonly end: number;
  /** IANA zone in which it was planned. */
  readonly timeZone: string;
  readonly isAllDay?: boolean;
  readonly iCalUId?: string;
  readonly organizer: { readonly address: string; readonly name?: string };
  readonly attendees?: readonly EventAttendee[];
  /** RFC 5545 RRULE value without its name; makes the event a series. */
  readonly rrule?: string;
  readonly isPrivate?: boolean;
  /** The name of a time zone that Windows does not know, as some clients write it. */
  readonly customZone?: string;
}

/** An occurrence that did not go by the rule, by its original start. */
export interface StoredException {
  readonly isDeleted: boolean;
  readonly subject?: string;
  readonly start: number;
  readonly end: number;
  readonly modifiedAt: number;
  readonly version: number;
}

export interface StoredEvent extends EventFields {
  readonly id: string;
  readonly iCalUId: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** True on the copy of a guest whose organizer called it off. */
  readonly isCancelled: boolean;
  readonly exceptions: Readonly<Record<string, StoredException>>;
  readonly version: number;
}

export interface Calendar {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
  version: number;
  oldestVersion: number;
  nextEvent: number;
  events: Record<string, StoredEvent>;
  removed: Tombstone[];
}

export interface Tenant {
  readonly id: string;
  readonly domain: string;
  readonly name: string;
}

export interface MicrosoftUser {
  /** The object id. */
  readonly id: string;
  /** The principal name, in lower case; also the key in the state. */
  readonly upn: string;
  readonly name: string;
  readonly timeZone: string;
  readonly tenantId: string;
}

/** What an administrator granted to an app for a whole tenant. */
export interface AppGrant {
  readonly roles: readonly string[];
  /** Principal names that the app may touch; all of the tenant without it. */
  readonly group?: readonly string[];
}

export interface StoredSubscription {
  readonly id: string;
  readonly clientId: string;
  readonly user: string;
  readonly kind: 'message' | 'event';
  /** The folder or calendar that is watched; the whole mailbox without it. */
  readonly container?: string;
  readonly resource: string;
  readonly changeTypes: readonly string[];
  readonly notificationUrl: string;
  readonly lifecycleNotificationUrl?: string;
  readonly clientState?: string;
  readonly isImmutable: boolean;
  expiresAt: number;
}

/** A notice that waits to be sent. */
export interface PendingNotice {
  readonly subscriptionId: string;
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
  dueAt: number;
  attempts: number;
}

/** Everything that the Microsoft sandbox remembers; plain JSON. */
export interface MicrosoftState {
  oauth: OAuthState;
  tenants: Record<string, Tenant>;
  users: Record<string, MicrosoftUser>;
  /** By tenant and client id, `tenant client`. */
  appGrants: Record<string, AppGrant>;
  mailboxes: Record<string, Mailbox>;
  /** Calendars by user, then by id. */
  calendars: Record<string, Record<string, Calendar>>;
  subscriptions: Record<string, StoredSubscription>;
  nextSubscription: number;
  outbox: PendingNotice[];
}

export const emptyMicrosoftState = (): MicrosoftState => ({
  oauth: emptyOAuthState(),
  tenants: {},
  users: {},
  appGrants: {},
  mailboxes: {},
  calendars: {},
  subscriptions: {},
  nextSubscription: 1,
  outbox: [],
});
