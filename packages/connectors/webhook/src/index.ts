import type { Connector } from '@waymark/connector-kit';
import { classify } from './classify.ts';
import { connect, deliveries, type WebhookClient } from './deliveries.ts';
import { hint } from './hint.ts';
import { manifest } from './manifest.ts';
import { settingsSchema } from './settings.ts';

/** An address of ours to which anything may post: CloudEvents of the vocabulary, or JSON that the settings map to them. */
export const webhook: Connector<WebhookClient> = {
  manifest,
  settings: settingsSchema,
  connect,
  // Nobody is signed in: the address itself is the account.
  identify: () => Promise.resolve({ externalAccountId: 'webhook', label: 'Webhook' }),
  streams: [deliveries],
  classify,
  hint,
};
