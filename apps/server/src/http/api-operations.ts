import { createRoute, z } from '@hono/zod-openapi';
import { auditLog, findWorkspace, installations, setAsideTotals, gaps } from '@waymark/store';
import { workspaceReport } from '../report.ts';
import type { Waymark } from '../waymark.ts';
import { wiredReport } from '../wire.ts';
import { apiRouter, inside, type Api } from './api-access.ts';
import { missing } from './api-error.ts';
import { answers, instant, iso, isoOrNull, security, uuid } from './api-forms.ts';
import { StatusForm } from './api-status-form.ts';

const status = createRoute({
  method: 'get',
  path: '/api/status',
  summary: 'The workspace in figures: installations, streams, events, stages, flags, alerts, write-back',
  tags: ['Workspace'],
  security,
  responses: answers(StatusForm, 'What waymark status prints.'),
});

const InstallationForm = z
  .object({
    id: uuid,
    connector: z.string(),
    provider: z.string(),
    label: z.string(),
    status: z.enum(['active', 'needs_auth', 'disabled', 'preview']),
    statusReason: z.string().nullable(),
    grantedScopes: z.array(z.string()),
    resumeAt: instant.nullable(),
    resumeReason: z.string().nullable(),
    nextRunAt: instant.nullable(),
    createdAt: instant,
    gaps: z.array(z.object({ stream: z.string(), from: instant, to: instant.nullable(), reason: z.string() })),
    setAside: z.array(
      z.object({ stream: z.string(), reason: z.string(), records: z.number().int(), example: z.string() }),
    ),
  })
  .openapi('Installation', {
    description: 'One grant of one account at a provider. Tokens and settings are never shown.',
  });

const installed = createRoute({
  method: 'get',
  path: '/api/installations',
  summary: 'Installations with their gaps and what was set aside',
  tags: ['Workspace'],
  security,
  responses: answers(
    z.object({ installations: z.array(InstallationForm) }).openapi('Installations'),
    'All installations.',
  ),
});

const audit = createRoute({
  method: 'get',
  path: '/api/audit',
  summary: 'Who did what, newest first',
  tags: ['Workspace'],
  security,
  request: {
    query: z.object({
      before: z.coerce.number().int().min(1).optional().openapi({ description: 'The `next` of the page before.' }),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
  },
  responses: answers(
    z
      .object({
        entries: z.array(
          z.object({
            seq: z.number().int(),
            at: instant,
            actor: z.string(),
            action: z.string(),
            subject: z.string(),
            detail: z.record(z.string(), z.unknown()),
          }),
        ),
        next: z.number().int().nullable(),
      })
      .openapi('AuditLog'),
    'A page of the audit log; each entry is chained to the one before it.',
  ),
});

/** What an admin looks at: the workspace's figures, its installations, the audit log. */
export function operationRoutes(waymark: Waymark): Api {
  const api = apiRouter();
  api.openapi(status, async (c) => {
    const workspace = await waymark.database.global((tx) => findWorkspace(tx, c.get('workspaceId')));
    if (!workspace) throw missing('workspace');
    return c.json(await inside(waymark, c, (tx) => workspaceReport(tx, workspace, waymark.now())), 200);
  });
  api.openapi(installed, async (c) => {
    const { all, open, aside } = await inside(waymark, c, async (tx) => ({
      all: await installations(tx),
      open: await gaps(tx, { unhealedOnly: true }),
      aside: await setAsideTotals(tx),
    }));
    const shown = all.map((one): z.infer<typeof InstallationForm> => ({
      id: one.installationId,
      connector: one.connector,
      provider: one.provider,
      label: one.label,
      status: one.status,
      statusReason: one.statusReason,
      grantedScopes: [...one.grantedScopes],
      resumeAt: isoOrNull(one.resumeAt),
      resumeReason: one.resumeReason,
      nextRunAt: isoOrNull(one.nextRunAt),
      createdAt: iso(one.createdAt),
      gaps: open
        .filter((gap) => gap.installationId === one.installationId)
        .map((gap) => ({ stream: gap.stream, from: iso(gap.from), to: isoOrNull(gap.to), reason: gap.reason })),
      setAside: aside
        .filter((each) => each.installationId === one.installationId)
        .map(({ stream, reason, records, example }) => ({ stream, reason, records, example })),
    }));
    return c.json({ installations: shown }, 200);
  });
  api.openapi(audit, async (c) => {
    const { before, limit } = c.req.valid('query');
    const entries = await inside(waymark, c, (tx) =>
      auditLog(tx, { limit, ...(before !== undefined && { beforeSeq: before }) }),
    );
    const shown = entries.map(({ seq, at, actor, action, subject, detail }) => ({
      seq,
      at: iso(at),
      actor,
      action,
      subject,
      detail: wiredReport(detail),
    }));
    const last = entries.at(-1);
    return c.json({ entries: shown, next: entries.length === limit && last && last.seq > 1 ? last.seq : null }, 200);
  });
  return api;
}
