import { OAuth2Client } from 'google-auth-library';
import { createEmulator } from 'emulate';
import { calendar } from 'googleapis/build/src/apis/calendar/index.js';
import { gmail } from 'googleapis/build/src/apis/gmail/index.js';
import { Journal } from '../front/journal.ts';
import { serveEmulator, type Served } from '../front/serve.ts';
import { createGoogle, type Google, type GoogleHandle, type GoogleOptions } from './google.ts';
import { googleScopes } from './scopes.ts';
import type { GoogleState } from './state.ts';

/** A Google on loopback for a test, with the vendor's own SDK pointed at it. */
export interface GoogleFixture {
  readonly served: Served<GoogleState>;
  readonly url: string;
  readonly handle: GoogleHandle;
  readonly clock: { now: number };
  close(): Promise<void>;
  /** An SDK client for a user with a minted token; retries of the SDK are off. */
  client(
    user: string,
    scopes?: readonly string[],
  ): { gmail: ReturnType<typeof gmail>; calendar: ReturnType<typeof calendar> };
  oauthClient(): OAuth2Client;
  withToken(accessToken: string): { gmail: ReturnType<typeof gmail>; calendar: ReturnType<typeof calendar> };
}

export const app = {
  clientId: 'waymark-app',
  clientSecret: 'app-secret',
  redirectUris: ['http://127.0.0.1:7777/callback'],
};
export const ana = 'ana@vendor.example';
export const ben = 'ben@vendor.example';

export const startGoogle = async (
  options: Partial<GoogleOptions> & { readonly journalFile?: string; readonly clock?: { now: number } } = {},
): Promise<GoogleFixture> => {
  const clock = options.clock ?? { now: Date.UTC(2026, 9, 1, 9) };
  const journal = new Journal<GoogleState>({ file: options.journalFile, delayMs: 10 });
  const kept = await journal.load();
  const google: Google = createGoogle({ caps: 'vendor', autoConsent: true, now: () => clock.now, ...options });
  const served = await serveEmulator<GoogleState>({
    name: 'google',
    create: (baseUrl) =>
      createEmulator({ service: google.definition, listen: false, baseUrl, ...(kept ? { seed: kept } : {}) }),
    faultBody: google.faultBody,
    tenantOf: google.tenantOf,
    journal,
    state: google.handle.state,
  });
  const { handle } = google;
  if (!kept) {
    handle.registerApp(app);
    handle.addUser({ email: ana, name: 'Ana Ruiz', timeZone: 'Europe/Madrid' });
    handle.addUser({ email: ben, name: 'Ben Ode' });
  }
  const withToken = (accessToken: string) => {
    const auth = new OAuth2Client();
    auth.setCredentials({ access_token: accessToken });
    const shared = { rootUrl: `${served.url}/`, auth, retry: false };
    return { gmail: gmail({ version: 'v1', ...shared }), calendar: calendar({ version: 'v3', ...shared }) };
  };
  return {
    served,
    url: served.url,
    handle,
    clock,
    close: () => served.close(),
    withToken,
    client: (user, scopes = [googleScopes.gmailReadonly, googleScopes.calendarReadonly]) =>
      withToken(handle.oauth.mint({ clientId: app.clientId, subject: user, scopes }).accessToken),
    oauthClient: () =>
      new OAuth2Client({
        clientId: app.clientId,
        clientSecret: app.clientSecret,
        redirectUri: app.redirectUris[0] ?? '',
        endpoints: {
          oauth2AuthBaseUrl: `${served.url}/o/oauth2/v2/auth`,
          oauth2TokenUrl: `${served.url}/token`,
          oauth2RevokeUrl: `${served.url}/revoke`,
          tokenInfoUrl: `${served.url}/tokeninfo`,
        },
      }),
  };
};

/** What an SDK call fails with: status and Google's reason. */
export const refusal = async (call: Promise<unknown>): Promise<{ status: unknown; reason: unknown }> => {
  try {
    await call;
  } catch (error) {
    const status: unknown = error instanceof Error ? Reflect.get(error, 'status') : undefined;
    const data: unknown = error instanceof Error && 'response' in error ? error.response : undefined;
    const body = typeof data === 'object' && data !== null ? JSON.stringify(Reflect.get(data, 'data')) : '';
    return { status, reason: /"reason":"(\w+)"/u.exec(body)?.[1] ?? /"error":"(\w+)"/u.exec(body)?.[1] };
  }
  throw new Error('The call succeeded; a refusal was expected.');
};
