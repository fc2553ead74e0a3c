import { timingSafeEqual } from 'node:crypto';
import type {
  Connector,
  HintKeys,
  HintRequest,
  HintResult,
  Push,
  PushAddress,
  PushSubscription,
} from '@waymark/connector-kit';
import { contentUuid } from '@waymark/journey';
import type { CalendarClient } from './client.ts';
import { readScope } from './manifest.ts';
import { calendarPartitions } from './partitions.ts';

/** Asked for; Google may give less. https://developers.google.com/workspace/calendar/api/v3/reference/events/watch */
const ttlSeconds = 7 * 86_400;

/** A channel's id and the id of what it watches: both are needed to stop it. */
const externalId = (channelId: string, resourceId: string): string => `${channelId} ${resourceId}`;

async function open(client: CalendarClient, calendarId: string, address: PushAddress): Promise<PushSubscription> {
  const now = client.now();
  const id = contentUuid('calendar-channel', address.url, String(now));
  const made = await client.watch(calendarId, { id, address: address.url, token: address.secret, ttlSeconds });
  const expiresAt = made.expiration ?? now + ttlSeconds * 1000;
  return { externalId: externalId(made.id, made.resourceId), expiresAt };
}

async function stop(client: CalendarClient, current: PushSubscription): Promise<void> {
  const [channelId, resourceId] = current.externalId.split(' ');
  if (channelId && resourceId) await client.stop(channelId, resourceId);
}

/** One channel for each calendar that is read. A channel is never prolonged: a new one is opened before the old one is stopped. */
export const push: Push<CalendarClient> = {
  scopes: [readScope],
  targets: async (client) => (await calendarPartitions(client)).map(({ id }) => ({ key: id, stream: 'events' })),
  subscribe: (client, target, address) => open(client, target.key, address),
  renew: async (client, target, current, address) => {
    const renewed = await open(client, target.key, address);
    // The two overlap until it ends by itself; notices of it are told by their channel (failure E10).
    await stop(client, current).catch(() => undefined);
    return renewed;
  },
  unsubscribe: stop,
};

/**
 * Verifies a notice of a channel, by the token that Google sends back and which is all there is to prove it. The first one, `sync`, says
 * that the channel is open; one of a channel that another has replaced says nothing (failure E10).
 * https://developers.google.com/workspace/calendar/api/guides/push
 */
export const hint: NonNullable<Connector<CalendarClient>['hint']> = (request, keys) =>
  Promise.resolve(judge(request, keys));

function judge({ headers }: HintRequest, { subscription }: HintKeys): HintResult {
  if (!subscription) return { ok: false, status: 401, reason: 'A channel has an address of its own' };
  if (!equal(headers['x-goog-channel-token'] ?? '', subscription.secret))
    return { ok: false, status: 401, reason: 'The token is not the one of the channel' };
  const channel = headers['x-goog-channel-id'] ?? '';
  const live = subscription.externalId === null || subscription.externalId.startsWith(`${channel} `);
  if (!live || headers['x-goog-resource-state'] === 'sync') return { ok: true, hints: [] };
  const number = headers['x-goog-message-number'] ?? '';
  const { externalAccountId, stream } = subscription;
  return {
    ok: true,
    hints: [{ externalAccountId, stream, ids: [], dedupeKey: contentUuid('calendar-notice', channel, number) }],
  };
}

function equal(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
