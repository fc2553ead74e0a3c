import { RIG_APP, serveRig, type Rig } from '../front/rig.ts';
import type { SalesforceHandle } from './handle.ts';
import type { Caps } from './limits.ts';
import { createOrg, PROFILES } from './org.ts';
import { createSalesforce, type SalesforceSeed } from './salesforce.ts';

export const ORG = '00D5g0000000001EAA';
export const OTHER_ORG = '00D5g0000000002EAA';
export const ADMIN = 'admin@one.example';
export const MEMBER = 'member@one.example';
export const OTHER_ADMIN = 'admin@two.example';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

export interface OrgRig extends Rig<SalesforceHandle> {
  /** A call with the first administrator's token, or with the one given; a path without `/services` is below v66.0. */
  call(method: string, path: string, body?: unknown, token?: string): Promise<Reply>;
  query(soql: string, token?: string): Promise<Reply>;
  form(path: string, fields: Readonly<Record<string, string>>): Promise<Reply>;
  token(username?: string, scopes?: readonly string[]): string;
}

export interface RigOptions {
  readonly caps?: Caps;
  readonly seed?: SalesforceSeed;
  readonly file?: string;
  readonly autoConsent?: boolean;
}

/** Two empty orgs behind a real server, for tests of this service: the first with an administrator and a standard user. */
export async function startRig(options: RigOptions = {}): Promise<OrgRig> {
  const seed = options.seed ?? {
    orgs: [createOrg({ id: ORG, name: 'Org One' }), createOrg({ id: OTHER_ORG, name: 'Org Two' })],
  };
  const rig = await serveRig({
    name: 'salesforce',
    file: options.file,
    create: (now, onMutate) =>
      createSalesforce({
        caps: options.caps ?? 'generous',
        autoConsent: options.autoConsent ?? true,
        seed,
        now,
        onMutate,
      }),
    furnish: (made) => {
      made.registerApp(RIG_APP);
      if (options.seed !== undefined) return;
      made.addUser(ORG, { username: ADMIN, firstName: 'Ada', lastName: 'Admin' });
      made.addUser(ORG, { username: MEMBER, firstName: 'Mia', lastName: 'Member', profileId: PROFILES.standard });
      made.addUser(OTHER_ORG, { username: OTHER_ADMIN, lastName: 'Other' });
    },
  });
  const { handle, url } = rig;
  const first = (): string => String(handle.book(handle.orgIds[0] ?? ORG).rows('User')[0]?.['Username']);
  const token = (username = first(), scopes?: readonly string[]): string =>
    handle.mint({ clientId: RIG_APP.clientId, username, ...(scopes === undefined ? {} : { scopes }) }).accessToken;
  let standing = token();
  const call: OrgRig['call'] = async (method, path, body, accessToken = standing) => {
    const target = path.startsWith('/services') || path.startsWith('/id/') ? path : `/services/data/v66.0${path}`;
    const response = await fetch(`${url}${target}`, {
      method,
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return replyOf(response);
  };
  return {
    ...rig,
    token,
    call,
    query: (soql, accessToken) => call('GET', `/query?q=${encodeURIComponent(soql)}`, undefined, accessToken),
    form: async (path, fields) =>
      replyOf(await fetch(`${url}${path}`, { method: 'POST', body: new URLSearchParams(fields) })),
    reset: async () => {
      await rig.reset();
      standing = token();
    },
  };
}

async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  const json: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, json };
}
