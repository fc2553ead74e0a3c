import { defineEmulator, type EmulatorDefinition } from 'emulate';
import { composeMail, type MailFields } from '../google/compose.ts';
import type { OAuthApp, OAuthServer } from '../front/oauth.ts';
import { RollingWindow } from '../front/rolling-window.ts';
import type { FaultBody } from '../front/serve.ts';
import { mountCalendars } from './calendar-routes.ts';
import { CalendarStore } from './calendar-store.ts';
import { entraOAuth, mountEntra } from './entra-routes.ts';
import { mountFolders } from './folder-routes.ts';
import { GraphError, json, microsoftFaultBody } from './graph-error.ts';
import { mountMail } from './mail-routes.ts';
import { MailStore, type AddOptions } from './mail-store.ts';
import { Notifier } from './notifier.ts';
import { MailboxQuota, type Caps, type Peak } from './quota.ts';
import { guarded } from './route.ts';
import { routeScopes } from './scopes.ts';
import { plantSeed, type MicrosoftSeed } from './seed.ts';
import {
  emptyMicrosoftState,
  type AppGrant,
  type MicrosoftState,
  type MicrosoftUser,
  type StoredMessage,
} from './state.ts';
import { guid, mountSubscriptions } from './subscription-routes.ts';

export interface MicrosoftOptions {
  readonly caps: Caps;
  /** Redirect from the authorize page at once when `login_hint` names a user. */
  readonly autoConsent: boolean;
  readonly seed?: MicrosoftSeed;
  readonly now: () => number;
  /** Called after each change through the handle, for the journal. */
  readonly onChange?: () => void;
  /** How notices leave; the platform's own without it. */
  readonly fetch?: typeof fetch;
  /** Milliseconds for which notices are collected; 200 without it. */
  readonly noticeDelayMs?: number;
}

/**
 * The sandbox's Microsoft, as code in the same process sees it. Users are named by their principal name. What is changed through
 * `mail` and `calendars` shows up in the next delta round and in notices; call `touch` afterwards, so that it is kept.
 */
export interface MicrosoftHandle {
  /** The live state; for the journal and for assertions. */
  state(): MicrosoftState;
  readonly oauth: OAuthServer;
  readonly mail: MailStore;
  readonly calendars: CalendarStore;
  readonly notifier: Notifier;
  /** `METHOD path` of calls that no route knows. */
  readonly unknownPaths: string[];
  touch(): void;
  registerApp(app: OAuthApp): void;
  addTenant(domain: string, name?: string): string;
  addUser(user: {
    readonly upn: string;
    readonly tenantId: string;
    readonly name?: string;
    readonly timeZone?: string;
  }): MicrosoftUser;
  /** Lets an app sign in as itself in a tenant, for all mailboxes or a group of them. */
  grantApp(tenantId: string, clientId: string, grant: AppGrant): void;
  /** Composes and stores a message; it arrives at `fields.at` unless told otherwise. */
  addMail(user: string, fields: MailFields, options?: AddOptions): StoredMessage;
  /** Old delta tokens of mail and calendars answer 410 from now on, those of half-read rounds too (A7). */
  expireDelta(user: string): void;
  /** The next delta rounds of a mailbox repeat this many items that did not change. */
  replay(user: string, items: number): void;
  /** Every answer takes this long from now on. */
  slowDown(latencyMs: number): void;
  /** The user's tokens die, as after a password reset by an administrator. */
  revokeUser(user: string, clientId?: string): void;
  /** Access tokens expire now; refresh tokens stay good. */
  expireAccess(user?: string): void;
  /** Highest use of every counter, as counted here. */
  peaks(): Peak[];
}

export interface Microsoft {
  readonly definition: EmulatorDefinition<MicrosoftState>;
  readonly handle: MicrosoftHandle;
  readonly faultBody: FaultBody;
  /** The user that a call's token belongs to, or that an app's call names. */
  readonly tenantOf: (request: Request) => string | undefined;
}

/**
 * Microsoft on loopback: Entra's sign-in and Graph's mail, calendars and subscriptions, of several tenants in one instance. Paths
 * are Microsoft's own, both hosts folded into one. Use the handle after `createEmulator`, not before.
 */
export const createMicrosoft = (options: MicrosoftOptions): Microsoft => {
  let current = emptyMicrosoftState();
  let latencyMs = 0;
  const state = (): MicrosoftState => current;
  const { now } = options;
  const notifier = new Notifier({
    state,
    now,
    fetch: options.fetch ?? fetch,
    ...(options.noticeDelayMs === undefined ? {} : { delayMs: options.noticeDelayMs }),
  });
  const mail = new MailStore(state, now, (change) => notifier.mailChanged(change));
  const calendars = new CalendarStore(state, now, (change) => notifier.calendarChanged(change));
  const quota = new MailboxQuota(new RollingWindow({ now }), options.caps);
  const oauth = entraOAuth({
    state: () => current.oauth,
    users: () => current.users,
    now,
    autoConsent: options.autoConsent,
  });
  const unknownPaths: string[] = [];
  const touch = (): void => options.onChange?.();
  const changed = <T>(result: T): T => {
    touch();
    return result;
  };

  const handle: MicrosoftHandle = {
    state,
    oauth,
    mail,
    calendars,
    notifier,
    unknownPaths,
    touch,
    registerApp: (app) => changed(oauth.registerApp(app)),
    addTenant: (domain, name = domain) => {
      const id = guid(`tenant:${domain}`);
      current.tenants[id] = { id, domain, name };
      return changed(id);
    },
    addUser: ({ upn, tenantId, name = upn, timeZone = 'UTC' }) => {
      const user = { id: guid(`user:${upn}`), upn: upn.toLowerCase(), name, timeZone, tenantId };
      current.users[user.upn] = user;
      mail.mailbox(user.upn);
      calendars.list(user.upn);
      return changed(user);
    },
    grantApp: (tenantId, clientId, grant) => {
      current.appGrants[`${tenantId} ${clientId}`] = grant;
      touch();
    },
    addMail: (user, fields, add) => changed(mail.add(user, composeMail(fields), { receivedAt: fields.at, ...add })),
    expireDelta: (user) => {
      mail.expireDelta(user);
      calendars.expireDelta(user);
      touch();
    },
    replay: (user, items) => {
      mail.mailbox(user).replays = items;
      touch();
    },
    slowDown: (ms) => {
      latencyMs = ms;
    },
    revokeUser: (user, clientId) => changed(oauth.revokeSubject(user, clientId)),
    expireAccess: (user) => changed(oauth.expireAccess(user)),
    peaks: () => quota.peaks(),
  };

  const definition = defineEmulator<MicrosoftState>({
    name: 'microsoft',
    stateVersion: 1,
    cors: false,
    state: () => (options.seed ? plantSeed(options.seed, now) : emptyMicrosoftState()),
    validateSeed: assertMicrosoftState,
    setup: ({ app, state: live, onDispose }) => {
      current = live;
      mail.forgetIndexes();
      onDispose(() => notifier.close());
      app.onError((error) => {
        const message = error instanceof Error ? error.message : String(error);
        return json({ error: { code: 'SandboxBroken', message: `The sandbox broke: ${message}` } }, 500);
      });
      app.notFound((c) => {
        const path = new URL(c.req.raw.url).pathname;
        unknownPaths.push(`${c.req.method} ${path}`);
        return new GraphError(
          400,
          'BadRequest',
          `Resource not found for the segment '${path.split('/').at(-1) ?? ''}'.`,
        ).response();
      });
      mountEntra({ app, oauth, state, now, autoConsent: options.autoConsent });
      const guard = { oauth, state, quota, latencyMs: () => latencyMs };
      const profile = guarded(guard, routeScopes.profile, ({ user }) =>
        json({
          '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#users/$entity',
          id: user.id,
          displayName: user.name,
          givenName: user.name.split(' ')[0],
          surname: user.name.split(' ').at(-1),
          mail: user.upn,
          userPrincipalName: user.upn,
          businessPhones: [],
          jobTitle: null,
          mobilePhone: null,
          officeLocation: null,
          preferredLanguage: null,
        }),
      );
      mountSubscriptions({ app, oauth, state, mail, calendars, now, fetch: options.fetch ?? fetch });
      mountFolders(app, guard, mail);
      mountMail(app, guard, mail);
      mountCalendars(app, guard, calendars);
      app.get('/v1.0/me', profile);
      app.get('/v1.0/users/:user', profile);
      notifier.resume();
    },
  });

  const tenantOf = (request: Request): string | undefined => {
    const found = oauth.introspect(request.headers.get('authorization'));
    if (!found.ok) return undefined;
    const named = /^\/v1\.0\/users\/([^/]+)/u.exec(new URL(request.url).pathname)?.[1];
    return found.grant.subject.startsWith('app:') && named !== undefined
      ? decodeURIComponent(named).toLowerCase()
      : found.grant.subject;
  };
  return { definition, handle, faultBody: microsoftFaultBody, tenantOf };
};

/** Refuses a kept state of another shape, so that an old file is not misread. */
const assertMicrosoftState = (value: unknown): MicrosoftState => {
  if (!isMicrosoftState(value))
    throw new Error('Not a state of the Microsoft sandbox; remove its file to start from the sample.');
  return value;
};

const isMicrosoftState = (value: unknown): value is MicrosoftState =>
  typeof value === 'object' &&
  value !== null &&
  ['oauth', 'tenants', 'users', 'mailboxes', 'calendars', 'subscriptions'].every((key) => {
    const part: unknown = Reflect.get(value, key);
    return typeof part === 'object' && part !== null;
  });
