import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AccessGrant, OAuthServer } from '../front/oauth.ts';
import type { CalendarStore } from './calendar-store.ts';
import { accessDenied, badRequest, GraphError, json } from './graph-error.ts';
import type { MailStore } from './mail-store.ts';
import { preferences } from './odata.ts';
import { allowedUser, grantOf, type App } from './route.ts';
import { routeScopes } from './scopes.ts';
import type { MicrosoftState, MicrosoftUser, StoredSubscription } from './state.ts';

const MINUTE = 60_000;
/** Longest life of a subscription to Outlook's resources, and the shortest that is given (https://learn.microsoft.com/en-us/graph/api/resources/subscription). */
const longestMs = 10_080 * MINUTE;
const shortestMs = 45 * MINUTE;
/** https://learn.microsoft.com/en-us/graph/outlook-change-notifications-overview */
const mostPerMailbox = 1000;

const url = z.url({ protocol: /^https?$/u });
const wanted = z.object({
  changeType: z.string(),
  notificationUrl: url,
  lifecycleNotificationUrl: url.nullish(),
  resource: z.string(),
  expirationDateTime: z.iso.datetime({ offset: true }),
  clientState: z.string().max(128).nullish(),
  includeResourceData: z.literal(false).nullish(),
  latestSupportedTlsVersion: z.string().nullish(),
});

interface SubscriptionRoutes {
  readonly app: App;
  readonly oauth: OAuthServer;
  readonly state: () => MicrosoftState;
  readonly mail: MailStore;
  readonly calendars: CalendarStore;
  readonly now: () => number;
  readonly fetch: typeof fetch;
}

/** Subscriptions to changes (https://learn.microsoft.com/en-us/graph/api/subscription-post-subscriptions). */
export const mountSubscriptions = (routes: SubscriptionRoutes): void => {
  const { app, oauth, state, now } = routes;
  type Context = Parameters<Parameters<App['notFound']>[0]>[0];
  const guarded =
    (handle: (context: Context, grant: AccessGrant) => Promise<Response> | Response) =>
    async (context: Context): Promise<Response> => {
      try {
        return await handle(context, grantOf(oauth, context.req.header('authorization')));
      } catch (error) {
        if (error instanceof GraphError) return error.response();
        throw error;
      }
    };

  const own = (grant: AccessGrant, id: string): StoredSubscription => {
    const found = state().subscriptions[id];
    const isOwn =
      found?.clientId === grant.clientId && (grant.subject.startsWith('app:') || grant.subject === found.user);
    if (!found || !isOwn || found.expiresAt <= now())
      throw new GraphError(404, 'ResourceNotFound', 'The object was not found.');
    return found;
  };
  const expiry = (text: string): number => {
    const at = Date.parse(text);
    if (at - now() > longestMs)
      throw badRequest(
        `Subscription expiration can only be ${longestMs / MINUTE} minutes in the future.`,
        'ValidationError',
      );
    if (at <= now()) throw badRequest('Subscription expiration must be in the future.', 'ValidationError');
    return Math.max(at, now() + shortestMs);
  };

  app.post(
    '/v1.0/subscriptions',
    guarded(async (context, grant) => {
      const parsed = wanted.safeParse(await bodyOf(context.req.raw));
      if (!parsed.success) throw badRequest(z.prettifyError(parsed.error), 'InvalidRequest');
      const { data } = parsed;
      const target = resourceOf(routes, grant, data.resource);
      const changeTypes = data.changeType.split(',').map((each) => each.trim());
      if (changeTypes.some((each) => !['created', 'updated', 'deleted'].includes(each)))
        throw badRequest(`changeType '${data.changeType}' is not supported.`, 'InvalidRequest');
      const expiresAt = expiry(data.expirationDateTime);
      const held = Object.values(state().subscriptions).filter((each) => each.user === target.user.upn);
      if (held.length >= mostPerMailbox)
        throw new GraphError(403, 'ExtensionError', 'Subscription limit reached for the mailbox.');
      await validate(routes.fetch, data.notificationUrl);
      if (data.lifecycleNotificationUrl) await validate(routes.fetch, data.lifecycleNotificationUrl);
      const id = guid(`subscription:${state().nextSubscription}`);
      state().nextSubscription += 1;
      const made: StoredSubscription = {
        id,
        clientId: grant.clientId,
        user: target.user.upn,
        kind: target.kind,
        ...(target.container === undefined ? {} : { container: target.container }),
        resource: data.resource,
        changeTypes,
        notificationUrl: data.notificationUrl,
        ...(data.lifecycleNotificationUrl ? { lifecycleNotificationUrl: data.lifecycleNotificationUrl } : {}),
        ...(data.clientState ? { clientState: data.clientState } : {}),
        isImmutable: preferences(context.req.header('prefer')).isImmutable,
        expiresAt,
      };
      state().subscriptions[id] = made;
      return json(show(made), 201);
    }),
  );
  app.get(
    '/v1.0/subscriptions',
    guarded((_context, grant) =>
      json({
        '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#subscriptions',
        value: Object.values(state().subscriptions)
          .filter((one) => one.clientId === grant.clientId && one.expiresAt > now())
          .filter((one) => grant.subject.startsWith('app:') || one.user === grant.subject)
          .map(show),
      }),
    ),
  );
  app.get(
    '/v1.0/subscriptions/:id',
    guarded((context, grant) => json(show(own(grant, context.req.param('id'))))),
  );
  app.patch(
    '/v1.0/subscriptions/:id',
    guarded(async (context, grant) => {
      const one = own(grant, context.req.param('id'));
      const change = z
        .strictObject({ expirationDateTime: z.iso.datetime({ offset: true }) })
        .safeParse(await bodyOf(context.req.raw));
      if (!change.success) throw badRequest('Only expirationDateTime can be changed here.', 'InvalidRequest');
      one.expiresAt = expiry(change.data.expirationDateTime);
      return json(show(one));
    }),
  );
  app.delete(
    '/v1.0/subscriptions/:id',
    guarded((context, grant) => {
      delete state().subscriptions[own(grant, context.req.param('id')).id];
      return json({}, 204);
    }),
  );
  app.post(
    '/v1.0/subscriptions/:id/reauthorize',
    guarded((context, grant) => {
      own(grant, context.req.param('id'));
      return json({}, 204);
    }),
  );
};

const bodyOf = async (request: Request): Promise<unknown> => {
  try {
    return await request.json();
  } catch {
    throw badRequest('Unable to read JSON request payload.');
  }
};

const show = (one: StoredSubscription): object => ({
  '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#subscriptions/$entity',
  id: one.id,
  resource: one.resource,
  applicationId: one.clientId,
  changeType: one.changeTypes.join(','),
  // Never shown again (https://learn.microsoft.com/en-us/graph/api/subscription-get).
  clientState: null,
  notificationUrl: one.notificationUrl,
  lifecycleNotificationUrl: one.lifecycleNotificationUrl ?? null,
  expirationDateTime: new Date(one.expiresAt).toISOString(),
  creatorId: guid(one.user),
  latestSupportedTlsVersion: 'v1_2',
  includeResourceData: false,
});

interface Target {
  readonly user: MicrosoftUser;
  readonly kind: 'message' | 'event';
  readonly container?: string;
}

/** What a resource path names, if the token may read it. Throws 400, 403 or 404. */
const resourceOf = (routes: SubscriptionRoutes, grant: AccessGrant, resource: string): Target => {
  const path = resource.replace(/^https:\/\/graph\.microsoft\.com\/v1\.0/u, '').replace(/^\//u, '');
  const match =
    /^(?:me|users\/([^/]+))\/(?:(mailFolders|calendars)(?:\('([^']+)'\)|\/([^/]+))\/)?(messages|events)(?:\?.*)?$/iu.exec(
      path,
    );
  if (!match) throw badRequest(`Resource '${resource}' is not supported.`, 'InvalidRequest');
  const kind = match[5]?.toLowerCase() === 'messages' ? 'message' : 'event';
  const needed: readonly string[] = kind === 'message' ? routeScopes.subscribeMail : routeScopes.subscribeCalendar;
  if (!needed.some((scope) => grant.scopes.includes(scope))) throw accessDenied();
  if (match[1] === undefined && grant.subject.startsWith('app:'))
    throw badRequest('/me request is only valid with delegated authentication flow.');
  const user = allowedUser(routes.state(), grant, decodeURIComponent(match[1] ?? grant.subject));
  const container = match[3] ?? match[4];
  if (container === undefined) return { user, kind };
  const named = decodeURIComponent(container);
  const found = kind === 'message' ? routes.mail.folder(user.upn, named) : routes.calendars.calendar(user.upn, named);
  return { user, kind, container: found.id };
};

/** The handshake: the endpoint must echo the token as plain text within ten seconds. Throws 400. */
const validate = async (ask: typeof fetch, address: string): Promise<void> => {
  const token = `Validation: Testing client application reachability for subscription Request-Id: ${guid(address)}`;
  const target = new URL(address);
  target.searchParams.set('validationToken', token);
  let status: number | string;
  try {
    const answer = await ask(target, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      signal: AbortSignal.timeout(10_000),
    });
    const isPlain = /^text\/plain/iu.test(answer.headers.get('content-type') ?? '');
    if (answer.status === 200 && isPlain && (await answer.text()) === token) return;
    status = answer.status;
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError')
      throw badRequest('Subscription validation request timed out.', 'ValidationError');
    status = 'unreachable';
  }
  throw badRequest(
    `Subscription validation request failed. HTTP status code is '${status}'. Notification endpoint must respond with 200 OK to validation request.`,
    'ValidationError',
  );
};

/** A stable GUID for a name. */
export const guid = (seed: string): string => {
  const hex = createHash('sha256').update(seed).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};
