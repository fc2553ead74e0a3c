import { createEmulator } from 'emulate';
import { Journal } from '../front/journal.ts';
import { serveEmulator, type Served } from '../front/serve.ts';
import { createMicrosoft, type MicrosoftHandle, type MicrosoftOptions } from './microsoft.ts';
import type { MicrosoftState } from './state.ts';

/** A Microsoft on loopback for a test: two tenants, three users. */
export interface MicrosoftFixture {
  readonly served: Served<MicrosoftState>;
  readonly url: string;
  readonly handle: MicrosoftHandle;
  readonly clock: { now: number };
  readonly tenants: { readonly first: string; readonly second: string };
  close(): Promise<void>;
  token(user: string, scopes?: readonly string[]): string;
  /** A call with a minted token; the path begins behind `/v1.0`, or is a whole link. */
  call(user: string, path: string, init?: RequestInit & { readonly prefer?: string }): Promise<Answer>;
  /** All rows of a round from a path or a link on, with the delta link at its end. */
  round(
    user: string,
    start: string,
    prefer?: string,
  ): Promise<{ readonly rows: Row[]; readonly link: string; readonly pages: number }>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Row;
}

export type Row = Readonly<Record<string, unknown>>;

export const app = {
  clientId: 'waymark-app',
  clientSecret: 'app-secret',
  redirectUris: ['http://127.0.0.1:7777/callback'],
};
export const ana = 'ana@vendor.example';
export const ben = 'ben@vendor.example';
export const cleo = 'cleo@other.example';

export const startMicrosoft = async (
  options: Partial<MicrosoftOptions> & { readonly journalFile?: string; readonly clock?: { now: number } } = {},
): Promise<MicrosoftFixture> => {
  const clock = options.clock ?? { now: Date.UTC(2026, 9, 1, 9) };
  const journal = new Journal<MicrosoftState>({ file: options.journalFile, delayMs: 10 });
  const kept = await journal.load();
  const microsoft = createMicrosoft({
    caps: 'vendor',
    autoConsent: true,
    now: () => clock.now,
    noticeDelayMs: 5,
    ...options,
  });
  const { handle } = microsoft;
  const served = await serveEmulator<MicrosoftState>({
    name: 'microsoft',
    create: (baseUrl) =>
      createEmulator({ service: microsoft.definition, listen: false, baseUrl, ...(kept ? { seed: kept } : {}) }),
    faultBody: microsoft.faultBody,
    tenantOf: microsoft.tenantOf,
    journal,
    state: handle.state,
  });
  const tenants = { first: handle.addTenant('vendor.example', 'Vendor'), second: handle.addTenant('other.example') };
  handle.registerApp(app);
  if (!kept) {
    handle.addUser({ upn: ana, tenantId: tenants.first, name: 'Ana Ruiz', timeZone: 'Europe/Madrid' });
    handle.addUser({ upn: ben, tenantId: tenants.first, name: 'Ben Ode' });
    handle.addUser({ upn: cleo, tenantId: tenants.second, name: 'Cleo Far' });
  }
  const token = (user: string, scopes: readonly string[] = ['User.Read', 'Mail.Read', 'Calendars.Read']): string =>
    handle.oauth.mint({ clientId: app.clientId, subject: user, scopes }).accessToken;
  const tokens = new Map<string, string>();
  const call: MicrosoftFixture['call'] = async (user, path, init = {}) => {
    const { prefer, ...rest } = init;
    const own = tokens.get(user) ?? token(user);
    tokens.set(user, own);
    const answer = await fetch(path.startsWith('http') ? path : `${served.url}/v1.0${path}`, {
      ...rest,
      headers: {
        authorization: `Bearer ${own}`,
        'content-type': 'application/json',
        ...(prefer === undefined ? {} : { prefer }),
      },
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: text.startsWith('{') ? asRow(JSON.parse(text)) : { text },
    };
  };
  return {
    served,
    url: served.url,
    handle,
    clock,
    tenants,
    close: () => served.close(),
    token,
    call,
    round: async (user, start, prefer = 'odata.maxpagesize=2, IdType="ImmutableId"') => {
      const rows: Row[] = [];
      let next = start;
      for (let pages = 1; ; pages += 1) {
        const { status, body } = await call(user, next, { prefer });
        if (status !== 200) throw new Error(`The round ended with ${status} ${errorCode(body)}.`);
        rows.push(...rowsOf(body));
        const link = body['@odata.deltaLink'];
        if (typeof link === 'string') return { rows, link, pages };
        next = String(body['@odata.nextLink']);
      }
    },
  };
};

const asRow = (value: unknown): Row => (typeof value === 'object' && value !== null ? { ...value } : {});

export const rowsOf = (body: Row): Row[] => {
  const { value } = body;
  return Array.isArray(value) ? value.map(asRow) : [];
};

/** Graph's own code of a refusal. */
export const errorCode = (body: Row): unknown => asRow(body['error'])['code'];
