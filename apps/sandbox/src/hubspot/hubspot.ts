import { defineEmulator, type EmulatorDefinition } from 'emulate';
import { z } from 'zod';
import { emptyOAuthState, OAuthServer } from '../front/oauth.ts';
import { RollingWindow } from '../front/rolling-window.ts';
import type { FaultBody } from '../front/serve.ts';
import type { HubSpotCore, HubSpotSettings } from './core.ts';
import { refusalResponse } from './gate.ts';
import { faultBody, tenantOf } from './fault-shape.ts';
import { HubSpotHandle } from './handle.ts';
import { CALL_LIMITS, type Caps } from './limits.ts';
import { takeToJournal } from './journal.ts';
import { PortalBook } from './portal-book.ts';
import { completePortal } from './portal.ts';
import { registerAccountRoutes } from './routes-account.ts';
import { ACCOUNT_HINTS, registerOAuthRoutes } from './routes-oauth.ts';
import { registerJournalRoutes } from './routes-journal.ts';
import { registerReadRoutes } from './routes-read.ts';
import { registerWriteRoutes } from './routes-write.ts';
import type { HubSpotState, Portal } from './state.ts';
import { WebhookSender } from './webhook-sender.ts';

/** What the service starts with. */
export interface HubSpotSeed {
  readonly portals: readonly Portal[];
}

export interface HubSpotOptions {
  readonly caps: Caps;
  readonly autoConsent: boolean;
  readonly seed: HubSpotSeed;
  readonly now: () => number;
  /** Network for webhooks; the global fetch without it. */
  readonly fetch?: typeof fetch;
  /** Whether a refresh gives a new refresh token and voids the old one; HubSpot does not say, so it does not. */
  readonly rotatingRefresh?: boolean;
  /** Told after every change that did not come over HTTP, so that a journal can be written. */
  readonly onMutate?: () => void;
}

export interface HubSpotService {
  readonly definition: EmulatorDefinition<HubSpotState>;
  readonly handle: HubSpotHandle;
  /** How the front shapes faults for HubSpot, and where it finds the live state. */
  readonly front: {
    readonly faultBody: FaultBody;
    readonly tenantOf: (request: Request) => string | undefined;
    readonly state: () => HubSpotState;
  };
}

/** Access tokens are longer than 300 characters: https://developers.hubspot.com/changelog/access-token-size-increase */
const ACCESS_PREFIX = `CPj${'aW5jcmVhc2VkLXRva2VuLXNpemUt'.repeat(10)}-`;
const ACCESS_TTL_SECONDS = 1800;
const UNKNOWN_PATHS_KEPT = 1000;

const stateSchema = z.object({
  oauth: z.looseObject({
    apps: z.record(z.string(), z.unknown()),
    access: z.record(z.string(), z.unknown()),
    refresh: z.record(z.string(), z.unknown()),
  }),
  apps: z.record(z.string(), z.looseObject({ clientId: z.string(), appId: z.number() })),
  portals: z.record(z.string(), z.looseObject({ id: z.number(), objects: z.looseObject({ companies: z.unknown() }) })),
  writes: z.array(z.unknown()),
  outbox: z.array(z.unknown()),
  counters: z.object({ event: z.number(), app: z.number(), correlation: z.number() }),
  unknownPaths: z.array(z.string()),
});

function isState(value: unknown): value is HubSpotState {
  return stateSchema.safeParse(value).success;
}

/** Checks the outline of a kept state. @throws TypeError that names what is wrong. */
function validateState(value: unknown): HubSpotState {
  if (isState(value)) {
    for (const portal of Object.values(value.portals)) completePortal(portal);
    return value;
  }
  throw new TypeError(
    `Not a state of the HubSpot sandbox: ${z.prettifyError(stateSchema.safeParse(value).error ?? new z.ZodError([]))}`,
  );
}

function initialState(seed: HubSpotSeed): HubSpotState {
  return {
    oauth: emptyOAuthState(),
    apps: {},
    portals: Object.fromEntries(seed.portals.map((portal) => [String(portal.id), portal])),
    writes: [],
    outbox: [],
    counters: { event: 0, app: 0, correlation: 0 },
    unknownPaths: [],
  };
}

/** Makes the HubSpot service: a definition for `createEmulator` and the handle by which tests and live mode act in the CRM. */
export function createHubSpot(options: HubSpotOptions): HubSpotService {
  const settings: HubSpotSettings = {
    limits: { ...CALL_LIMITS[options.caps] },
    searchLagMs: 0,
    webhookDelayMs: 100,
    webhookRetryMs: 2000,
    webhookMischief: { repeat: 0, reorder: false, drop: 0 },
    batchErrors: 'multi-status',
    refusedWrites: new Map(),
    ungrantableScopes: new Set(),
  };
  const windows = new RollingWindow({ now: options.now });
  const handle = new HubSpotHandle({
    settings,
    windows,
    now: options.now,
    onMutate: options.onMutate ?? (() => undefined),
  });

  const definition = defineEmulator<HubSpotState>({
    name: 'hubspot',
    stateVersion: 1,
    state: () => initialState(options.seed),
    validateSeed: validateState,
    cors: false,
    setup({ app, state, baseUrl, onDispose }) {
      const sender = new WebhookSender({ state, settings, now: options.now, fetch: options.fetch ?? fetch });
      onDispose(() => sender.close());
      const books = new Map<number, PortalBook>();
      const oauth = new OAuthServer({
        state: () => state.oauth,
        now: options.now,
        subjects: () =>
          Object.values(state.portals).map((portal) => ({
            id: String(portal.id),
            label: `${portal.name} (${portal.id})`,
          })),
        autoConsent: options.autoConsent,
        hintParams: ACCOUNT_HINTS,
        vendor: 'HubSpot',
        authorizePath: '/oauth/authorize',
        accessTtlSeconds: ACCESS_TTL_SECONDS,
        rotating: options.rotatingRefresh ?? false,
        accessPrefix: ACCESS_PREFIX,
        refreshPrefix: 'eu1-',
      });
      const core: HubSpotCore = {
        state,
        settings,
        oauth,
        windows,
        now: options.now,
        baseUrl,
        book(portalId) {
          let book = books.get(portalId);
          if (book === undefined) {
            const portal = state.portals[portalId];
            if (portal === undefined)
              throw new Error(`The sandbox has no HubSpot portal ${portalId}; add it through the handle.`);
            book = new PortalBook(portal, (change) => {
              takeToJournal(state, change, options.now());
              sender.enqueue(change);
            });
            books.set(portalId, book);
          }
          return book;
        },
      };
      handle.attach(core, sender);
      app.onError((error, c) => refusalResponse(core, error, c));
      app.notFound((c) => {
        if (state.unknownPaths.length < UNKNOWN_PATHS_KEPT) state.unknownPaths.push(`${c.req.method} ${c.req.path}`);
        return c.json({ status: 'error', message: 'resource not found', category: 'OBJECT_NOT_FOUND' }, 404);
      });
      registerOAuthRoutes(app, core, { autoConsent: options.autoConsent });
      registerReadRoutes(app, core);
      registerWriteRoutes(app, core);
      registerAccountRoutes(app, core);
      registerJournalRoutes(app, core);
    },
  });
  return {
    definition,
    handle,
    front: { faultBody, tenantOf: (request) => tenantOf(handle.state, request), state: () => handle.state },
  };
}
