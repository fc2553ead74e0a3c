import { createRoute, z } from '@hono/zod-openapi';
import { exclusions, receipts, type Exclusion, type ExclusionReceipt } from '@waymark/store';
import { exclude, readmit } from '@waymark/sync';
import type { Waymark } from '../waymark.ts';
import { actorOf, apiRouter, inside, type Api } from './api-access.ts';
import { answers, body, byId, instant, iso, security, uuid } from './api-forms.ts';

const kind = z.enum(['domain', 'person', 'pair', 'label', 'keyword', 'installation']);

const ExclusionForm = z
  .object({
    id: uuid,
    kind,
    value: z.string(),
    other: z.string().openapi({ description: 'The second of a pair: an address, or account:<id>.' }),
    installationId: uuid.nullable().openapi({ description: 'Where it applies; everywhere without it.' }),
    createdAt: instant,
    createdBy: z.string(),
  })
  .openapi('Exclusion');

export const ReceiptForm = z
  .object({
    id: uuid,
    exclusionId: uuid,
    kind: z.string(),
    action: z.enum(['purged', 'removed']),
    counts: z.record(z.string(), z.number().int()),
    digest: z.string(),
    at: instant,
    by: z.string(),
  })
  .openapi('ExclusionReceipt', { description: 'What was taken away, in figures: it names nobody.' });

const list = createRoute({
  method: 'get',
  path: '/api/exclusions',
  summary: 'What is neither read nor kept',
  tags: ['Matching'],
  security,
  responses: answers(z.object({ exclusions: z.array(ExclusionForm) }).openapi('Exclusions'), 'All of them.'),
});

const add = createRoute({
  method: 'post',
  path: '/api/exclusions',
  summary: 'Exclude a domain, person, pair, label, keyword or installation, and purge what is stored of it',
  tags: ['Matching'],
  security,
  request: body(
    z
      .object({
        kind,
        value: z.string().min(1).max(320),
        other: z.union([z.object({ address: z.string().max(320) }), z.object({ accountId: uuid })]).optional(),
        installationId: uuid.optional(),
      })
      .openapi('ExclusionRequest'),
  ),
  responses: answers(
    z.object({ exclusion: ExclusionForm, receipt: ReceiptForm, reread: z.array(uuid) }).openapi('Excluded'),
    'The receipt, and the installations that are read again to find what their stored form does not tell.',
  ),
});

const remove = createRoute({
  method: 'delete',
  path: '/api/exclusions/{id}',
  summary: 'Take an exclusion back: what the sources still have is read again',
  tags: ['Matching'],
  security,
  request: { params: byId },
  responses: answers(
    z.object({ receipt: ReceiptForm, reread: z.array(uuid), lost: z.array(z.string()) }).openapi('Readmitted'),
    'What is read again, and what does not come back.',
  ),
});

const made = createRoute({
  method: 'get',
  path: '/api/exclusion-receipts',
  summary: 'What exclusions took away, newest first',
  tags: ['Matching'],
  security,
  responses: answers(z.object({ receipts: z.array(ReceiptForm) }).openapi('ExclusionReceipts'), 'All receipts.'),
});

const wire = (one: Exclusion): z.infer<typeof ExclusionForm> => ({
  id: one.exclusionId,
  kind: one.kind,
  value: one.value,
  other: one.other,
  installationId: one.scope === '' ? null : one.scope,
  createdAt: iso(one.createdAt),
  createdBy: one.createdBy,
});

export const wireReceipt = (one: ExclusionReceipt): z.infer<typeof ReceiptForm> => ({
  id: one.receiptId,
  exclusionId: one.exclusionId,
  kind: one.kind,
  action: one.action,
  counts: { ...one.counts },
  digest: one.digest,
  at: iso(one.at),
  by: one.by,
});

/** What is neither read nor kept, with the receipts of what was purged. */
export function exclusionRoutes(waymark: Waymark, wake: (workspaceId: string) => void): Api {
  const api = apiRouter();
  api.openapi(list, async (c) =>
    c.json({ exclusions: (await inside(waymark, c, (tx) => exclusions(tx))).map(wire) }, 200),
  );
  api.openapi(add, async (c) => {
    const { kind: of, value, other, installationId } = c.req.valid('json');
    const request = { kind: of, value, ...(other && { other }), ...(installationId && { installationId }) };
    const done = await exclude(waymark, c.get('workspaceId'), request, actorOf(c));
    wake(c.get('workspaceId'));
    return c.json(
      { exclusion: wire(done.exclusion), receipt: wireReceipt(done.receipt), reread: [...done.reread] },
      200,
    );
  });
  api.openapi(remove, async (c) => {
    const done = await readmit(waymark, c.get('workspaceId'), c.req.valid('param').id, actorOf(c));
    wake(c.get('workspaceId'));
    return c.json({ receipt: wireReceipt(done.receipt), reread: [...done.reread], lost: [...done.lost] }, 200);
  });
  api.openapi(made, async (c) =>
    c.json({ receipts: (await inside(waymark, c, (tx) => receipts(tx))).map(wireReceipt) }, 200),
  );
  return api;
}
