import { createRoute, z } from '@hono/zod-openapi';
import { acceptPreview, previewInstallation } from '@waymark/sync';
import { disconnect } from '../oauth/disconnect.ts';
import type { Waymark } from '../waymark.ts';
import { actorOf, apiRouter, inside, type Api } from './api-access.ts';
import { ReceiptForm, wireReceipt } from './api-exclusions.ts';
import { answers, body, byId, security, uuid } from './api-forms.ts';

const figures = z.record(z.string(), z.number().int());

const ConnectPreviewForm = z
  .object({
    installationId: uuid,
    connector: z.string(),
    label: z.string(),
    records: z.number().int(),
    more: z.boolean().openapi({ description: 'There was more than was looked at.' }),
    kept: z.number().int(),
    dropped: z.number().int(),
    outcomes: figures,
    reasons: figures,
    domains: z.array(
      z.object({ domain: z.string(), kept: z.number().int(), dropped: z.number().int(), reasons: figures }),
    ),
    missing: z.array(z.string()).openapi({ description: 'Streams that were not granted.' }),
  })
  .openapi('ConnectPreview');

const look = createRoute({
  method: 'post',
  path: '/api/installations/{id}/preview',
  summary: 'What reading an account would keep and drop, by domain and reason; stores nothing',
  tags: ['Workspace'],
  security,
  request: {
    params: byId,
    ...body(z.object({ limit: z.number().int().min(1).max(10_000).default(1_000) }).openapi('ConnectPreviewRequest')),
  },
  responses: answers(ConnectPreviewForm, 'Counted over the newest records of each stream.'),
});

const accept = createRoute({
  method: 'post',
  path: '/api/installations/{id}/accept',
  summary: 'Read an account from now on that was connected with --preview',
  tags: ['Workspace'],
  security,
  request: { params: byId },
  responses: answers(z.object({ installationId: uuid }).openapi('Accepted'), 'It is read at once.'),
});

const end = createRoute({
  method: 'post',
  path: '/api/installations/{id}/disconnect',
  summary: 'Read an account no more: its subscriptions end, its grant is given back, its tokens are forgotten',
  tags: ['Workspace'],
  security,
  request: {
    params: byId,
    ...body(
      z
        .object({
          purge: z.boolean().default(false).openapi({ description: 'Also take away all that it read.' }),
        })
        .openapi('DisconnectRequest'),
    ),
  },
  responses: answers(
    z
      .object({
        installationId: uuid,
        revocation: z.enum(['revoked', 'kept', 'by-hand', 'failed', 'nothing']),
        note: z.string(),
        subscriptions: z.number().int(),
        receipt: ReceiptForm.nullable(),
      })
      .openapi('Disconnected'),
    'What became of the grant, and the receipt of what was taken away.',
  ),
});

/** Looking at an account before anything of it is stored, accepting it, and ending its reading. */
export function connectPreviewRoutes(waymark: Waymark, wake: (workspaceId: string) => void): Api {
  const api = apiRouter();
  api.openapi(look, async (c) => {
    const { id } = c.req.valid('param');
    const shown = await previewInstallation(waymark.sync, c.get('workspaceId'), id, {
      limit: c.req.valid('json').limit,
    });
    return c.json(
      {
        ...shown,
        outcomes: Object.fromEntries(Object.entries(shown.outcomes)),
        reasons: { ...shown.reasons },
        domains: shown.domains.map((one) => ({ ...one, reasons: { ...one.reasons } })),
        missing: [...shown.missing],
      },
      200,
    );
  });
  api.openapi(accept, async (c) => {
    const { installationId } = await inside(waymark, c, (tx) =>
      acceptPreview(tx, c.req.valid('param').id, actorOf(c), waymark.now()),
    );
    return c.json({ installationId }, 200);
  });
  api.openapi(end, async (c) => {
    const installationId = c.req.valid('param').id;
    const { purge } = c.req.valid('json');
    const request = { workspaceId: c.get('workspaceId'), installationId, by: actorOf(c), purge };
    const { revocation, subscriptions, receipt } = await disconnect(waymark, request);
    wake(c.get('workspaceId'));
    return c.json(
      {
        installationId,
        revocation: revocation.outcome,
        note: revocation.note,
        subscriptions,
        receipt: receipt && wireReceipt(receipt),
      },
      200,
    );
  });
  return api;
}
