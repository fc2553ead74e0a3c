import type { Manifest } from '@waymark/connector-kit';

/** The address to which others post, as data. It asks nobody for anything, so it has neither sign-in nor base URLs. */
export const manifest: Manifest = {
  id: 'webhook',
  name: 'Webhook',
  auth: { kind: 'address', provider: 'webhook' },
  baseUrls: {},
  baseScopes: [],
  buckets: {},
  consoleSteps: [
    'Have the sender post JSON to {address}.',
    'Sign each request with the secret that is shown once, by Standard Webhooks (https://www.standardwebhooks.com).',
    'For a sender that can only put an HMAC of the body into a header, name that header in the settings (docs/install.md).',
  ],
  crm: false,
};
