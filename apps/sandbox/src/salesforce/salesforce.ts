import { defineEmulator, type EmulatorDefinition } from 'emulate';
import { z } from 'zod';
import { emptyOAuthState, OAuthServer } from '../front/oauth.ts';
import { RollingWindow } from '../front/rolling-window.ts';
import type { FaultBody } from '../front/serve.ts';
import type { SalesforceCore, SalesforceSettings } from './core.ts';
import { faultBody, tenantOf } from './fault-shape.ts';
import { refusalResponse } from './gate.ts';
import { SalesforceHandle } from './handle.ts';
import { DAILY_CALLS, DAY, type Caps } from './limits.ts';
import { LocatorShelf } from './locator.ts';
import { OrgBook } from './org-book.ts';
import { registerBulkRoutes } from './routes-bulk.ts';
import { registerCollectionRoutes } from './routes-collections.ts';
import { registerOAuthRoutes, USER_HINTS } from './routes-oauth.ts';
import { registerObjectRoutes } from './routes-objects.ts';
import { registerQueryRoutes } from './routes-query.ts';
import { registerToolingRoutes } from './routes-tooling.ts';
import type { Org, SalesforceState, SObject } from './state.ts';

/** What the service starts with. */
export interface SalesforceSeed {
  readonly orgs: readonly Org[];
}

export interface SalesforceOptions {
  readonly caps: Caps;
  readonly autoConsent: boolean;
  readonly seed: SalesforceSeed;
  readonly now: () => number;
  /** Told after every change that did not come over HTTP, so that a journal can be written. */
  readonly onMutate?: () => void;
}

export interface SalesforceService {
  readonly definition: EmulatorDefinition<SalesforceState>;
  readonly handle: SalesforceHandle;
  /** How the front shapes faults for Salesforce, and where it finds the live state. */
  readonly front: {
    readonly faultBody: FaultBody;
    readonly tenantOf: (request: Request) => string | undefined;
    readonly state: () => SalesforceState;
  };
}

const UNKNOWN_PATHS_KEPT = 1000;
const KNOWN_SCOPES = ['api', 'refresh_token', 'offline_access', 'id', 'openid', 'profile', 'email', 'full', 'web'];

const stateSchema = z.object({
  oauth: z.looseObject({
    apps: z.record(z.string(), z.unknown()),
    access: z.record(z.string(), z.unknown()),
    refresh: z.record(z.string(), z.unknown()),
  }),
  orgs: z.record(z.string(), z.looseObject({ id: z.string(), objects: z.looseObject({ Account: z.unknown() }) })),
  jobs: z.record(z.string(), z.unknown()),
  writes: z.array(z.unknown()),
  counters: z.object({ job: z.number(), locator: z.number(), error: z.number() }),
  unknownPaths: z.array(z.string()),
});

function isState(value: unknown): value is SalesforceState {
  return stateSchema.safeParse(value).success;
}

/** Checks the outline of a kept state. @throws TypeError that names what is wrong. */
function validateState(value: unknown): SalesforceState {
  if (isState(value)) return value;
  const { error } = stateSchema.safeParse(value);
  throw new TypeError(`Not a state of the Salesforce sandbox: ${z.prettifyError(error ?? new z.ZodError([]))}`);
}

function initialState(seed: SalesforceSeed): SalesforceState {
  return {
    oauth: emptyOAuthState(),
    orgs: Object.fromEntries(seed.orgs.map((org) => [org.id, org])),
    jobs: {},
    writes: [],
    counters: { job: 0, locator: 0, error: 0 },
    unknownPaths: [],
  };
}

function activeUsers(state: SalesforceState): { readonly org: Org; readonly user: SObject }[] {
  return Object.values(state.orgs).flatMap((org) =>
    Object.values(org.records['User'] ?? {})
      .filter((user) => user['IsActive'] === true && user['UserType'] === 'Standard')
      .map((user) => ({ org, user })),
  );
}

/** Makes the Salesforce service: a definition for `createEmulator` and the handle by which tests and live mode act in the orgs. */
export function createSalesforce(options: SalesforceOptions): SalesforceService {
  const { now } = options;
  const settings: SalesforceSettings = {
    dailyCalls: DAILY_CALLS[options.caps],
    dailyCallsOf: new Map(),
    batchSize: 2000,
    rotatingRefresh: true,
    sessionSeconds: 7200,
    pkceRequired: true,
    newFieldsVisible: false,
    toolingRefusal: 'access',
    bulkDelayMs: 50,
    bulkRefused: false,
    bulkFailure: undefined,
    bulkPageSize: 50_000,
    apiDisabled: new Set(),
    refusedWrites: new Map(),
  };
  const windows = new RollingWindow({ now, retainMs: DAY });
  const handle = new SalesforceHandle({ settings, windows, now, onMutate: options.onMutate ?? (() => undefined) });

  const definition = defineEmulator<SalesforceState>({
    name: 'salesforce',
    stateVersion: 1,
    state: () => initialState(options.seed),
    validateSeed: validateState,
    cors: false,
    setup({ app, state, baseUrl }) {
      const books = new Map<string, OrgBook>();
      const oauth = new OAuthServer({
        state: () => state.oauth,
        now,
        subjects: () =>
          activeUsers(state).map(({ org, user }) => ({
            id: String(user['Username']),
            label: `${String(user['Name'])} at ${org.name}`,
          })),
        autoConsent: options.autoConsent,
        hintParams: USER_HINTS,
        vendor: 'Salesforce',
        authorizePath: '/services/oauth2/authorize',
        // Both are settings that an administrator may change while the org runs.
        get accessTtlSeconds() {
          return settings.sessionSeconds;
        },
        get rotating() {
          return settings.rotatingRefresh;
        },
        issuesRefresh: (request) => /refresh_token|offline_access|full/.test(request.get('scope') ?? ''),
        knownScopes: KNOWN_SCOPES,
        partialConsent: false,
        accessPrefix: '00D5g000004Smpl!AQ',
        refreshPrefix: '5Aep861',
      });
      const core: SalesforceCore = {
        state,
        settings,
        oauth,
        windows,
        locators: new LocatorShelf(),
        bulkRows: new Map(),
        now,
        baseUrl,
        book(orgId) {
          const org = state.orgs[orgId];
          if (org === undefined)
            throw new Error(`The sandbox has no Salesforce org ${orgId}; add it through the handle.`);
          const known = books.get(orgId);
          if (known !== undefined) return known;
          const book = new OrgBook(org);
          books.set(orgId, book);
          return book;
        },
        userOf(subject) {
          const found = activeUsers(state).find(({ user }) => user['Username'] === subject);
          return found === undefined ? undefined : { book: core.book(found.org.id), user: found.user };
        },
      };
      handle.attach(core);
      app.onError((error, c) => refusalResponse(core, error, c));
      app.notFound((c) => {
        if (state.unknownPaths.length < UNKNOWN_PATHS_KEPT) state.unknownPaths.push(`${c.req.method} ${c.req.path}`);
        return c.json([{ errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }], 404);
      });
      const firstUser = (): string | undefined => {
        const username = activeUsers(state)[0]?.user['Username'];
        return typeof username === 'string' ? username : undefined;
      };
      registerOAuthRoutes(app, core, { autoConsent: options.autoConsent, firstUser });
      registerQueryRoutes(app, core);
      registerObjectRoutes(app, core);
      registerCollectionRoutes(app, core);
      registerBulkRoutes(app, core);
      registerToolingRoutes(app, core);
    },
  });
  return {
    definition,
    handle,
    front: { faultBody, tenantOf: (request) => tenantOf(handle.state, request), state: () => handle.state },
  };
}
