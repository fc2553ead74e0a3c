import { OpenAPIHono } from '@hono/zod-openapi';
import { secureHeaders } from 'hono/secure-headers';
import { errorCode } from '@waymark/store';
import type { Waymark } from '../waymark.ts';
import { apiRoutes } from './api-app.ts';
import { metricsRoutes } from './api-metrics.ts';
import { oauthRoutes } from './oauth-routes.ts';
import { statusRoutes } from './status-routes.ts';
import { webhookRoutes } from './webhook-routes.ts';

export interface AppOptions {
  readonly waymark: Waymark;
  /** The address from outside. */
  readonly publicUrl: string;
  /** Whether all parts are up; for `/readyz`. */
  readonly ready: () => Promise<boolean>;
  /** Handles Slack's requests; absent where this process does not run the bot. */
  readonly slack?: {
    readonly events: (request: Request) => Promise<Response>;
    readonly start: (request: Request) => Promise<Response>;
    readonly callback: (request: Request) => Promise<Response>;
  };
  readonly onHint: (workspaceId: string, installationId: string) => void;
  /** Something of the workspace was changed by hand: fold and send what follows. */
  readonly wake: (workspaceId: string) => void;
}

/** Every route of the server. All but health, signed webhooks and OAuth callbacks want a token of a workspace. */
export function createApp(options: AppOptions): OpenAPIHono {
  const { waymark, slack } = options;
  const app = new OpenAPIHono();
  app.use(secureHeaders({ referrerPolicy: 'no-referrer' }));
  app.onError((error, c) => {
    waymark.log.error({ err: error, path: new URL(c.req.url).pathname }, 'a request failed');
    // Class 53 of PostgreSQL: no room on the disk, no memory, no connection. Nothing was kept; the sender is to come again (failure R12).
    if (errorCode(error)?.startsWith('53')) {
      c.header('retry-after', '60');
      return c.json(
        { error: { code: 'NO_ROOM', message: 'The database has no room just now: try again later.' } },
        503,
      );
    }
    return c.json({ error: { code: 'FAILED', message: 'Something went wrong on our side; the log tells what.' } }, 500);
  });
  app.notFound((c) => c.json({ error: { code: 'NOT_FOUND', message: 'There is nothing at this address.' } }, 404));
  app.get('/healthz', (c) => c.json({ ok: true }));
  app.get('/readyz', async (c) =>
    (await options.ready().catch(() => false)) ? c.json({ ok: true }) : c.json({ ok: false }, 503),
  );
  if (slack) {
    app.get('/oauth/slack/start/:token', (c) => slack.start(c.req.raw));
    app.get('/oauth/slack/callback', (c) => slack.callback(c.req.raw));
    app.post('/slack/events', (c) => slack.events(c.req.raw));
  }
  app.route('/oauth', oauthRoutes(waymark, options.publicUrl));
  app.route('/webhooks', webhookRoutes(waymark, options.publicUrl, options.onHint));
  app.route('/', metricsRoutes(waymark));
  app.route('/', apiRoutes(waymark, { publicUrl: options.publicUrl, wake: options.wake }));
  app.route('/', statusRoutes(waymark, { publicUrl: options.publicUrl, wake: options.wake }));
  return app;
}
