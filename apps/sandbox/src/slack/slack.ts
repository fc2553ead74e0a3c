import { defineEmulator, type EmulatorDefinition } from 'emulate';
import type { FaultBody } from '../front/serve.ts';
import { RollingWindow } from '../front/rolling-window.ts';
import { Arguments, Meter, type Call, type Method } from './call.ts';
import { Deliveries } from './deliveries.ts';
import { EventSource } from './event-source.ts';
import { SlackHandle, type Generation } from './handle.ts';
import type { InteractionContext } from './interaction-context.ts';
import { authMethods } from './methods/auth.ts';
import { chatMethods } from './methods/chat.ts';
import { conversationMethods } from './methods/conversations.ts';
import { peopleMethods } from './methods/people.ts';
import { viewMethods } from './methods/views.ts';
import { serveOAuth } from './oauth.ts';
import { servePage } from './page/page-routes.ts';
import { People } from './people.ts';
import { serveResponseUrls } from './response-url.ts';
import { stateFromSeed, type SlackSeed } from './seed.ts';
import { slackStateSchema, type SlackState, type Token } from './state.ts';
import { serveWebApi } from './web-api.ts';
import { Workspace } from './workspace.ts';

export interface SlackOptions {
  /** `vendor` refuses with 429 beyond Slack's caps, `generous` counts only. */
  readonly caps: 'vendor' | 'generous';
  /** True: `/oauth/v2/authorize` redirects at once, without its page. */
  readonly autoConsent: boolean;
  readonly seed: SlackSeed;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The Slack service: what to serve, and the handle by which tests and live mode act in it. */
export interface SlackService {
  readonly definition: EmulatorDefinition<SlackState>;
  readonly handle: SlackHandle;
  /** How the front shapes faults for Slack. */
  readonly front: {
    readonly faultBody: FaultBody;
    readonly tenantOf: (request: Request) => string | undefined;
    readonly exempt: RegExp;
    readonly state: () => SlackState;
  };
}

/** Makes the Slack service: Web API, OAuth, signed requests to apps, and the page at `/`. */
export function createSlack(options: SlackOptions): SlackService {
  const handle = new SlackHandle(new RollingWindow({ now: options.now }));
  const definition = defineEmulator<SlackState>({
    name: 'slack',
    stateVersion: 1,
    state: () => stateFromSeed(options.seed),
    validateSeed: (value) => slackStateSchema.parse(value),
    // A page of another origin has no business here.
    cors: false,
    setup({ app, state, baseUrl, signal }) {
      const workspace = new Workspace(state, options.now);
      const deliveries = new Deliveries(workspace, signal);
      const events = new EventSource(workspace, deliveries);
      const people = new People(workspace, events);
      const meter = new Meter(handle.window, options.caps);
      const methods = new Map<string, Method>(
        Object.entries({
          ...authMethods((team, id) => events.uninstall(team, id, 'token_revoked')),
          ...chatMethods,
          ...conversationMethods,
          ...peopleMethods,
          ...viewMethods,
        }),
      );
      const callAs = (token: Token): Call => ({ workspace, token, meter, origin: baseUrl, args: new Arguments({}) });
      const context: InteractionContext = { workspace, deliveries, origin: baseUrl, callAs, suggestions: new Map() };
      const generation: Generation = { workspace, deliveries, events, people, context };
      handle.bind(generation);

      serveOAuth(app, workspace, options.autoConsent);
      serveWebApi(app, {
        workspace,
        meter,
        methods,
        origin: baseUrl,
        onUnknown: (path) => handle.unknownPaths.push(path),
      });
      serveResponseUrls(app, context);
      servePage(app, { ...generation, origin: baseUrl, signal });
      app.notFound((c) => {
        handle.unknownPaths.push(c.req.path);
        return c.json({ ok: false, error: 'not_found' }, 404);
      });
      app.onError((error, c) => {
        handle.brokenCalls.push(`${c.req.method} ${c.req.path}: ${String(error)}`);
        return c.json({ ok: false, error: 'sandbox_broken', message: String(error) }, 599);
      });
    },
  });
  return {
    definition,
    handle,
    front: { faultBody, tenantOf, exempt: /^\/(sandbox\/|$|\?)/u, state: () => handle.workspace.state },
  };
}

/** Slack answers most refusals with 200; see https://docs.slack.dev/apis/web-api/rate-limits for 429. */
const faultBody: FaultBody = (kind) => {
  switch (kind) {
    case 'unauthorized':
      return { status: 200, body: { ok: false, error: 'invalid_auth' } };
    case 'too-many':
      return { status: 429, body: { ok: false, error: 'ratelimited' } };
    case 'server-error':
      return { status: 500, body: { ok: false, error: 'internal_error' } };
    default:
      return undefined;
  }
};

/** The team is part of our tokens. */
function tenantOf(request: Request): string | undefined {
  return /^Bearer xoxb-(T[A-Z0-9]+)-/i.exec(request.headers.get('authorization') ?? '')?.[1];
}
