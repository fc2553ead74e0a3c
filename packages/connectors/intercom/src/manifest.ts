import type { Manifest } from '@waymark/connector-kit';

/** The vendor's pages that the rest rests on. */
export const docs = {
  limits: 'https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting',
  search: 'https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/searchconversations',
  conversation:
    'https://developers.intercom.com/docs/references/rest-api/api.intercom.io/conversations/retrieveconversation',
  me: 'https://developers.intercom.com/docs/references/rest-api/api.intercom.io/admins/identifyadmin',
} as const;

/** Sent with every call: without it the app's own version answers, which an admin can change. */
export const API_VERSION = '2.14';

/** Permissions as the Developer Hub calls them; they are chosen there, not in the address of consent. */
export const READ = 'Read conversations';

/** Intercom as data. */
export const manifest: Manifest = {
  id: 'intercom',
  name: 'Intercom',
  crm: false,
  auth: {
    kind: 'oauth2',
    provider: 'intercom',
    authorizeBase: 'app',
    authorizePath: '/oauth',
    tokenBase: 'api',
    tokenPath: '/auth/eagle/token',
    revokeByHand: 'Take the grant back in Intercom: Settings, App Store, the app, Uninstall.',
    pkce: false,
    authorizeParams: {},
    scopeSeparator: ' ',
    parameters: {
      host: {
        label: 'API host of your region',
        pattern: 'api\\.(eu\\.|au\\.)?intercom\\.io',
        example: 'api.eu.intercom.io',
        default: 'api.intercom.io',
      },
    },
  },
  baseUrls: { app: 'https://app.intercom.com', api: 'https://{host}' },
  baseScopes: [READ],
  buckets: {
    // 10,000 a minute for the app, spread by Intercom over windows of ten seconds; a third of one, for the app serves other workspaces too.
    api: { units: 550, windowMs: 10_000, concurrency: 5, source: docs.limits },
  },
  consoleSteps: [
    'In the Developer Hub of Intercom create an app for the workspace to be read.',
    'Under Authentication switch OAuth on and set {redirectUri} as redirect URL, exactly as written; Intercom wants https.',
    'Under permissions choose "Read conversations" and "Read one admin"; take every other one away.',
    'Copy the client id and the client secret from Basic information.',
  ],
};
