import { createHash } from 'node:crypto';
import type { OAuthServer } from '../front/oauth.ts';
import type { CalendarStore } from './calendar-store.ts';
import { GoogleError, invalidArgument, json } from './errors.ts';
import type { MailStore } from './mail-store.ts';
import type { Notices } from './notices.ts';
import type { PushState } from './push-state.ts';
import { assertOwnUser, guarded, type App, type Call } from './route.ts';
import { routeScopes } from './scopes.ts';

const week = 7 * 86_400_000;

export interface WatchRoutes {
  readonly app: App;
  readonly oauth: OAuthServer;
  readonly mail: MailStore;
  readonly calendars: CalendarStore;
  readonly notices: Notices;
  readonly push: () => PushState;
  readonly now: () => number;
  readonly changed: () => void;
  readonly charge: (api: 'gmail' | 'calendar', call: Call, units: number) => void;
}

/** Watching: Gmail's `watch` and `stop`, Calendar's channels, and the keys that sign pushes. */
export const mountWatches = (routes: WatchRoutes): void => {
  const { app, oauth, notices, charge } = routes;
  const mailGuard = { oauth, scopes: routeScopes.messages, charge: (call: Call) => charge('gmail', call, 100) };
  const eventGuard = { oauth, scopes: routeScopes.events, charge: (call: Call) => charge('calendar', call, 1) };
  app.post(
    '/gmail/v1/users/:userId/watch',
    guarded(mailGuard, (call) => watchMailbox(routes, call)),
  );
  app.post(
    '/gmail/v1/users/:userId/stop',
    guarded(mailGuard, (call) => {
      assertOwnUser(call, call.param('userId'));
      delete routes.push().watches[call.user];
      routes.changed();
      return new Response(null, { status: 204 });
    }),
  );
  app.post(
    '/calendar/v3/calendars/:calendarId/events/watch',
    guarded(eventGuard, (call) => openChannel(routes, call)),
  );
  app.post(
    '/calendar/v3/channels/stop',
    guarded(eventGuard, (call) => stopChannel(routes, call)),
  );
  app.get('/oauth2/v3/certs', () => json(notices.keys(), 200, { 'cache-control': 'public, max-age=3600' }));
};

const bodyOf = async (call: Call): Promise<Readonly<Record<string, unknown>>> => {
  const body: unknown = await call.request.json().catch(() => undefined);
  if (typeof body !== 'object' || body === null) throw invalidArgument('Parse Error');
  return { ...body };
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** https://developers.google.com/workspace/gmail/api/reference/rest/v1/users/watch */
const watchMailbox = async ({ push, mail, now, notices, changed }: WatchRoutes, call: Call): Promise<Response> => {
  assertOwnUser(call, call.param('userId'));
  const topic = text((await bodyOf(call))['topicName']);
  if (!/^projects\/[^/]+\/topics\/[^/]+$/u.test(topic))
    throw invalidArgument(`Invalid topicName does not match projects/*/topics/*`);
  if (!push().topics[topic])
    throw new GoogleError(404, 'notFound', `Resource not found (resource=${topic.split('/').at(-1) ?? ''}).`);
  const expiration = now() + week;
  push().watches[call.user] = { topic, expiration };
  // Gmail tells at once, so that the way is known to work.
  notices.mail(call.user);
  changed();
  return json({ historyId: String(mail.mailbox(call.user).historyId), expiration: String(expiration) });
};

/** https://developers.google.com/workspace/calendar/api/v3/reference/events/watch */
const openChannel = async (routes: WatchRoutes, call: Call): Promise<Response> => {
  const { push, calendars, notices, now, changed } = routes;
  const { id: calendarId } = calendars.calendar(call.user, call.param('calendarId'));
  const body = await bodyOf(call);
  const [id, address, token] = [text(body['id']), text(body['address']), text(body['token'])];
  if (id === '' || id.length > 64 || body['type'] !== 'web_hook') throw invalidArgument('Required', 'id');
  if (push().channels[id]) throw new GoogleError(400, 'channelIdNotUnique', `Channel id ${id} not unique`);
  if (!/^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost)[:/])/u.test(address))
    throw new GoogleError(400, 'push.webhookUrlNotHttps', `WebHook callback must be HTTPS: ${address}`);
  const params: unknown = body['params'];
  const ttl = Number(typeof params === 'object' && params !== null ? Reflect.get(params, 'ttl') : Number.NaN);
  const life = Math.min(Number.isFinite(ttl) && ttl > 0 ? ttl * 1000 : week, week);
  const resourceId = createHash('sha256').update(`${call.user}/${calendarId}`).digest('base64url').slice(0, 27);
  const channel = { id, resourceId, user: call.user, calendarId, address, token, expiration: now() + life, number: 0 };
  push().channels[id] = channel;
  notices.opened(channel);
  changed();
  return json({
    kind: 'api#channel',
    id,
    resourceId,
    resourceUri: `https://www.googleapis.com/calendar/v3/calendars/${encodeURIComponent(calendarId)}/events?alt=json`,
    token,
    expiration: String(channel.expiration),
  });
};

/** https://developers.google.com/workspace/calendar/api/v3/reference/channels/stop */
const stopChannel = async ({ push, changed }: WatchRoutes, call: Call): Promise<Response> => {
  const body = await bodyOf(call);
  const id = text(body['id']);
  const channel = push().channels[id];
  if (!channel || channel.user !== call.user || channel.resourceId !== body['resourceId'])
    throw new GoogleError(404, 'notFound', `Channel '${id}' not found for project`);
  delete push().channels[id];
  changed();
  return new Response(null, { status: 204 });
};
