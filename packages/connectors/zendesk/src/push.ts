import { ConnectorFault, type Push, type PushAddress, type PushSubscription } from '@waymark/connector-kit';
import { z } from 'zod';
import { docs, paths } from './api.ts';
import type { ZendeskClient } from './client.ts';
import { READ } from './manifest.ts';

/** Changes of a ticket that change what is kept of it. https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events */
const EVENTS = [
  'created',
  'status_changed',
  'custom_status_changed',
  'priority_changed',
  'tags_changed',
  'comment_added',
  'comment_made_private',
  'requester_changed',
  'organization_changed',
  'merged',
  'soft_deleted',
  'permanently_deleted',
  'undeleted',
  'marked_as_spam',
].map((name) => `zen:event-type:ticket.${name}`);

const NAME = 'Waymark';

const webhook = z.looseObject({
  id: z.string().min(1),
  endpoint: z.string().optional(),
  status: z.string().optional(),
});
const webhookAnswer = z.looseObject({ webhook });
const webhooksAnswer = z.looseObject({
  webhooks: z.array(webhook),
  meta: z.looseObject({ has_more: z.boolean().optional(), after_cursor: z.string().nullish() }).optional(),
});
const secretAnswer = z.looseObject({ signing_secret: z.looseObject({ secret: z.string().min(1) }) });

/**
 * One webhook for all tickets, which lives until it is deleted. Zendesk chooses the secret that it signs with.
 * https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks
 */
export const push: Push<ZendeskClient> = {
  scopes: ['webhooks:write', READ],
  targets: (client) => Promise.resolve(client.settings.webhooks ? [{ key: 'tickets', stream: 'tickets' }] : []),
  async subscribe(client, _target, address) {
    return withSecret(client, await createOnce(client, address));
  },
  async renew(client, _target, current, address) {
    const answer = await client.jsonOrNone({
      bucket: 'account',
      method: 'GET',
      path: paths.webhook(current.externalId),
      idempotent: true,
      doc: docs.webhooks,
      answer: webhookAnswer,
    });
    if (answer === undefined) {
      throw new ConnectorFault({ kind: 'record-gone', message: 'The webhook was deleted in Zendesk.' });
    }
    // After failures on end Zendesk turns a webhook off; an address of ours may have changed.
    if (answer.webhook.status !== 'active' || answer.webhook.endpoint !== address.url) {
      await client.json({
        bucket: 'account',
        method: 'PATCH',
        path: paths.webhook(current.externalId),
        body: { webhook: { status: 'active', endpoint: address.url } },
        idempotent: true,
        doc: docs.webhooks,
        answer: z.unknown(),
      });
    }
    return withSecret(client, current.externalId);
  },
  async unsubscribe(client, current) {
    await client.jsonOrNone({
      bucket: 'account',
      method: 'DELETE',
      path: paths.webhook(current.externalId),
      idempotent: true,
      doc: docs.webhooks,
      answer: z.unknown(),
    });
  },
  async discard(client, address) {
    const found = await findByAddress(client, address);
    if (found !== undefined) await push.unsubscribe(client, { externalId: found, expiresAt: null });
  },
};

/** The webhooks of ours that are looked through, at most. */
const mostPages = 10;

/** An answer that was lost left a webhook behind: it is taken up, since the next attempt has another address and would not find it. */
async function createOnce(client: ZendeskClient, address: PushAddress): Promise<string> {
  try {
    return await create(client, address);
  } catch (error) {
    if (!(error instanceof ConnectorFault) || error.fault.kind !== 'transient') throw error;
    const found = await findByAddress(client, address).catch(() => undefined);
    if (found === undefined) throw error;
    return found;
  }
}

async function findByAddress(client: ZendeskClient, address: PushAddress): Promise<string | undefined> {
  let after: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const answer = await client.json({
      bucket: 'account',
      method: 'GET',
      path: paths.webhooks,
      query: { 'filter[name_contains]': NAME, 'page[size]': 100, ...(after !== undefined && { 'page[after]': after }) },
      idempotent: true,
      doc: docs.webhooks,
      answer: webhooksAnswer,
    });
    const found = answer.webhooks.find((each) => each.endpoint === address.url);
    if (found !== undefined) return found.id;
    after = answer.meta?.has_more === true ? (answer.meta.after_cursor ?? undefined) : undefined;
    if (after === undefined) return undefined;
  }
  return undefined;
}

async function create(client: ZendeskClient, address: PushAddress): Promise<string> {
  const answer = await client.json({
    bucket: 'account',
    method: 'POST',
    path: paths.webhooks,
    body: {
      webhook: {
        name: NAME,
        status: 'active',
        endpoint: address.url,
        http_method: 'POST',
        request_format: 'json',
        subscriptions: EVENTS,
      },
    },
    idempotent: false,
    doc: docs.webhooks,
    answer: webhookAnswer,
  });
  return answer.webhook.id;
}

async function withSecret(client: ZendeskClient, externalId: string): Promise<PushSubscription> {
  const answer = await client.json({
    bucket: 'account',
    method: 'GET',
    path: paths.signingSecret(externalId),
    idempotent: true,
    doc: docs.webhooks,
    answer: secretAnswer,
  });
  return { externalId, expiresAt: null, secret: answer.signing_secret.secret };
}
