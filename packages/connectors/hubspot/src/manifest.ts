import type { Manifest } from '@waymark/connector-kit';
import { docs, paths } from './api-version.ts';

/** HubSpot as data. */
export const manifest: Manifest = {
  id: 'hubspot',
  name: 'HubSpot',
  crm: true,
  auth: {
    kind: 'oauth2',
    provider: 'hubspot',
    authorizeBase: 'app',
    authorizePath: paths.authorize,
    tokenBase: 'api',
    tokenPath: paths.token,
    revokePath: paths.revoke,
    // The token endpoint takes a code_verifier; whether the consent page takes a challenge of an ordinary app is not documented.
    pkce: false,
    authorizeParams: {},
    scopeSeparator: ' ',
    // Scopes of products that an account has not bought would end the whole consent otherwise.
    // https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes
    // The journal of changes belongs to the app; asked for only where the settings turn it on.
    appScopes: [
      'developer.webhooks_journal.read',
      'developer.webhooks_journal.subscriptions.read',
      'developer.webhooks_journal.subscriptions.write',
    ],
    optionalScopeParameter: 'optional_scope',
  },
  baseUrls: { app: 'https://app.hubspot.com', api: 'https://api.hubapi.com' },
  baseScopes: ['oauth'],
  buckets: {
    portal: { units: 110, windowMs: 10_000, concurrency: 6, source: docs.limits },
    // Five a second for all apps of the account together, exempt from the ten-second rule.
    search: { units: 5, windowMs: 1000, concurrency: 2, source: docs.search },
  },
  consoleSteps: [
    'Create an app in a project of your HubSpot developer account (platform version 2025.2 or later), with OAuth as its sign-in.',
    'Set {redirectUri} as redirect URL, exactly as written.',
    'Add the scopes that are named below as required; the write scopes only if stages are to be written back, and crm.objects.feedback_submissions.read as optional: accounts without Service Hub cannot grant it.',
    'For news within seconds, add webhook subscriptions (company, contact, deal and ticket: creation, deletion, merge, restore, propertyChange, associationChange; object creation and propertyChange for meetings and emails) with the webhook address of this server as target.',
    'Where no webhook can reach this server, set "journal": true in the settings instead, and add the developer.webhooks_journal scopes (read, subscriptions.read, subscriptions.write) to the app: changes are then read from the journal that HubSpot keeps for three days.',
    'Copy the client id and the client secret of the app; the secret also signs the webhooks.',
  ],
};
