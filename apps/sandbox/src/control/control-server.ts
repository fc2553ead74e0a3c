import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { z } from 'zod';
import type { Stack } from '../company/stack.ts';
import type { Story, Vendor } from '../company/world.ts';
import { faultSpecSchema } from '../front/faults.ts';
import { actSchema, appRegistrationSchema, type RunningService, UnknownActError } from './service.ts';

export interface ControlOptions {
  readonly services: readonly RunningService[];
  readonly manifest: readonly Story[];
  /** The sample company: its domains, time zone and people. */
  readonly company: Vendor;
  /** Which part of it lives where. */
  readonly stack: Stack;
  readonly status: () => Record<string, unknown>;
  readonly live: {
    readonly turn: (on: boolean) => void;
    /** One step now; resolves with what happened, in a line each. */
    readonly tick: () => Promise<readonly string[]>;
  };
  readonly port?: number | undefined;
}

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

const body = (c: Context): Promise<unknown> =>
  c.req.text().then((text): unknown => JSON.parse(text === '' ? '{}' : text));

function app(options: ControlOptions): Hono {
  const control = new Hono();
  const named = new Map(options.services.map((service) => [String(service.name), service]));
  const withService = async (
    c: Context,
    answer: (service: RunningService) => Response | Promise<Response>,
  ): Promise<Response> => {
    const service = named.get(c.req.param('service') ?? '');
    return service ? answer(service) : c.json({ error: 'unknown_service', services: [...named.keys()] }, 404);
  };

  // A web page of elsewhere that has its name point at loopback must not steer the sandbox.
  control.use('*', async (c, next) => {
    if (!LOOPBACK.test(c.req.header('host') ?? '')) return c.json({ error: 'loopback_only' }, 403);
    return next();
  });
  control.onError((error, c) => {
    if (error instanceof z.ZodError) return c.json({ error: 'invalid_request', message: z.prettifyError(error) }, 400);
    if (error instanceof SyntaxError || error instanceof UnknownActError)
      return c.json({ error: 'invalid_request', message: error.message }, 400);
    return c.json({ error: 'failed', message: error.message }, 500);
  });
  control.notFound((c) => c.json({ error: 'not_found' }, 404));

  control.get('/status', (c) =>
    c.json({
      ...options.status(),
      services: Object.fromEntries(
        options.services.map((service) => [
          service.name,
          {
            url: service.url,
            apps: service.apps(),
            faults: service.faults.list(),
            unknownPaths: service.unknownPaths(),
          },
        ]),
      ),
    }),
  );
  control.get('/manifest', (c) => c.json(options.manifest));
  control.get('/company', (c) => c.json(options.company));
  control.get('/stack', (c) => c.json(options.stack));
  control.post('/live', async (c) => {
    const { on } = z.strictObject({ on: z.boolean() }).parse(await body(c));
    options.live.turn(on);
    return c.json({ on });
  });
  control.post('/tick', async (c) => c.json({ happened: await options.live.tick() }));
  control.get('/:service/faults', (c) => withService(c, ({ faults }) => c.json(faults.list())));
  control.post('/:service/faults', (c) =>
    withService(c, async ({ faults }) => c.json({ id: faults.add(faultSpecSchema.parse(await body(c))) }, 201)),
  );
  control.delete('/:service/faults', (c) =>
    withService(c, ({ faults }) => {
      faults.clear();
      return c.body(null, 204);
    }),
  );
  control.delete('/:service/faults/:id', (c) =>
    withService(c, ({ faults }) => {
      faults.clear(Number(c.req.param('id')));
      return c.body(null, 204);
    }),
  );
  control.post('/:service/apps', (c) =>
    withService(c, async (service) => {
      const registration = appRegistrationSchema.parse(await body(c));
      service.registerApp(registration);
      return c.json({ clientId: registration.clientId });
    }),
  );
  control.post('/:service/acts', (c) =>
    withService(c, async (service) => {
      service.act(actSchema.parse(await body(c)));
      return c.body(null, 204);
    }),
  );
  control.get('/:service/peak', (c) => withService(c, (service) => c.json(service.peak())));
  return control;
}

export interface ControlServer {
  readonly url: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Serves the control interface on 127.0.0.1, on the wanted port or, where that is taken, on a free one. */
export async function serveControl(options: ControlOptions): Promise<ControlServer> {
  const server = createServer(getRequestListener(app(options).fetch));
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen(options.port ?? 0).catch((error: unknown) => {
    const taken = error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
    if (!taken || options.port === undefined) throw error;
    return listen(0);
  });
  const bound: AddressInfo | string | null = server.address();
  if (bound === null || typeof bound === 'string')
    throw new Error('The control server has no port; is the address in use?');
  return {
    url: `http://127.0.0.1:${bound.port}`,
    port: bound.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
