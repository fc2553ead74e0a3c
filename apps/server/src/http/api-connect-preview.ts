import { createRoute, z } from '@hono/zod-openapi';
import { acceptPreview, previewInstallation } from '@waymark/sync';
import type { Waymark } from '../waymark.ts';
import { actorOf, apiRouter, inside, type Api } from './api-access.ts';
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

/** Looking at an account before anything of it is stored, and accepting it. */
export function connectPreviewRoutes(waymark: Waymark): Api {
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
  return api;
}
