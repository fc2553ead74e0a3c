import { createRoute, z } from '@hono/zod-openapi';
import {
  DefinitionError,
  definitionDigest,
  diffDefinitions,
  parseDefinition,
  reviewDefinition,
  type DefinitionIssue,
} from '@waymark/lifecycle';
import {
  activateJourney,
  definitionInForce,
  retireJourney,
  rollbackJourney,
  startShadow,
  stopShadow,
  type Activated,
} from '../definitions.ts';
import { journeyBook } from '../journey-book.ts';
import { shadowReports } from '../shadow.ts';
import { whatIf } from '../what-if.ts';
import type { Waymark } from '../waymark.ts';
import { actorOf, apiRouter, type Api } from './api-access.ts';
import { missing } from './api-error.ts';
import { wiredReport } from '../wire.ts';
import { answers, body, instant, security, uuid } from './api-forms.ts';

const source = z.string().min(1).max(200_000).openapi({ description: 'The text of a definition file, YAML.' });
const journeyId = z.string().min(1).max(100);
const Source = z.object({ source }).openapi('DefinitionText');
const Named = z.object({ journey: journeyId }).openapi('JourneyName');
const digest = z.string();

const IssueForm = z.object({ line: z.number().int(), path: z.string(), message: z.string(), remedy: z.string() });
const CheckForm = z
  .object({
    ok: z.boolean(),
    id: z.string().nullable(),
    version: z.number().int().nullable(),
    digest: digest.nullable(),
    issues: z.array(IssueForm).openapi({ description: 'What keeps it from being used.' }),
    advice: z.array(IssueForm).openapi({ description: 'What its author should know, though it can be used.' }),
  })
  .openapi('DefinitionCheck');

const ChangeForm = z.object({
  part: z.string(),
  id: z.string(),
  change: z.enum(['added', 'removed', 'changed']),
  field: z.string().optional(),
  before: z.string().optional(),
  after: z.string().optional(),
  means: z.string().optional(),
  affectsAnswers: z.boolean(),
});
const version = z.object({ id: z.string(), version: z.number().int(), digest });
const DiffForm = z
  .object({
    same: z.boolean(),
    before: version,
    after: version,
    changes: z.array(ChangeForm),
    notes: z.array(z.string()),
  })
  .openapi('DefinitionDiff');

const BookForm = z
  .object({
    definitions: z.array(
      z.object({
        journey: z.string(),
        version: z.number().int(),
        digest,
        state: z.enum(['in_force', 'retired']),
        activatedAt: instant.nullable(),
        activatedBy: z.string().nullable(),
        retiredAt: instant.nullable(),
      }),
    ),
    history: z.array(
      z.object({
        journey: z.string(),
        change: z.string(),
        digest: digest.nullable(),
        formerDigest: digest.nullable(),
        at: instant,
        by: z.string(),
        settledAt: instant.nullable(),
      }),
    ),
    shadows: z.array(
      z.object({ journey: z.string(), version: z.number().int(), digest, since: instant, by: z.string() }),
    ),
  })
  .openapi('JourneyBook');

const SwitchForm = z
  .object({
    journey: z.string(),
    version: z.number().int(),
    digest,
    formerDigest: digest.nullable(),
    activationId: uuid.nullable().openapi({ description: 'Null where it was in force already.' }),
    change: z.enum(['activated', 'rolled_back']),
  })
  .openapi('JourneySwitch');

/** Reports of whatif and shadow are given as the commands print them with --json. */
const Report = z.record(z.string(), z.unknown());

const shared = { tags: ['Journey definitions'], security };
const route = <T extends z.ZodType>(
  method: 'get' | 'post',
  path: `/api/journeys${string}`,
  words: { readonly summary: string; readonly description?: string },
  form: T,
  says: string,
) => createRoute({ ...shared, method, path, ...words, responses: answers(form, says) });

const book = route(
  'get',
  '/api/journeys',
  { summary: 'Definitions there are and were, and who switched them when' },
  BookForm,
  'The book.',
);
const check = createRoute({
  ...shared,
  method: 'post',
  path: '/api/journeys/check',
  summary: 'Say with line, field and remedy what is wrong with a definition',
  request: body(Source),
  responses: answers(CheckForm, 'What is wrong; `ok` says whether it can be used.'),
});
const diff = createRoute({
  ...shared,
  method: 'post',
  path: '/api/journeys/diff',
  summary: 'Compare two definitions by meaning',
  description: 'Without `before`, with what is in force of the same journey.',
  request: body(z.object({ before: source.optional(), after: source }).openapi('DefinitionPair')),
  responses: answers(DiffForm, 'The differences, in words.'),
});
const whatIfRoute = createRoute({
  ...shared,
  method: 'post',
  path: '/api/journeys/whatif',
  summary: 'What accounts, stages, flags and CRM fields would differ from now',
  description: 'Judges every account twice; reads the CRM and stores nothing.',
  request: body(Source),
  responses: answers(Report.openapi('WhatIf'), 'What would differ.'),
});
const activate = createRoute({
  ...shared,
  method: 'post',
  path: '/api/journeys/activate',
  summary: 'Put a definition in force',
  description: 'What follows is one digest for each CSM and a plan for the CRM that waits for approval.',
  request: body(Source),
  responses: answers(SwitchForm, 'What was switched.'),
});
const rollback = createRoute({
  ...shared,
  method: 'post',
  path: '/api/journeys/rollback',
  summary: 'Put the definition before the present one in force again',
  request: body(Named),
  responses: answers(SwitchForm, 'What was switched.'),
});
const retire = createRoute({
  ...shared,
  method: 'post',
  path: '/api/journeys/retire',
  summary: 'Take a journey out of force',
  request: body(Named),
  responses: answers(Named, 'The journey that is out of force.'),
});
const shadow = createRoute({
  ...shared,
  method: 'post',
  path: '/api/journeys/shadow',
  summary: 'Run a definition beside the one in force, with nothing posted and nothing written',
  request: body(Source),
  responses: answers(version.openapi('Shadow'), 'What runs in shadow.'),
});
const shadowList = route(
  'get',
  '/api/journeys/shadow',
  { summary: 'How definitions in shadow have differed from those in force' },
  z.object({ reports: z.array(Report) }).openapi('ShadowReports'),
  'A report of each.',
);
const shadowStop = createRoute({
  ...shared,
  method: 'post',
  path: '/api/journeys/shadow/stop',
  summary: 'End a shadow',
  request: body(Named),
  responses: answers(Named, 'The journey that is in shadow no longer.'),
});

/**
 * Journey definitions: check, compare, try, switch. What changes something wants a bearer token, is audited in its name, and is
 * followed up by the server, which `wake` tells of it.
 */
export function definitionRoutes(waymark: Waymark, wake: (workspaceId: string) => void): Api {
  const api = apiRouter();
  const file = (text: string) => ({ source: text, file: 'definition' });
  const switched = (workspaceId: string, { journey, ...one }: Activated): z.infer<typeof SwitchForm> => {
    wake(workspaceId);
    const { id, version: number } = journey.definition;
    const { formerDigest, activationId, kind } = one;
    return { journey: id, version: number, digest: journey.digest, formerDigest, activationId, change: kind };
  };
  api.openapi(book, async (c) => {
    const { definitions, history, shadows } = await journeyBook(waymark, c.get('workspaceId'));
    return c.json({ definitions: [...definitions], history: [...history], shadows: [...shadows] }, 200);
  });
  api.openapi(check, (c) => c.json(checked(c.req.valid('json').source), 200));
  api.openapi(diff, async (c) => {
    const { before, after } = c.req.valid('json');
    const is = parseDefinition(after, 'after');
    const former = before ?? (await definitionInForce(waymark, c.get('workspaceId'), is.id))?.source;
    if (former === undefined) throw missing('journey in force');
    const found = diffDefinitions(parseDefinition(former, before === undefined ? 'in force' : 'before'), is);
    return c.json({ ...found, changes: [...found.changes], notes: [...found.notes] }, 200);
  });
  api.openapi(whatIfRoute, async (c) =>
    c.json(wiredReport(await whatIf(waymark, c.get('workspaceId'), file(c.req.valid('json').source))), 200),
  );
  api.openapi(activate, async (c) => {
    const workspaceId = c.get('workspaceId');
    const done = await activateJourney(waymark, workspaceId, file(c.req.valid('json').source), actorOf(c));
    return c.json(switched(workspaceId, done), 200);
  });
  api.openapi(rollback, async (c) => {
    const workspaceId = c.get('workspaceId');
    const done = await rollbackJourney(waymark, workspaceId, c.req.valid('json').journey, actorOf(c));
    return c.json(switched(workspaceId, done), 200);
  });
  api.openapi(retire, async (c) => {
    const workspaceId = c.get('workspaceId');
    const { journey } = c.req.valid('json');
    await retireJourney(waymark, workspaceId, journey, actorOf(c));
    wake(workspaceId);
    return c.json({ journey }, 200);
  });
  api.openapi(shadow, async (c) => {
    const { definition, digest: own } = await startShadow(
      waymark,
      c.get('workspaceId'),
      file(c.req.valid('json').source),
      actorOf(c),
    );
    return c.json({ id: definition.id, version: definition.version, digest: own }, 200);
  });
  api.openapi(shadowList, async (c) => {
    const reports = await shadowReports(waymark, c.get('workspaceId'));
    return c.json({ reports: reports.map(wiredReport) }, 200);
  });
  api.openapi(shadowStop, async (c) => {
    const { journey } = c.req.valid('json');
    await stopShadow(waymark, c.get('workspaceId'), journey);
    return c.json({ journey }, 200);
  });
  return api;
}

function checked(text: string): z.infer<typeof CheckForm> {
  const plain = (issues: readonly DefinitionIssue[]) => issues.map((one) => ({ ...one }));
  try {
    const { definition, advice } = reviewDefinition(text, 'definition');
    const { id, version: number } = definition;
    return { ok: true, id, version: number, digest: definitionDigest(definition), issues: [], advice: plain(advice) };
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return { ok: false, id: null, version: null, digest: null, issues: plain(error.issues), advice: [] };
  }
}
