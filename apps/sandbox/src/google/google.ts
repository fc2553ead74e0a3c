import { defineEmulator, type EmulatorDefinition } from 'emulate';
import { RollingWindow } from '../front/rolling-window.ts';
import type { OAuthApp, OAuthServer } from '../front/oauth.ts';
import type { FaultBody } from '../front/serve.ts';
import { CalendarStore, type AddEventOptions, type OriginalStart } from './calendar-store.ts';
import { mountCalendar } from './calendar-routes.ts';
import { composeMail, type MailFields } from './compose.ts';
import { googleFaultBody, GoogleError, json } from './errors.ts';
import { mountGmail } from './gmail-routes.ts';
import { MailStore, type AddOptions } from './mail-store.ts';
import { Notices } from './notices.ts';
import { googleOAuth, mountOAuth } from './oauth-routes.ts';
import { emptyPushState, type PushState, type TopicPush } from './push-state.ts';
import { charge, peaksOf, type Caps, type Peak } from './quota.ts';
import { plantSeed, type GoogleSeed } from './seed.ts';
import { assertionGrant, createServiceAccount } from './service-accounts.ts';
import {
  emptyGoogleState,
  type GoogleState,
  type EventFields,
  type GoogleUser,
  type StoredEvent,
  type StoredMessage,
} from './state.ts';
import { mountWatches } from './watch-routes.ts';

export interface GoogleOptions {
  readonly caps: Caps;
  /** Redirect from the authorize page at once when `login_hint` names a user. */
  readonly autoConsent: boolean;
  readonly seed?: GoogleSeed;
  readonly now: () => number;
  /** Called after each change through the handle, for the journal. */
  readonly onChange?: () => void;
}

/**
 * The sandbox's Google, as code in the same process sees it. Changes are what a person or the world would do; each
 * shows up in the next history or sync round. All user names are e-mail addresses. Unknown ones throw a GoogleError.
 */
export interface GoogleHandle {
  /** The live state; for the journal and for assertions. */
  state(): GoogleState;
  readonly oauth: OAuthServer;
  /** For reading; changes go through this handle, so that they are kept. */
  readonly calendars: CalendarStore;
  /** For reading, as `calendars`. */
  readonly mail: MailStore;
  /** `METHOD path` of calls that no route knows. */
  readonly unknownPaths: string[];
  registerApp(app: OAuthApp): void;
  addUser(user: { readonly email: string; readonly name?: string; readonly timeZone?: string }): GoogleUser;
  /** Stores a message of any bytes. */
  addRaw(user: string, bytes: Uint8Array, options?: AddOptions): StoredMessage;
  /** Composes and stores a message; it arrives at `fields.at` unless told otherwise. */
  addMail(user: string, fields: MailFields, options?: AddOptions): StoredMessage;
  /** Deletes for good. */
  removeMail(user: string, id: string): void;
  trashMail(user: string, id: string): void;
  /** Adds an event, or a series if it has a recurrence; `primary` names the user's own calendar. */
  addEvent(user: string, calendarId: string, fields: EventFields, options?: AddEventOptions): StoredEvent;
  updateEvent(
    user: string,
    calendarId: string,
    eventId: string,
    changes: Partial<EventFields>,
    at?: number,
  ): StoredEvent;
  cancelEvent(user: string, calendarId: string, eventId: string, at?: number): StoredEvent;
  updateInstance(
    user: string,
    calendarId: string,
    seriesId: string,
    original: OriginalStart,
    changes: Partial<EventFields>,
    at?: number,
  ): StoredEvent;
  cancelInstance(user: string, calendarId: string, seriesId: string, original: OriginalStart, at?: number): StoredEvent;
  /** Old history ids answer 404 from now on (A1). */
  expireHistory(user: string): void;
  /** Old sync tokens answer 410 from now on, for one calendar or all of the user's (A4). */
  expireSyncTokens(user: string, calendarId?: string): void;
  /** The user removes the app or changes the password: every token dies. */
  revokeUser(user: string, clientId?: string): void;
  /** Access tokens expire now; refresh tokens stay good. */
  expireAccess(user?: string): void;
  /** What was pushed, and to whom. */
  readonly notices: Notices;
  /** Makes a topic with one push subscription, as a person does in the console. */
  addTopic(name: string, push: TopicPush): void;
  /** Makes a service account with a key and gives its key file. */
  addServiceAccount(email: string): object;
  /** Delegates scopes to a service account for the whole domain, in place of former ones. */
  delegate(email: string, scopes: readonly string[]): void;
  /** Highest use of every counter, as counted here. */
  peaks(): Peak[];
}

export interface Google {
  readonly definition: EmulatorDefinition<GoogleState>;
  readonly handle: GoogleHandle;
  readonly faultBody: FaultBody;
  /** The user that a call's token belongs to. */
  readonly tenantOf: (request: Request) => string | undefined;
}

/**
 * Google on loopback: OAuth, Gmail and Calendar of several users in one instance. Paths are Google's own, all hosts
 * folded into one. Tokens are bound to a user and held to their scopes; limits are the vendor's or generous ones.
 * The handle works on the state of the running emulator: use it after `createEmulator`, not before.
 * Sandbox-only: `POST /sandbox/users/:user/messages` stores the request's bytes as a message.
 */
export const createGoogle = (options: GoogleOptions): Google => {
  let current = emptyGoogleState();
  const state = (): GoogleState => current;
  const { now } = options;
  const mail = new MailStore(state, now);
  const calendars = new CalendarStore(state, now);
  const windows = new RollingWindow({ now });
  const oauth = googleOAuth({
    state: () => current.oauth,
    users: () => current.users,
    now,
    autoConsent: options.autoConsent,
  });
  const push = (): PushState => (current.push ??= emptyPushState());
  const notices = new Notices({ state: push, now, historyId: (user) => mail.mailbox(user).historyId });
  const unknownPaths: string[] = [];
  const changed = <T>(result: T): T => {
    options.onChange?.();
    return result;
  };

  /** Keeps a change of a mailbox and tells who watches it. */
  const mailed = <T>(user: string, result: T): T => {
    notices.mail(user);
    return changed(result);
  };
  const planned = <T>(user: string, calendarId: string, result: T): T => {
    notices.calendar(user, calendarId);
    return changed(result);
  };

  const handle: GoogleHandle = {
    state,
    oauth,
    calendars,
    mail,
    unknownPaths,
    registerApp: (app) => changed(oauth.registerApp(app)),
    addUser: ({ email, name = email, timeZone = 'UTC' }) => {
      current.users[email] ??= { email, name, timeZone };
      mail.mailbox(email);
      calendars.addCalendar(email, { id: email, summary: email, timeZone, primary: true });
      return changed({ email, name, timeZone });
    },
    addRaw: (user, bytes, add) => mailed(user, mail.add(user, Buffer.from(bytes).toString('latin1'), add)),
    addMail: (user, fields, add) =>
      mailed(user, mail.add(user, composeMail(fields), { receivedAt: fields.at, ...add })),
    removeMail: (user, id) => mailed(user, mail.remove(user, id)),
    trashMail: (user, id) => {
      mail.modify(user, id, { add: ['TRASH'], remove: ['INBOX'] });
      mailed(user, undefined);
    },
    addEvent: (...args) => planned(args[0], args[1], calendars.addEvent(...args)),
    updateEvent: (...args) => planned(args[0], args[1], calendars.updateEvent(...args)),
    cancelEvent: (...args) => planned(args[0], args[1], calendars.cancelEvent(...args)),
    updateInstance: (...args) => planned(args[0], args[1], calendars.updateInstance(...args)),
    cancelInstance: (...args) => planned(args[0], args[1], calendars.cancelInstance(...args)),
    expireHistory: (user) => changed(mail.expireHistory(user)),
    expireSyncTokens: (user, calendarId) => {
      const ids = calendarId === undefined ? calendars.list(user).map(({ id }) => id) : [calendarId];
      for (const id of ids) calendars.expireSyncTokens(user, id);
      changed(undefined);
    },
    revokeUser: (user, clientId) => changed(oauth.revokeSubject(user, clientId)),
    expireAccess: (user) => changed(oauth.expireAccess(user)),
    notices,
    addTopic: (name, topic) => {
      push().topics[name] = topic;
      changed(undefined);
    },
    addServiceAccount: (email) => changed(createServiceAccount(push(), email)),
    delegate: (email, scopes) => {
      const account = push().serviceAccounts[email];
      if (!account) throw new GoogleError(404, 'notFound', `There is no service account ${email}.`);
      account.delegated = [...scopes];
      changed(undefined);
    },
    peaks: () => peaksOf(windows, options.caps),
  };

  const definition = defineEmulator<GoogleState>({
    name: 'google',
    stateVersion: 1,
    cors: false,
    state: () => (options.seed ? plantSeed(options.seed, now) : emptyGoogleState()),
    validateSeed: assertGoogleState,
    setup: ({ app, state: live, baseUrl }) => {
      current = live;
      mail.forgetIndexes();
      app.onError((error) => {
        const message = error instanceof Error ? error.message : String(error);
        return json({ error: { code: 500, message: `The sandbox broke: ${message}`, status: 'SANDBOX_BROKEN' } }, 500);
      });
      app.notFound((c) => {
        unknownPaths.push(`${c.req.method} ${new URL(c.req.raw.url).pathname}`);
        return new GoogleError(404, 'notFound', `No such path: ${c.req.path}`).response();
      });
      mountOAuth(app, oauth, {
        baseUrl,
        users: () => current.users,
        assertion: (form) =>
          assertionGrant(form, {
            state: current,
            push: push(),
            oauth,
            now: now(),
            audiences: [`${baseUrl}/token`, 'https://oauth2.googleapis.com/token'],
          }),
      });
      mountGmail({
        app,
        oauth,
        mail,
        now,
        charge: ({ user, grant }, cost) =>
          charge(windows, options.caps, 'gmail', { user, clientId: grant.clientId, cost }),
      });
      mountCalendar({
        app,
        oauth,
        calendars,
        now,
        charge: ({ user, grant }) =>
          charge(windows, options.caps, 'calendar', { user, clientId: grant.clientId, cost: 1 }),
      });
      mountWatches({
        app,
        oauth,
        mail,
        calendars,
        notices,
        push,
        now,
        changed: () => changed(undefined),
        charge: (api, { user, grant }, cost) =>
          charge(windows, options.caps, api, { user, clientId: grant.clientId, cost }),
      });
      app.post('/sandbox/users/:user/messages', async (c) => {
        const user = c.req.param('user').toLowerCase();
        if (!current.users[user])
          return new GoogleError(404, 'notFound', `No user ${user} in this sandbox.`).response();
        const labels = c.req.query('labels');
        const receivedAt = Number(c.req.query('receivedAt') ?? Number.NaN);
        const { id, threadId } = handle.addRaw(user, new Uint8Array(await c.req.arrayBuffer()), {
          ...(labels === undefined ? {} : { labelIds: labels.split(',').filter((label) => label !== '') }),
          ...(Number.isSafeInteger(receivedAt) ? { receivedAt } : {}),
        });
        return json({ id, threadId }, 201);
      });
    },
  });

  const tenantOf = (request: Request): string | undefined => {
    const found = oauth.introspect(request.headers.get('authorization'));
    return found.ok ? found.grant.subject : undefined;
  };
  return { definition, handle, faultBody: googleFaultBody, tenantOf };
};

/** Refuses a kept state of another shape, so that an old file is not misread. */
const assertGoogleState = (value: unknown): GoogleState => {
  if (!isGoogleState(value))
    throw new Error('Not a state of the Google sandbox; remove its file to start from the sample.');
  return value;
};

const isGoogleState = (value: unknown): value is GoogleState =>
  typeof value === 'object' &&
  value !== null &&
  ['oauth', 'users', 'mailboxes', 'calendars'].every((key) => {
    const part: unknown = Reflect.get(value, key);
    return typeof part === 'object' && part !== null;
  });
