import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { EmulatorApp, ZendeskCore } from './core.ts';
import { invalidValue, notFound } from './errors.ts';
import { gated, type Call } from './gate.ts';
import { webhookJson } from './row-json.ts';
import type { ZendeskWebhook } from './state.ts';

const WRITE = { scopes: ['webhooks:write', 'write'], adminOnly: true } as const;
const READ = { scopes: ['read', 'webhooks:read'], adminOnly: true } as const;

const created = z.object({
  name: z.string().min(1),
  endpoint: z.url(),
  status: z.enum(['active', 'inactive']),
  http_method: z.literal('POST'),
  request_format: z.literal('json'),
  subscriptions: z.array(z.string().startsWith('zen:event-type:')).min(1),
});

/** https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks */
export function registerWebhookRoutes(app: EmulatorApp, core: ZendeskCore): void {
  app.get(
    '/api/v2/webhooks',
    gated(core, READ, ({ account, query }) => {
      const name = query('filter[name_contains]') ?? '';
      const found = Object.values(account.webhooks).filter((each) => each.name.includes(name));
      return { body: { webhooks: found.map(webhookJson), meta: { has_more: false } } };
    }),
  );
  app.post(
    '/api/v2/webhooks',
    gated(core, WRITE, async (call) => {
      const wanted = created.safeParse((await call.body())['webhook']);
      if (!wanted.success) throw invalidValue(z.prettifyError(wanted.error), 400);
      const { name, endpoint, status, subscriptions } = wanted.data;
      const webhook: ZendeskWebhook = {
        id: `01J${randomBytes(12).toString('hex').toUpperCase().slice(0, 23)}`,
        name,
        endpoint,
        status,
        subscriptions,
        secret: randomBytes(32).toString('base64'),
        createdAt: core.now(),
      };
      call.account.webhooks[webhook.id] = webhook;
      return { status: 201, body: { webhook: webhookJson(webhook) } };
    }),
  );
  app.get(
    '/api/v2/webhooks/:webhook',
    gated(core, READ, (call) => ({ body: { webhook: webhookJson(find(call)) } })),
  );
  app.patch(
    '/api/v2/webhooks/:webhook',
    gated(core, WRITE, async (call) => {
      const webhook = find(call);
      const change = created.partial().safeParse((await call.body())['webhook']);
      if (!change.success) throw invalidValue(z.prettifyError(change.error), 400);
      if (change.data.status !== undefined) webhook.status = change.data.status;
      if (change.data.endpoint !== undefined) webhook.endpoint = change.data.endpoint;
      return { status: 204, body: null };
    }),
  );
  app.delete(
    '/api/v2/webhooks/:webhook',
    gated(core, WRITE, (call) => {
      delete call.account.webhooks[find(call).id];
      return { status: 204, body: null };
    }),
  );
  app.get(
    '/api/v2/webhooks/:webhook/signing_secret',
    gated(core, READ, (call) => ({
      body: { signing_secret: { algorithm: 'SHA256', secret: find(call).secret } },
    })),
  );
}

function find(call: Call): ZendeskWebhook {
  const webhook = call.account.webhooks[call.param('webhook')];
  if (webhook === undefined) throw notFound();
  return webhook;
}
