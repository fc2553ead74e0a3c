import { bodyLimit } from 'hono/body-limit';
import { html } from 'hono/html';
import { findWorkspace, readSettings } from '@waymark/store';
import { page } from '../status/page.ts';
import { pagePolicy, requirePageToken } from '../status/session.ts';
import type { Waymark } from '../waymark.ts';
import { requireToken } from './access.ts';
import { apiRouter, rateLimit, type Api } from './api-access.ts';
import { accountRoutes } from './api-accounts.ts';
import { answerError, ApiError } from './api-error.ts';
import { connectPreviewRoutes } from './api-connect-preview.ts';
import { definitionRoutes } from './api-definitions.ts';
import { exclusionRoutes } from './api-exclusions.ts';
import { explanationRoutes } from './api-explanation.ts';
import { flagRoutes } from './api-flags.ts';
import { journeyRoutes } from './api-journey.ts';
import { matchingRoutes } from './api-matching.ts';
import { operationRoutes } from './api-operations.ts';
import { referencePage } from './api-reference.ts';
import { writebackRoutes } from './api-writeback.ts';

export interface ApiDependencies {
  /** The address from outside. */
  readonly publicUrl: string;
  /** Something of the workspace was changed by hand: fold and send what follows. Returns at once. */
  readonly wake: (workspaceId: string) => void;
  /** Requests a minute for each workspace and process; 600 by default. */
  readonly requestsPerMinute?: number;
}

const mostBytes = 262_144;

/** The API under /api: every route wants a token and sees its workspace alone. Described by /api/openapi.json and read at /api. */
export function apiRoutes(waymark: Waymark, deps: ApiDependencies): Api {
  const api = apiRouter();
  api.onError(answerError(waymark));
  const limit = bodyLimit({
    maxSize: mostBytes,
    onError: () => {
      throw new ApiError(413, 'TOO_LARGE', `A body has at most ${mostBytes} bytes: send it in parts.`);
    },
  });
  const inside = requireToken(waymark);
  const limited = rateLimit(waymark.now, deps.requestsPerMinute ?? 600);
  api.use('/api/*', async (c, next) => {
    c.header('cache-control', 'private, no-store');
    // The reference is a page: its own gate lets a person sign in.
    if (c.req.path === '/api') return next();
    return inside(c, next);
  });
  api.use('/api/*', async (c, next) => (c.req.path === '/api' ? next() : limited(c, next)));
  api.use('/api/*', limit);
  for (const routes of [definitionRoutes, matchingRoutes, exclusionRoutes, connectPreviewRoutes])
    api.route('/', routes(waymark, deps.wake));
  for (const routes of [operationRoutes, accountRoutes, explanationRoutes, flagRoutes, journeyRoutes, writebackRoutes])
    api.route('/', routes(waymark));
  api.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: 'A token of the workspace, from waymark token. It sees and changes this workspace alone.',
  });
  const describe = () =>
    api.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Waymark',
        version: '0.1.0',
        description: 'Accounts in their lifecycle, their flags with proof, matching and write-back of one workspace.',
      },
      servers: [{ url: deps.publicUrl }],
    });
  api.get('/api/openapi.json', (c) => c.json(describe()));
  api.get('/api', requirePageToken(waymark, deps.publicUrl), async (c) => {
    const workspaceId = c.get('workspaceId');
    const workspace = await waymark.database.global((tx) => findWorkspace(tx, workspaceId));
    const { sampleData } = await waymark.database.inWorkspace(workspaceId, (tx) => readSettings(tx));
    c.header('content-security-policy', pagePolicy);
    const frame = { workspace: workspace?.name ?? '', sampleData, current: '/api' };
    return c.html(page('API', html`${referencePage(describe(), deps.publicUrl)}`, frame));
  });
  return api;
}
