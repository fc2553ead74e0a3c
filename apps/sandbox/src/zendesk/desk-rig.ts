import { createEmulator } from 'emulate';
import type { FaultPlan } from '../front/faults.ts';
import { Journal } from '../front/journal.ts';
import { serveEmulator } from '../front/serve.ts';
import { createAccount } from './account.ts';
import type { ZendeskHandle } from './handle.ts';
import type { Caps } from './limits.ts';
import type { ZendeskState } from './state.ts';
import { createZendesk, type ZendeskSeed } from './zendesk.ts';

export const RIG_APP = {
  clientId: 'rig-client',
  clientSecret: 'rig-secret',
  redirectUris: ['http://localhost:9/callback'],
} as const;

export const DESK = 'acme';
export const OTHER_DESK = 'globex';
export const ALL_SCOPES = ['read', 'webhooks:write'];

const DAY = 86_400_000;

export interface DeskRig {
  readonly url: string;
  readonly handle: ZendeskHandle;
  readonly faults: FaultPlan;
  /** The rig's clock: real time plus what a test adds. */
  readonly clock: { offset: number };
  now(): number;
  token(scopes?: readonly string[], subdomain?: string): string;
  /** A call with a token of the first help desk, or with the one given. */
  call(method: string, path: string, options?: { body?: unknown; token?: string | null }): Promise<Response>;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly caps?: Caps;
  readonly seed?: ZendeskSeed;
  readonly file?: string;
}

/** Two empty help desks behind a real server, for tests. */
export async function startRig(options: RigOptions = {}): Promise<DeskRig> {
  const clock = { offset: 0 };
  const now = (): number => Date.now() + clock.offset;
  const seed = options.seed ?? {
    accounts: [DESK, OTHER_DESK].map((subdomain) =>
      createAccount({
        subdomain,
        name: `Desk ${subdomain}`,
        since: now() - 400 * DAY,
        administrator: { name: 'Ada Admin', email: `ada@${subdomain}.example` },
      }),
    ),
  };
  const journal = new Journal<ZendeskState>({ file: options.file });
  const { definition, handle, front } = createZendesk({
    caps: options.caps ?? 'generous',
    autoConsent: true,
    seed,
    now,
    onMutate: () => journal.touch(),
  });
  const kept = await journal.load();
  const served = await serveEmulator({
    name: 'zendesk',
    create: (baseUrl) =>
      createEmulator({ service: definition, listen: false, baseUrl, ...(kept === undefined ? {} : { seed: kept }) }),
    journal,
    ...front,
  });
  if (kept === undefined) handle.registerApp(RIG_APP);
  const token = (scopes: readonly string[] = ALL_SCOPES, subdomain = handle.subdomains[0] ?? DESK): string =>
    handle.mint({ clientId: RIG_APP.clientId, subdomain, scopes }).accessToken;
  const standing = token();
  return {
    url: served.url,
    handle,
    faults: served.faults,
    clock,
    now,
    token,
    call: (method, path, { body, token: given } = {}) =>
      fetch(`${served.url}${path}`, {
        method,
        headers: {
          ...(given === null ? {} : { authorization: `Bearer ${given ?? standing}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    close: () => served.close(),
  };
}
