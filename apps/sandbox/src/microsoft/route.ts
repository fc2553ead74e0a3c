import type { EmulatorContext } from 'emulate';
import type { AccessGrant, OAuthServer } from '../front/oauth.ts';
import { accessDenied, badRequest, blockedByPolicy, GraphError, invalidToken, invalidUser } from './graph-error.ts';
import { preferences, type Preferences } from './odata.ts';
import type { MailboxQuota } from './quota.ts';
import type { MicrosoftState, MicrosoftUser } from './state.ts';

export type App = EmulatorContext<MicrosoftState>['app'];
type Context = Parameters<Parameters<App['notFound']>[0]>[0];

/** The two ways to name a mailbox in a path. */
export const mailboxRoots = ['/v1.0/me', '/v1.0/users/:user'] as const;

/** An authorized call. */
export interface Call {
  /** Whose mailbox is read: the signed-in user's, or the one that an app names. */
  readonly user: MicrosoftUser;
  readonly grant: AccessGrant;
  readonly query: URLSearchParams;
  readonly prefer: Preferences;
  readonly param: (name: string) => string;
  readonly request: Request;
  /** `http://host:port/v1.0/me` or `…/users/x`, by which the caller reached us: what links are made of. */
  readonly root: string;
}

export interface Guard {
  readonly oauth: OAuthServer;
  readonly state: () => MicrosoftState;
  readonly quota: MailboxQuota;
  /** How long each answer takes, in milliseconds; asked at every call. */
  readonly latencyMs: () => number;
}

/** A token's owner when an app signed in as itself: `app:<tenant>`. */
export const appSubject = (tenantId: string): string => `app:${tenantId}`;

/**
 * Wraps a handler so that it cannot be reached without a live token of sufficient scope for the mailbox that is named: there is
 * no separate middleware whose path pattern could miss. Refusals become Graph's own bodies.
 */
export const guarded =
  (guard: Guard, scopes: readonly string[], handle: (call: Call) => Response | Promise<Response>) =>
  async (context: Context): Promise<Response> => {
    let leave: (() => void) | undefined;
    try {
      const grant = grantOf(guard.oauth, context.req.header('authorization'));
      if (!scopes.some((scope) => grant.scopes.includes(scope))) throw accessDenied();
      const user = targetOf(guard.state(), grant, context);
      leave = guard.quota.enter(grant.clientId, user.upn);
      const latency = guard.latencyMs();
      if (latency > 0) await new Promise((resolve) => setTimeout(resolve, latency));
      const url = new URL(context.req.raw.url);
      const prefer = preferences(context.req.header('prefer'));
      const answer = await handle({
        user,
        grant,
        query: url.searchParams,
        prefer,
        param: (name) => decodeURIComponent(context.req.param(name)),
        request: context.req.raw,
        root: `${originOf(context.req.raw)}${/^\/v1\.0\/(?:me|users\/[^/]+)/u.exec(url.pathname)?.[0] ?? '/v1.0'}`,
      });
      if (prefer.applied.length > 0) answer.headers.set('preference-applied', prefer.applied.join(', '));
      return answer;
    } catch (error) {
      if (error instanceof GraphError) return error.response();
      throw error;
    } finally {
      leave?.();
    }
  };

/** Where the caller reached us: the Host header, so that a proxy in between stays in between. */
export const originOf = (request: Request): string => {
  const own = new URL(request.url);
  return `${request.headers.get('x-forwarded-proto') ?? own.protocol.slice(0, -1)}://${request.headers.get('host') ?? own.host}`;
};

/** What a bearer token grants. Throws 401. */
export const grantOf = (oauth: OAuthServer, authorization: string | undefined): AccessGrant => {
  const token = oauth.introspect(authorization);
  if (!token.ok) throw invalidToken(token.reason);
  return token.grant;
};

/** The tenant of a token's owner. */
const tenantOf = (state: MicrosoftState, subject: string): string =>
  state.users[subject]?.tenantId ?? subject.replace(/^app:/u, '');

const targetOf = (state: MicrosoftState, grant: AccessGrant, context: Context): MicrosoftUser => {
  const isApp = grant.subject.startsWith('app:');
  const named = /^\/v1\.0\/users\/([^/]+)/u.exec(new URL(context.req.raw.url).pathname)?.[1];
  if (named === undefined) {
    if (isApp) throw badRequest('/me request is only valid with delegated authentication flow.');
    const self = state.users[grant.subject];
    if (!self) throw invalidUser(grant.subject);
    return self;
  }
  return allowedUser(state, grant, decodeURIComponent(named));
};

/** The user of this principal name or object id, if the token may read it. Throws 403 or 404. */
export const allowedUser = (state: MicrosoftState, grant: AccessGrant, named: string): MicrosoftUser => {
  const key = named.toLowerCase();
  const user = state.users[key] ?? Object.values(state.users).find((each) => each.id === key);
  const tenant = tenantOf(state, grant.subject);
  if (!user || user.tenantId !== tenant) throw invalidUser(named);
  if (!grant.subject.startsWith('app:')) {
    if (user.upn !== grant.subject) throw accessDenied();
    return user;
  }
  const granted = state.appGrants[`${tenant} ${grant.clientId}`];
  if (granted?.group && !granted.group.includes(user.upn)) throw blockedByPolicy();
  return user;
};
