import type { Manifest, RateBucket } from '@waymark/connector-kit';

const limits = 'https://docs.slack.dev/apis/web-api/rate-limits';

/** One of Slack's tiers, which are a floor of calls a minute for each method and workspace. */
const tier = (units: number, concurrency: number): RateBucket => ({
  units,
  windowMs: 60_000,
  concurrency,
  source: limits,
});

/** Who the app belongs to, and with that how fast it may read history. */
export const distributions = ['internal', 'marketplace', 'commercial'] as const;

/** Slack's channels as a source, as data. Its app is another than the one that posts alerts. */
export const manifest: Manifest = {
  id: 'slack-channels',
  name: 'Slack channels',
  vendor: 'slack',
  auth: {
    kind: 'oauth2',
    provider: 'slack-channels',
    authorizeBase: 'slack',
    authorizePath: '/oauth/v2/authorize',
    tokenBase: 'slack',
    tokenPath: '/api/oauth.v2.access',
    // https://docs.slack.dev/reference/methods/auth.revoke
    revokePath: '/api/auth.revoke',
    // Slack's flow takes a challenge of public clients alone: https://docs.slack.dev/authentication/installing-with-oauth
    pkce: false,
    authorizeParams: {},
    scopeSeparator: ',',
    bearerTypes: ['bot'],
    extra: { signingSecret: { label: 'Signing secret', secret: true, required: true } },
  },
  baseUrls: { slack: 'https://slack.com' },
  baseScopes: ['team:read'],
  buckets: {
    // Lists and single objects: the lowest tier of the methods that draw from it.
    directory: tier(50, 3),
    users: tier(100, 3),
    history: tier(50, 2),
    // Commercial apps outside the Marketplace: one request a minute for history, and one for replies; both draw from this.
    'history-slow': { units: 1, windowMs: 61_000, concurrency: 1, source: limits },
  },
  consoleSteps: [
    'Create an app at https://api.slack.com/apps (from scratch) in your own workspace; it may be a different one from the app that posts alerts.',
    'Under "OAuth & Permissions", add {redirectUri} as redirect URL, exactly as written, and the bot scopes that are named below.',
    'Copy client id, client secret and signing secret from "Basic Information" to Waymark first: it answers the check of the next step with them.',
    'Under "Event Subscriptions", turn events on with the webhook address of this server as request URL and subscribe the bot to message.channels, message.groups, member_joined_channel, member_left_channel, channel_left, group_left, channel_rename, channel_shared, channel_unshared, tokens_revoked and app_uninstalled.',
    'Install the app, then invite it (/invite) to each channel that is shared with a customer: it sees no other.',
  ],
  crm: false,
};
