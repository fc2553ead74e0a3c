import type { Connector } from '@waymark/connector-kit';
import { classify } from './classify.ts';
import { connect, type IntercomClient } from './client.ts';
import { conversationStream } from './conversation-stream.ts';
import { manifest } from './manifest.ts';
import { settingsSchema } from './settings.ts';

/** Intercom: the words of conversations as journey events. */
export const intercom: Connector<IntercomClient> = {
  manifest,
  settings: settingsSchema,
  connect,
  async identify(client) {
    const { id, name, timezone } = await client.workspace();
    return { externalAccountId: id, label: name, ...(timezone === undefined ? {} : { timezone }) };
  },
  streams: [conversationStream],
  classify,
};
