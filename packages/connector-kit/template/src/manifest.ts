import type { Manifest } from '@waymark/connector-kit';

/** The vendor's pages that the rest rests on: one place to look when they change. */
export const docs = {
  limits: 'https://developers.example-desk.example/rate-limits',
  tickets: 'https://developers.example-desk.example/tickets',
  account: 'https://developers.example-desk.example/account',
} as const;

/** Example Desk as data. */
export const manifest: Manifest = {
  id: 'example-desk',
  name: 'Example Desk',
  crm: false,
  auth: {
    kind: 'oauth2',
    provider: 'example-desk',
    authorizeBase: 'app',
    authorizePath: '/oauth/authorize',
    tokenBase: 'api',
    tokenPath: '/oauth/token',
    pkce: true,
    authorizeParams: {},
    scopeSeparator: ' ',
  },
  baseUrls: { app: 'https://app.example-desk.example', api: 'https://api.example-desk.example' },
  baseScopes: ['account:read'],
  buckets: {
    // Half of what the vendor allows: the account's other apps draw from the same budget.
    api: { units: 100, windowMs: 60_000, concurrency: 2, source: docs.limits },
  },
  consoleSteps: [
    'Create an OAuth app in the settings of your Example Desk account.',
    'Set {redirectUri} as redirect URL, exactly as written.',
    'Allow the scopes that are named below, and no others.',
    'Copy the client id and the client secret.',
  ],
};
