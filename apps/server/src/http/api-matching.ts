import { createRoute, z } from '@hono/zod-openapi';
import { decisionsMade, eventTotals, unmatched } from '@waymark/store';
import { asShown, decide, decisionAbout, previewOf, reviewQueue, undoDecided, type Decided } from '@waymark/sync';
import type { Waymark } from '../waymark.ts';
import { actorOf, apiRouter, inside, type Api } from './api-access.ts';
import { answers, body, byId, instant, iso, isoOrNull, security, uuid } from './api-forms.ts';
import { previewAnswer, PreviewForm } from './api-preview-form.ts';

const queue = createRoute({
  method: 'get',
  path: '/api/unmatched',
  summary: 'Senders and domains that match no account, with why',
  tags: ['Matching'],
  security,
  request: { query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(200) }) },
  responses: answers(
    z
      .object({
        unmatched: z.array(
          z.object({
            kind: z.string(),
            subject: z.string(),
            reason: z.string(),
            candidates: z.array(z.string()),
            events: z.number().int(),
            firstSeenAt: instant,
            lastSeenAt: instant,
          }),
        ),
        total: z.number().int(),
        events: z.number().int().openapi({ description: 'Events without an account.' }),
      })
      .openapi('UnmatchedQueue'),
    'The queue, those with the most events first.',
  ),
});

const decision = z.union([
  z.object({ accountId: uuid }),
  z.object({
    verdict: z.enum(['not_customer', 'split']).openapi({
      description:
        'Nobody’s customer; or (domains) not one account’s: each of its people waits for a decision of their own.',
    }),
  }),
]);
const subject = z.object({
  kind: z.enum(['contact', 'domain', 'event']),
  subject: z
    .string()
    .trim()
    .toLowerCase()
    .min(1)
    .max(320)
    .openapi({ description: 'An e-mail address, a domain, or an event id.', example: 'example.com' }),
});

const assign = createRoute({
  method: 'post',
  path: '/api/assignments',
  summary: 'Decide by hand what belongs to an account',
  description:
    'A decision replaces what the sources say, for the future and the past: events are matched again and their accounts recomputed. It is audited in the name of the token.',
  tags: ['Matching'],
  security,
  request: body(z.object({ decisions: z.array(subject.and(decision)).min(1).max(100) }).openapi('Assignments')),
  responses: answers(
    z.object({ decisionId: uuid, changedAccounts: z.array(uuid) }).openapi('AssignmentsDone'),
    'The accounts whose events changed; they are recomputed at once.',
  ),
});

const review = createRoute({
  method: 'get',
  path: '/api/review',
  summary: 'What waits for a decision, with an id to decide by and the accounts that would claim it',
  tags: ['Matching'],
  security,
  request: { query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(200) }) },
  responses: answers(
    z
      .object({
        entries: z.array(
          z.object({
            id: z.string(),
            kind: z.string(),
            subject: z.string(),
            reason: z.string(),
            events: z.number().int(),
            firstSeenAt: instant,
            lastSeenAt: instant,
            candidates: z.array(z.object({ accountId: uuid, name: z.string() })),
          }),
        ),
      })
      .openapi('ReviewQueue'),
    'Those with the most events first.',
  ),
});

const entry = z.object({ id: z.string().min(1).max(320).openapi({ description: 'The entry’s id, or its subject.' }) });

const previewDecision = createRoute({
  method: 'post',
  path: '/api/review/preview',
  summary: 'What a decision would move and change; changes nothing',
  tags: ['Matching'],
  security,
  request: body(entry.and(decision).openapi('ReviewPreviewRequest')),
  responses: answers(PreviewForm, 'The events that would move, and stages, flags and alerts that would change.'),
});

const done = z.object({ decisionId: uuid, changedAccounts: z.array(uuid) }).openapi('DecisionDone');
const expect = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .optional()
  .openapi({ description: 'The digest of the preview that was looked at: refused where other events would move now.' });

const decideEntry = createRoute({
  method: 'post',
  path: '/api/review/decide',
  summary: 'Decide about an entry of the queue',
  tags: ['Matching'],
  security,
  request: body(entry.extend({ expect }).and(decision).openapi('ReviewDecision')),
  responses: answers(done, 'The decision, by which it can be undone.'),
});

const decisions = createRoute({
  method: 'get',
  path: '/api/decisions',
  summary: 'What was decided by hand, newest first',
  tags: ['Matching'],
  security,
  request: { query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(200) }) },
  responses: answers(
    z
      .object({
        decisions: z.array(
          z.object({
            decisionId: uuid,
            kind: z.string(),
            subject: z.string(),
            verdict: z.string(),
            accountId: uuid.nullable(),
            at: instant,
            by: z.string(),
            undoneAt: instant.nullable(),
            undoneBy: z.string().nullable(),
          }),
        ),
      })
      .openapi('Decisions'),
    'One entry a subject.',
  ),
});

const previewUndo = createRoute({
  method: 'post',
  path: '/api/decisions/{id}/preview',
  summary: 'What undoing a decision would move and change; changes nothing',
  tags: ['Matching'],
  security,
  request: { params: byId },
  responses: answers(PreviewForm, 'As for a decision.'),
});

const undo = createRoute({
  method: 'post',
  path: '/api/decisions/{id}/undo',
  summary: 'Undo a decision as if it had not been made',
  tags: ['Matching'],
  security,
  request: { params: byId, ...body(z.object({ expect }).openapi('UndoRequest')) },
  responses: answers(done, 'The accounts whose events changed.'),
});

/** Whose is what: the queue, decisions by hand with their preview, and taking them back. */
export function matchingRoutes(waymark: Waymark, wake: (workspaceId: string) => void): Api {
  const api = apiRouter();
  const answerOf = (workspaceId: string, decided: Decided) => {
    wake(workspaceId);
    return { decisionId: decided.decisionId, changedAccounts: [...decided.accounts] };
  };
  api.openapi(queue, async (c) => {
    const { limit } = c.req.valid('query');
    const { all, events } = await inside(waymark, c, async (tx) => ({
      all: await unmatched(tx),
      events: (await eventTotals(tx)).unmatched,
    }));
    const shown = all.slice(0, limit).map((one) => ({
      ...one,
      candidates: [...one.candidates],
      firstSeenAt: iso(one.firstSeenAt),
      lastSeenAt: iso(one.lastSeenAt),
    }));
    return c.json({ unmatched: shown, total: all.length, events }, 200);
  });
  api.openapi(assign, async (c) => {
    const { decisions: wanted } = c.req.valid('json');
    const decided = await inside(waymark, c, (tx) => decide(tx, wanted, actorOf(c), waymark.now()));
    return c.json(answerOf(c.get('workspaceId'), decided), 200);
  });
  api.openapi(review, async (c) => {
    const { limit } = c.req.valid('query');
    const entries = await inside(waymark, c, (tx) => reviewQueue(tx, limit));
    const shown = entries.map((one) => ({
      ...one,
      firstSeenAt: iso(one.firstSeenAt),
      lastSeenAt: iso(one.lastSeenAt),
      candidates: [...one.candidates],
    }));
    return c.json({ entries: shown }, 200);
  });
  api.openapi(previewDecision, async (c) => {
    const { id, ...verdict } = c.req.valid('json');
    const at = waymark.now();
    const preview = await inside(waymark, c, async (tx) => {
      const about = await decisionAbout(tx, id, verdict);
      return previewOf(tx, at, (inner) => decide(inner, [about], actorOf(c), at));
    });
    return c.json(previewAnswer(preview), 200);
  });
  api.openapi(decideEntry, async (c) => {
    const { id, expect: digest, ...verdict } = c.req.valid('json');
    const at = waymark.now();
    const decided = await inside(waymark, c, async (tx) => {
      const about = await decisionAbout(tx, id, verdict);
      return asShown(tx, at, digest, (inner) => decide(inner, [about], actorOf(c), at));
    });
    return c.json(answerOf(c.get('workspaceId'), decided), 200);
  });
  api.openapi(decisions, async (c) => {
    const { limit } = c.req.valid('query');
    const made = await inside(waymark, c, (tx) => decisionsMade(tx, { limit }));
    const shown = made.map((one) => ({ ...one, at: iso(one.at), undoneAt: isoOrNull(one.undoneAt) }));
    return c.json({ decisions: shown }, 200);
  });
  api.openapi(previewUndo, async (c) => {
    const { id } = c.req.valid('param');
    const at = waymark.now();
    const preview = await inside(waymark, c, (tx) =>
      previewOf(tx, at, (inner) => undoDecided(inner, id, actorOf(c), at)),
    );
    return c.json(previewAnswer(preview), 200);
  });
  api.openapi(undo, async (c) => {
    const { id } = c.req.valid('param');
    const { expect: digest } = c.req.valid('json');
    const at = waymark.now();
    const decided = await inside(waymark, c, (tx) =>
      asShown(tx, at, digest, (inner) => undoDecided(inner, id, actorOf(c), at)),
    );
    return c.json(answerOf(c.get('workspaceId'), decided), 200);
  });
  return api;
}
