import { ConnectorFault } from '@waymark/connector-kit';
import type { Push, PushSubscription, PushTarget } from '@waymark/connector-kit';
import { z } from 'zod';
import { calendarScope, mailScope } from './manifest.ts';
import type { OutlookClient } from './outlook-client.ts';

/** Messages and events may be watched for less than seven days; an hour is left for clocks that differ. */
const lifetimeMs = (7 * 24 - 1) * 3_600_000;

/** What is watched: a mailbox's messages in all folders, and its events. Marks that a person sets on a mail are no news. */
const watched: Readonly<
  Record<string, { readonly target: PushTarget; readonly scope: string; readonly change: string }>
> = {
  messages: { target: { key: 'messages', stream: 'mail' }, scope: mailScope, change: 'created,deleted' },
  events: { target: { key: 'events', stream: 'calendar' }, scope: calendarScope, change: 'created,updated,deleted' },
};

const subscription = z
  .object({ id: z.string().min(1), expirationDateTime: z.string() })
  .transform(({ id, expirationDateTime }): PushSubscription => {
    const expiresAt = Date.parse(expirationDateTime);
    return { externalId: id, expiresAt: Number.isFinite(expiresAt) ? expiresAt : null };
  });

const expiration = (client: OutlookClient): string => new Date(client.now() + lifetimeMs).toISOString();

/**
 * Change notifications, without resource data. They carry no signature: the secret of each subscription comes back as `clientState`.
 * https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks
 */
export const push: Push<OutlookClient> = {
  // Those of the streams: what may be read may be watched.
  scopes: [],
  targets: (client) =>
    Promise.resolve(
      Object.values(watched).flatMap(({ target, scope }) => (client.grantedScopes.includes(scope) ? [target] : [])),
    ),
  subscribe: (client, target, address) => {
    const kind = watched[target.key];
    if (kind === undefined) throw new TypeError(`Outlook has nothing named ${target.key} to watch.`);
    return client.write({
      method: 'POST',
      path: '/subscriptions',
      body: {
        changeType: kind.change,
        notificationUrl: address.url,
        // It cannot be added later, and without it a subscription that Graph ends goes silent (failure E9).
        lifecycleNotificationUrl: address.url,
        resource: `${decodeURIComponent(client.root.slice(1))}/${target.key}`,
        expirationDateTime: expiration(client),
        clientState: address.secret,
      },
      answer: subscription,
      doc: 'subscription-post-subscriptions',
    });
  },
  renew: (client, _target, current) =>
    client.write({
      method: 'PATCH',
      path: `/subscriptions/${encodeURIComponent(current.externalId)}`,
      // Renewing reauthorizes as well.
      body: { expirationDateTime: expiration(client) },
      answer: subscription,
      doc: 'subscription-update',
    }),
  async unsubscribe(client, current) {
    try {
      await client.write({
        method: 'DELETE',
        path: `/subscriptions/${encodeURIComponent(current.externalId)}`,
        answer: z.unknown(),
        doc: 'subscription-delete',
      });
    } catch (error) {
      if (!(error instanceof ConnectorFault && error.fault.kind === 'record-gone')) throw error;
    }
  },
};
