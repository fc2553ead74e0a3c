import { RIG_APP, serveRig, type Rig } from '../front/rig.ts';
import { createAccount } from './account.ts';
import type { ZendeskHandle } from './handle.ts';
import type { Caps } from './limits.ts';
import { createZendesk, type ZendeskSeed } from './zendesk.ts';

export const DESK = 'acme';
export const OTHER_DESK = 'globex';
export const ALL_SCOPES = ['read', 'webhooks:write'];

const DAY = 86_400_000;

export interface DeskRig extends Rig<ZendeskHandle> {
  token(scopes?: readonly string[], subdomain?: string): string;
  /** A call with a token of the first help desk, or with the one given. */
  call(method: string, path: string, options?: { body?: unknown; token?: string | null }): Promise<Response>;
}

export interface RigOptions {
  readonly caps?: Caps;
  readonly seed?: ZendeskSeed;
  readonly file?: string;
}

/** Two empty help desks behind a real server, for tests. */
export async function startRig(options: RigOptions = {}): Promise<DeskRig> {
  const rig = await serveRig({
    name: 'zendesk',
    file: options.file,
    create: (now, onMutate) =>
      createZendesk({
        caps: options.caps ?? 'generous',
        autoConsent: true,
        seed: options.seed ?? emptyDesks(now()),
        now,
        onMutate,
      }),
    furnish: (made) => made.registerApp(RIG_APP),
  });
  const { handle, url } = rig;
  const token = (scopes: readonly string[] = ALL_SCOPES, subdomain = handle.subdomains[0] ?? DESK): string =>
    handle.mint({ clientId: RIG_APP.clientId, subdomain, scopes }).accessToken;
  const standing = token();
  return {
    ...rig,
    token,
    call: (method, path, { body, token: given } = {}) =>
      fetch(`${url}${path}`, {
        method,
        headers: {
          ...(given === null ? {} : { authorization: `Bearer ${given ?? standing}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

function emptyDesks(now: number): ZendeskSeed {
  return {
    accounts: [DESK, OTHER_DESK].map((subdomain) =>
      createAccount({
        subdomain,
        name: `Desk ${subdomain}`,
        since: now - 400 * DAY,
        administrator: { name: 'Ada Admin', email: `ada@${subdomain}.example` },
      }),
    ),
  };
}
