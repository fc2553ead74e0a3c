import type { Manifest } from '@waymark/connector-kit';
import { docs, paths } from './api-version.ts';

/**
 * The login host without `.salesforce.com`: `login`, `test` for sandboxes, or the org's own `name.my`, `name--box.sandbox.my`.
 * https://help.salesforce.com/s/articleView?id=xcloud.domain_name_url_formats.htm
 */
const DOMAIN =
  '^(login|test|[a-z0-9][a-z0-9-]{0,79}(\\.(sandbox|develop|scratch|demo|patch|trailblaze|free|stage))?\\.my)$';

/** Salesforce as data. */
export const manifest: Manifest = {
  id: 'salesforce',
  name: 'Salesforce',
  crm: true,
  auth: {
    kind: 'oauth2',
    provider: 'salesforce',
    authorizeBase: 'login',
    authorizePath: paths.authorize,
    tokenBase: 'login',
    tokenPath: paths.token,
    revokePath: paths.revoke,
    pkce: true,
    authorizeParams: {},
    scopeSeparator: ' ',
    parameters: {
      domain: {
        label: 'Login host without .salesforce.com: login, test (sandboxes), or the My Domain such as acme.my',
        pattern: DOMAIN,
        example: 'acme.my',
        default: 'login',
      },
    },
    // https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/intro_oauth_and_connected_apps.htm
    accountBase: { base: 'instance', field: 'instance_url', hosts: ['.salesforce.com'] },
  },
  baseUrls: { login: 'https://{domain}.salesforce.com', instance: 'https://{domain}.salesforce.com' },
  baseScopes: ['refresh_token'],
  buckets: {
    // No limit by the second is published; 25 calls of 20 s or longer may run at one time, 5 in Developer Edition.
    org: { units: 100, windowMs: 10_000, concurrency: 4, source: docs.apiLimits },
  },
  consoleSteps: [
    'In Setup open External Client App Manager and choose New External Client App (connected apps cannot be made any more since Spring ’26).',
    'Enable OAuth, set {redirectUri} as callback URL, exactly as written, and select the scopes "Manage user data via APIs (api)" and "Perform requests at any time (refresh_token, offline_access)", no others.',
    'Keep "Require Proof Key for Code Exchange (PKCE)" and "Require secret for Web Server Flow" on. Refresh token rotation may be on.',
    'In the policies of the app let "Admin approved users are pre-authorized" and choose the permission set of the integration user; set the refresh token policy to "valid until revoked".',
    'Make a user for Waymark (a Salesforce Integration licence will do) with a permission set: API Enabled; Read and View All on Account, Contact, Opportunity, Case; View All Users; access to tasks, events and EmailMessage as needed; Read on every declared field. Only for write-back: Edit on Account and on the field of the stage.',
    'For the past of stages turn on field history tracking for the declared account fields and for Case Status and Priority (Setup, Object Manager, Fields & Relationships, Set History Tracking).',
    'Copy the consumer key and the consumer secret; sign in as the integration user when the link asks.',
  ],
};
