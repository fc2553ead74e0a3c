import { Client } from '@hubspot/api-client';
import { RIG_APP, serveRig, type Rig } from '../front/rig.ts';
import type { HubSpotHandle } from './handle.ts';
import { createHubSpot, type HubSpotSeed } from './hubspot.ts';
import type { Caps } from './limits.ts';
import { createPortal } from './portal.ts';

/** Everything that a connector with write-back asks for. */
export const ALL_SCOPES = [
  'oauth',
  'crm.objects.companies.read',
  'crm.objects.companies.write',
  'crm.objects.contacts.read',
  'crm.objects.contacts.write',
  'crm.objects.deals.read',
  'crm.objects.feedback_submissions.read',
  'crm.objects.owners.read',
  'crm.schemas.companies.write',
  'sales-email-read',
  'tickets',
];

export const PORTAL = 501;
export const OTHER_PORTAL = 502;

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
  /** A value inside the answer by its path, such as `results.0.id`; undefined if it is not there. */
  at(path: string): unknown;
  /** The same as text. @throws Error if it is neither text nor number. */
  text(path: string): string;
}

export interface CrmRig extends Rig<HubSpotHandle> {
  /** A call through the real SDK with a token of the first portal, or with the one given. */
  call(method: string, path: string, body?: unknown, token?: string): Promise<Reply>;
  /** A token call through the real SDK. */
  form(path: string, fields: Readonly<Record<string, string>>): Promise<Reply>;
  token(scopes?: readonly string[], portalId?: number): string;
}

export interface RigOptions {
  readonly caps?: Caps;
  readonly seed?: HubSpotSeed;
  readonly file?: string;
  readonly autoConsent?: boolean;
}

/** Two empty portals behind a real server, for tests of this service. */
export async function startRig(options: RigOptions = {}): Promise<CrmRig> {
  const seed = options.seed ?? {
    portals: [PORTAL, OTHER_PORTAL].map((id) => createPortal({ id, name: `Portal ${id}`, domain: `p${id}.example` })),
  };
  const rig = await serveRig({
    name: 'hubspot',
    file: options.file,
    create: (now, onMutate) =>
      createHubSpot({
        caps: options.caps ?? 'generous',
        autoConsent: options.autoConsent ?? true,
        seed,
        now,
        onMutate,
      }),
    furnish: (made) => made.registerApp(RIG_APP),
  });
  const { handle, url } = rig;
  const token = (scopes: readonly string[] = ALL_SCOPES, portalId = handle.portalIds[0] ?? PORTAL): string =>
    handle.mint({ clientId: RIG_APP.clientId, portalId, scopes }).accessToken;
  const standing = token();
  return {
    ...rig,
    token,
    call: async (method, path, body, accessToken = standing) => {
      const client = new Client({ accessToken, basePath: url });
      return replyOf(await client.apiRequest({ method, path, ...(body === undefined ? {} : { body }) }));
    },
    form: async (path, fields) => {
      const client = new Client({ basePath: url });
      const request = { method: 'POST', path, defaultJson: false, authType: 'none', body: new URLSearchParams(fields) };
      return replyOf(await client.apiRequest(request));
    },
  };
}

function step(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  const at = (path: string): unknown => path.split('.').reduce(step, json);
  return {
    status: response.status,
    headers: response.headers,
    json,
    at,
    text: (path) => {
      const value = at(path);
      if (typeof value === 'string' || typeof value === 'number') return String(value);
      throw new Error(`No text at ${path} of ${text}`);
    },
  };
}
