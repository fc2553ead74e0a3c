import { emptyOAuthState, type OAuthState } from '../front/oauth.ts';
import type { PushState } from './push-state.ts';

/** A message as the mailbox keeps it. */
export interface StoredMessage {
  readonly id: string;
  readonly threadId: string;
  labelIds: string[];
  /** Epoch milliseconds; what Gmail calls the internal date and sorts by. */
  readonly internalDate: number;
  /** The last history record that changed the message. */
  historyId: number;
  /** The message's bytes, one character each (latin1), so that a broken message is kept as it came. */
  readonly raw: string;
}

/** One change of a mailbox. `labelIds` are those of the message after an addition, else the labels that were changed. */
export interface HistoryRecord {
  readonly id: number;
  readonly type: HistoryType;
  readonly messageId: string;
  readonly threadId: string;
  readonly labelIds: string[];
  /** Labels of the message at that time; what a `labelId` filter looks at. */
  readonly messageLabels: string[];
}

export type HistoryType = 'messageAdded' | 'messageDeleted' | 'labelAdded' | 'labelRemoved';

export interface MailboxState {
  historyId: number;
  /** A start before this one is answered with 404. */
  oldestHistoryId: number;
  nextMessage: number;
  messages: Record<string, StoredMessage>;
  history: HistoryRecord[];
}

/** Google's way to write a moment or an all-day date. */
export type EventTime =
  | { readonly dateTime: string; readonly timeZone: string }
  | { readonly date: string; readonly timeZone?: string };

export interface Attendee {
  readonly email: string;
  readonly displayName?: string;
  readonly responseStatus: 'accepted' | 'declined' | 'tentative' | 'needsAction';
  readonly organizer?: boolean;
  readonly resource?: boolean;
  readonly optional?: boolean;
}

/** What a person sets on an event. */
export interface EventFields {
  readonly summary?: string;
  readonly description?: string;
  readonly location?: string;
  readonly start: EventTime;
  readonly end: EventTime;
  readonly organizer: { readonly email: string; readonly displayName?: string };
  readonly attendees?: readonly Attendee[];
  readonly iCalUID?: string;
  /** RFC 5545 lines such as `RRULE:FREQ=WEEKLY`; makes the event a series. */
  readonly recurrence?: readonly string[];
  readonly transparency?: 'opaque' | 'transparent';
  readonly visibility?: 'default' | 'public' | 'private' | 'confidential';
  readonly eventType?: 'default' | 'focusTime' | 'outOfOffice' | 'workingLocation' | 'birthday' | 'fromGmail';
}

export interface StoredEvent extends EventFields {
  readonly id: string;
  readonly iCalUID: string;
  readonly status: 'confirmed' | 'tentative' | 'cancelled';
  readonly created: number;
  readonly updated: number;
  readonly sequence: number;
  /** The calendar's version at the last change: what a sync token compares with. */
  readonly version: number;
  readonly recurringEventId?: string;
  readonly originalStartTime?: EventTime;
}

export interface CalendarState {
  readonly id: string;
  readonly summary: string;
  readonly timeZone: string;
  readonly primary: boolean;
  version: number;
  /** A sync token of a version before this one is answered with 410. */
  oldestVersion: number;
  nextEvent: number;
  events: Record<string, StoredEvent>;
}

export interface GoogleUser {
  readonly email: string;
  readonly name: string;
  readonly timeZone: string;
}

/** Everything that the Google sandbox remembers; plain JSON. */
export interface GoogleState {
  oauth: OAuthState;
  users: Record<string, GoogleUser>;
  mailboxes: Record<string, MailboxState>;
  /** Calendars by user, then by calendar id. */
  calendars: Record<string, Record<string, CalendarState>>;
  /** Absent until something is watched. */
  push?: PushState;
}

export const emptyGoogleState = (): GoogleState => ({
  oauth: emptyOAuthState(),
  users: {},
  mailboxes: {},
  calendars: {},
});

export const emptyMailbox = (): MailboxState => ({
  historyId: 1000,
  oldestHistoryId: 1000,
  nextMessage: 1,
  messages: {},
  history: [],
});

export const emptyCalendar = (
  calendar: Pick<CalendarState, 'id' | 'summary' | 'timeZone' | 'primary'>,
): CalendarState => ({
  ...calendar,
  version: 1,
  oldestVersion: 0,
  nextEvent: 1,
  events: {},
});
