import { defineEmulator, type EmulatorDefinition } from 'emulate';
import { z } from 'zod';
import { emptyOAuthState, OAuthServer } from '../front/oauth.ts';
import { RollingWindow } from '../front/rolling-window.ts';
import type { FaultBody } from '../front/serve.ts';
import type { ZendeskCore, ZendeskSettings } from './core.ts';
import { faultBody, tenantOf } from './fault-shape.ts';
import { refusalResponse } from './gate.ts';
import { ZendeskHandle } from './handle.ts';
import { CALL_LIMITS, MINUTE, type Caps } from './limits.ts';
import { registerExportRoutes } from './routes-export.ts';
import { ACCOUNT_HINTS, registerOAuthRoutes } from './routes-oauth.ts';
import { registerReadRoutes } from './routes-read.ts';
import { registerWebhookRoutes } from './routes-webhook.ts';
import type { ZendeskAccount, ZendeskState } from './state.ts';
import { WebhookSender } from './webhook-sender.ts';

/** What the service starts with. */
export interface ZendeskSeed {
  readonly accounts: readonly ZendeskAccount[];
}

export interface ZendeskOptions {
  readonly caps: Caps;
  readonly autoConsent: boolean;
  readonly seed: ZendeskSeed;
  readonly now: () => number;
  /** Network for webhooks; the global fetch without it. */
  readonly fetch?: typeof fetch;
  /** Told after every change that did not come over HTTP, so that a journal can be written. */
  readonly onMutate?: () => void;
}

export interface ZendeskService {
  readonly definition: EmulatorDefinition<ZendeskState>;
  readonly handle: ZendeskHandle;
  /** How the front shapes faults for Zendesk, and where it finds the live state. */
  readonly front: {
    readonly faultBody: FaultBody;
    readonly tenantOf: (request: Request) => string | undefined;
    readonly state: () => ZendeskState;
  };
}

const ACCESS_TTL_SECONDS = 1800;
const UNKNOWN_PATHS_KEPT = 1000;
/** The largest page of the time export. */
const ORGANIZATION_PAGE = 1000;

const stateSchema = z.object({
  oauth: z.looseObject({ apps: z.record(z.string(), z.unknown()), refresh: z.record(z.string(), z.unknown()) }),
  refreshUntil: z.record(z.string(), z.number()),
  accounts: z.record(z.string(), z.looseObject({ subdomain: z.string(), tickets: z.unknown(), nextId: z.number() })),
  outbox: z.array(z.unknown()),
  counters: z.object({ notice: z.number() }),
  unknownPaths: z.array(z.string()),
});

function isState(value: unknown): value is ZendeskState {
  return stateSchema.safeParse(value).success;
}

/** Checks the outline of a kept state. @throws TypeError that names what is wrong. */
function validateState(value: unknown): ZendeskState {
  if (isState(value)) return value;
  throw new TypeError(
    `Not a state of the Zendesk sandbox: ${z.prettifyError(stateSchema.safeParse(value).error ?? new z.ZodError([]))}`,
  );
}

function initialState(seed: ZendeskSeed): ZendeskState {
  return {
    oauth: emptyOAuthState(),
    refreshUntil: {},
    accounts: Object.fromEntries(seed.accounts.map((account) => [account.subdomain, structuredClone(account)])),
    outbox: [],
    counters: { notice: 0 },
    unknownPaths: [],
  };
}

/**
 * Makes the Zendesk service: a definition for `createEmulator` and the handle by which tests and live mode act in the help desks. All of
 * them answer at one address; which one a call is for is told by its token.
 */
export function createZendesk(options: ZendeskOptions): ZendeskService {
  const settings: ZendeskSettings = {
    limits: { ...CALL_LIMITS[options.caps] },
    exportLagMs: MINUTE,
    exportsNeverEnd: false,
    organizationPage: ORGANIZATION_PAGE,
    webhookDelayMs: 100,
    webhookRetryMs: 2000,
    webhookMischief: { repeat: 0, reorder: false, drop: 0 },
  };
  const windows = new RollingWindow({ now: options.now });
  const handle = new ZendeskHandle({ settings, windows, onMutate: options.onMutate ?? (() => undefined) });

  const definition = defineEmulator<ZendeskState>({
    name: 'zendesk',
    stateVersion: 1,
    state: () => initialState(options.seed),
    validateSeed: validateState,
    cors: false,
    setup({ app, state, onDispose }) {
      const sender = new WebhookSender({ state, settings, now: options.now, fetch: options.fetch ?? fetch });
      onDispose(() => sender.close());
      const oauth = new OAuthServer({
        state: () => state.oauth,
        now: options.now,
        subjects: () =>
          Object.values(state.accounts).map(({ subdomain, name }) => ({
            id: subdomain,
            label: `${name} (${subdomain}.zendesk.com)`,
          })),
        autoConsent: options.autoConsent,
        hintParams: ACCOUNT_HINTS,
        vendor: 'Zendesk',
        authorizePath: '/oauth/authorizations/new',
        accessTtlSeconds: ACCESS_TTL_SECONDS,
        rotating: true,
        partialConsent: false,
      });
      const core: ZendeskCore = {
        state,
        settings,
        oauth,
        windows,
        now: options.now,
        account(subdomain) {
          const account = state.accounts[subdomain];
          if (account === undefined) throw new Error(`The sandbox has no help desk ${subdomain}.`);
          return account;
        },
      };
      handle.attach(core, sender);
      app.onError((error, c) => refusalResponse(error, c));
      app.notFound((c) => {
        if (state.unknownPaths.length < UNKNOWN_PATHS_KEPT) state.unknownPaths.push(`${c.req.method} ${c.req.path}`);
        return c.json({ error: 'InvalidEndpoint', description: 'Not found' }, 404);
      });
      registerOAuthRoutes(app, core, { autoConsent: options.autoConsent });
      registerExportRoutes(app, core);
      registerReadRoutes(app, core);
      registerWebhookRoutes(app, core);
    },
  });
  return {
    definition,
    handle,
    front: { faultBody, tenantOf: (request) => tenantOf(handle.state, request), state: () => handle.state },
  };
}
