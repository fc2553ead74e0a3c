import type { Connector } from '@waymark/connector-kit';
import { classify } from './classify.ts';
import { connect, type ExampleDeskClient } from './client.ts';
import { manifest } from './manifest.ts';
import { settingsSchema } from './settings.ts';
import { ticketStream } from './ticket-stream.ts';

/** Example Desk: tickets as journey events. */
export const exampleDesk: Connector<ExampleDeskClient> = {
  manifest,
  settings: settingsSchema,
  connect,
  async identify(client) {
    const account = await client.account();
    return { externalAccountId: account.id, label: account.name };
  },
  streams: [ticketStream],
  classify,
};
