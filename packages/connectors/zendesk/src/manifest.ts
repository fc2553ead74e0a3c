import type { Manifest } from '@waymark/connector-kit';
import { docs, paths } from './api.ts';
import { SUBDOMAIN } from './settings.ts';

/**
 * The history of a ticket is in its audits, and those take the global `read` alone: with `tickets:read` they are refused. What is
 * narrower would add nothing beside it.
 * https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/
 */
export const READ = 'read';

/** Zendesk as data. */
export const manifest: Manifest = {
  id: 'zendesk',
  name: 'Zendesk',
  crm: false,
  auth: {
    kind: 'oauth2',
    provider: 'zendesk',
    authorizeBase: 'account',
    authorizePath: paths.authorize,
    tokenBase: 'account',
    tokenPath: paths.token,
    // Revoking a token takes the scope write: https://developer.zendesk.com/api-reference/ticketing/oauth/oauth_tokens/
    revokeByHand:
      'Take the grant back in the Admin Center: Apps and integrations, APIs, OAuth clients, the client, Delete tokens.',
    pkce: true,
    authorizeParams: {},
    scopeSeparator: ' ',
    parameters: {
      subdomain: { label: 'Subdomain of your Zendesk', pattern: SUBDOMAIN.source, example: 'acme' },
    },
  },
  baseUrls: { account: 'https://{subdomain}.zendesk.com' },
  baseScopes: [READ],
  buckets: {
    // Ten exports a minute, whatever is exported; the add-on that raises it is not counted on.
    export: { units: 10, windowMs: 60_000, concurrency: 1, source: docs.export },
    // The least of all plans. Larger ones tell so in headers, and the account's other apps draw from the same budget.
    account: { units: 200, windowMs: 60_000, concurrency: 4, source: docs.limits },
  },
  consoleSteps: [
    'Sign in to Zendesk as an administrator: exports, which Waymark reads, are open to administrators alone.',
    'In the Admin Center open Apps and integrations, APIs, OAuth clients, and add a client of the kind Confidential.',
    'Set {redirectUri} as redirect URL, exactly as written.',
    'Where allowed scopes are set, allow read, and webhooks:write for news within seconds.',
    'Save, and copy the identifier (the client id) and the secret, which is shown once.',
    'Your subdomain is what stands before .zendesk.com in the address of your agents, also where customers see another address.',
  ],
};
